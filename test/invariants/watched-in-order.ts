/**
 * B2: a watcher sees the revisions of a key increase.
 *
 * Cost: a record per watcher and key.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import type { RecordOf } from "./record.ts";

/** B2. */
export const watchedInOrder: Invariant = {
  name: "B2",
  promise: "the revisions that a watcher sees increase",
  check(findings: Findings): Check {
    const newest = new Map<string, RecordOf<"register.watched">>();
    return {
      on: {
        "register.watched": (record) => {
          findings.judged();
          const { watcher, key, revision } = record;
          const what = `${watcher} ${key}`;
          const before = newest.get(what);
          if (before !== undefined && revision <= before.revision) {
            const order = `${revision} of ${key} after ${before.revision}`;
            findings.violated(`${watcher} saw revision ${order}`, before, record);
            return;
          }
          newest.set(what, record);
        },
      },
    };
  },
};
