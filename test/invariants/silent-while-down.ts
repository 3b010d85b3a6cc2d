/**
 * S4: between the failure or the end of an actor and its next start it handles no message, and a start
 * that another one followed handles none any more.
 *
 * An actor whose start was never told is not judged.
 *
 * Cost: a few words per path.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import { type HistoryRecord, lifeName, type RecordOf, writerOf } from "./record.ts";

/** How an actor is. */
interface Standing {
  /** What took it down; `undefined` while it runs. */
  downBy: HistoryRecord | undefined;
  newest: RecordOf<"message.received"> | undefined;
}

/** S4. */
export const silentWhileDown: Invariant = {
  name: "S4",
  promise: "no message is handled between stop and start",
  check(findings: Findings): Check {
    const lives = new Map<string, Map<string, Standing>>();
    const standingOf = (record: HistoryRecord & { readonly path: string }): Standing => {
      const paths = lives.get(writerOf(record)) ?? new Map<string, Standing>();
      lives.set(writerOf(record), paths);
      const standing = paths.get(record.path) ?? { downBy: undefined, newest: undefined };
      paths.set(record.path, standing);
      return standing;
    };
    return {
      on: {
        "actor.started": (record) => {
          standingOf(record).downBy = undefined;
        },
        "actor.failed": (record) => {
          if (record.decision !== "resume") standingOf(record).downBy = record;
        },
        "actor.stopped": (record) => {
          standingOf(record).downBy = record;
        },
        "life.ended": ({ of, ofLife }) => {
          lives.delete(lifeName(of, ofLife));
        },
        "message.received": (record) => {
          const standing = lives.get(writerOf(record))?.get(record.path);
          if (standing === undefined) return;
          findings.judged();
          const { downBy, newest } = standing;
          if (downBy !== undefined) {
            const what = `${record.path} handled ${record.pair} ${record.sequence} while it was down`;
            findings.violated(what, downBy, record);
          } else if (newest !== undefined && record.start < newest.start) {
            const what = `start ${record.start} of ${record.path} handled a message after ${newest.start}`;
            findings.violated(what, newest, record);
          }
          if (newest === undefined || record.start >= newest.start) standing.newest = record;
        },
      },
    };
  },
};
