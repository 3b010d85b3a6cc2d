/**
 * D1: an accepted task becomes terminal after faults heal.
 *
 * Accepted is what its queue or its submitter said is; terminal what a worker was told stands, or
 * somebody read. That a task failed for good is told by no worker, so whoever makes the history asks for
 * the outcome of every task before `run.quiet`; there what has no end is judged.
 *
 * Cost: a name per task, a record per task without an end.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import type { RecordOf } from "./record.ts";

type Accepted = RecordOf<"task.accepted"> | RecordOf<"task.confirmed">;

/** D1. */
export const taskEnds: Invariant = {
  name: "D1",
  promise: "an accepted task becomes terminal after faults heal",
  check(findings: Findings): Check {
    const open = new Map<string, Accepted>();
    const ended = new Set<string>();
    const accept = (record: Accepted): void => {
      if (ended.has(record.task) || open.has(record.task)) return;
      findings.judged();
      open.set(record.task, record);
    };
    const end = ({ task }: { readonly task: string }): void => {
      ended.add(task);
      open.delete(task);
    };
    return {
      on: {
        "task.accepted": accept,
        "task.confirmed": accept,
        "task.done": end,
        "task.dead-lettered": end,
        "task.seen": (record) => {
          if (record.phase !== "none") end(record);
        },
        "run.quiet": (quiet) => {
          for (const accepted of open.values()) {
            const what = `${accepted.task} was accepted and has no end`;
            findings.violated(what, accepted, quiet);
          }
          open.clear();
        },
      },
    };
  },
};
