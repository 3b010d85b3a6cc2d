/**
 * A4: once an ask has settled, nothing is pending for it.
 *
 * Judged wherever a life counts what its runtime holds pending: never more than its asks that are open.
 *
 * Cost: a record per open ask.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import { OpenAsks } from "./open-asks.ts";

/** A4. */
export const nothingPending: Invariant = {
  name: "A4",
  promise: "nothing is pending after an ask has settled",
  check(findings: Findings): Check {
    const open = new OpenAsks();
    return {
      on: {
        ...open.on,
        "ask.settled": ({ ask }) => {
          open.settle(ask);
        },
        "asks.counted": (record) => {
          findings.judged();
          const waiting = open.countOf(record);
          if (record.pending <= waiting) return;
          const what = `${record.node} holds ${record.pending} pending, and ${waiting} asks are open`;
          findings.violated(what, record);
        },
      },
    };
  },
};
