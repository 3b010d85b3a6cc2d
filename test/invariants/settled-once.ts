/**
 * A1: an ask settles once.
 *
 * That it settles at all is A2's business.
 *
 * Cost: a name per ask that has settled, a record per ask that has not.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import type { RecordOf } from "./record.ts";

/** A1. */
export const settledOnce: Invariant = {
  name: "A1",
  promise: "an ask settles once",
  check(findings: Findings): Check {
    const open = new Set<string>();
    const settled = new Set<string>();
    const violated = (what: string, record: RecordOf<"ask.settled">) =>
      findings.violated(`${record.ask} ${what}`, record);
    return {
      on: {
        "ask.started": ({ ask }) => {
          open.add(ask);
        },
        "ask.settled": (record) => {
          const { ask } = record;
          findings.judged();
          if (settled.has(ask)) violated("settled twice", record);
          else if (!open.delete(ask)) violated("settled and was never started", record);
          settled.add(ask);
        },
      },
    };
  },
};
