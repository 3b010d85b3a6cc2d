/**
 * T3: every message that was sent was delivered, or refused or dropped and counted so, or a fault
 * touched its way.
 *
 * What is open is judged at each `run.quiet`. A loss is excused by a fault that touched its sender's
 * node or the node it was meant for, from its sending until `flightMs` after it; of a message whose
 * target the sender cannot know, by any fault.
 *
 * Cost: a record per message under way.
 */
import { FaultLog } from "./fault-log.ts";
import type { Bounds, Check, Findings, Invariant } from "./invariant.ts";
import type { Mark, RecordOf } from "./record.ts";

/** T3. */
export const nothingUnaccounted: Invariant = {
  name: "T3",
  promise: "sent = delivered + counted drops + in flight at a crash",
  check(findings: Findings, { flightMs }: Bounds): Check {
    const faults = new FaultLog();
    const underWay = new Map<string, RecordOf<"message.sent">>();
    const arrived = (mark: Mark): void => {
      underWay.delete(nameOf(mark));
    };
    const isExcused = ({ to, node, atMs }: RecordOf<"message.sent">): boolean =>
      faults.touched(to === undefined ? undefined : [node, to], atMs, atMs + flightMs);
    return {
      on: {
        ...faults.on,
        "message.sent": (record) => {
          findings.judged();
          underWay.set(nameOf(record), record);
        },
        "message.received": arrived,
        "message.refused": arrived,
        "message.dropped": arrived,
        "run.quiet": (quiet) => {
          for (const sent of underWay.values()) {
            if (isExcused(sent)) continue;
            const what = `${nameOf(sent)} was neither delivered nor counted as dropped`;
            findings.violated(what, sent, quiet);
          }
          underWay.clear();
        },
      },
    };
  },
};

function nameOf({ pair, sequence }: Mark): string {
  return `${pair} ${sequence}`;
}
