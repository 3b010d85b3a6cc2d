/**
 * A2: an ask settles by its deadline, `askMs` more allowed.
 *
 * A node that stood still meanwhile has until `askMs` after it went on; one whose life ended has no
 * asks any more. What is still open is judged at each `run.quiet`.
 *
 * Cost: a record per open ask.
 */
import { FaultLog } from "./fault-log.ts";
import type { Bounds, Check, Findings, Invariant } from "./invariant.ts";
import { OpenAsks } from "./open-asks.ts";
import type { RecordOf } from "./record.ts";

/** A2. */
export const settledInTime: Invariant = {
  name: "A2",
  promise: "an ask settles by its deadline, 100 ms more allowed",
  check(findings: Findings, { askMs }: Bounds): Check {
    const faults = new FaultLog();
    const open = new OpenAsks();
    /** By when it had to settle, as far as is known at `nowMs`. */
    const dueMs = ({ node, atMs, deadlineAtMs }: RecordOf<"ask.started">, nowMs: number) =>
      Math.max(deadlineAtMs, faults.stalledUntil(node, atMs, nowMs) ?? deadlineAtMs) + askMs;
    return {
      on: {
        ...faults.on,
        ...open.on,
        "ask.settled": (record) => {
          const started = open.settle(record.ask);
          if (started === undefined) return;
          findings.judged();
          const lateMs = record.atMs - dueMs(started, record.atMs);
          if (lateMs <= 0) return;
          const what = `${record.ask} settled ${lateMs} ms later than it may`;
          findings.violated(what, started, record);
        },
        "run.quiet": (quiet) => {
          for (const started of open.all()) {
            if (dueMs(started, quiet.atMs) >= quiet.atMs) continue;
            open.settle(started.ask);
            findings.judged();
            findings.violated(`${started.ask} never settled`, started, quiet);
          }
        },
      },
    };
  },
};
