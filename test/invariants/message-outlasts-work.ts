/**
 * D4: when a task's message is gone from the queue, the task has ended.
 *
 * An end is told after it was written, and to nobody when the writer is killed then; so a message that
 * went is judged at `run.quiet`, when every outcome has been asked for, and at once only where the same
 * life acknowledged first and ended the task afterwards. A queue that was counted holds a message for
 * each task without an end.
 *
 * Cost: a name per task that has ended, a record per acknowledged task that has not.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import { type HistoryRecord, type RecordOf, writerOf } from "./record.ts";

/** D4. */
export const messageOutlastsWork: Invariant = {
  name: "D4",
  promise: "a task whose message is gone is terminal in the ledger",
  check(findings: Findings): Check {
    const ended = new Set<string>();
    /** Acknowledged, and no end was told yet. */
    const acknowledged = new Map<string, RecordOf<"task.acknowledged">>();
    const open = new Map<string, Set<string>>();
    const capabilityOf = new Map<string, string>();
    const accept = ({ task, capability }: { task: string; capability: string }): void => {
      if (ended.has(task)) return;
      capabilityOf.set(task, capability);
      open.set(capability, (open.get(capability) ?? new Set()).add(task));
    };
    const end = (task: string): void => {
      ended.add(task);
      acknowledged.delete(task);
      open.get(capabilityOf.get(task) ?? "")?.delete(task);
      capabilityOf.delete(task);
    };
    const told = (record: HistoryRecord & { readonly task: string }): void => {
      const before = acknowledged.get(record.task);
      if (before !== undefined && writerOf(before) === writerOf(record)) {
        const what = `${record.task} was acknowledged before its end was written`;
        findings.violated(what, before, record);
      }
      end(record.task);
    };
    return {
      on: {
        "task.accepted": accept,
        "task.confirmed": accept,
        "task.done": told,
        "task.dead-lettered": told,
        "task.seen": ({ task, phase }) => {
          if (phase !== "none") end(task);
        },
        "task.acknowledged": (record) => {
          findings.judged();
          if (!ended.has(record.task)) acknowledged.set(record.task, record);
        },
        "queue.counted": (record) => {
          findings.judged();
          const { capability, messages } = record;
          const waiting = open.get(capability)?.size ?? 0;
          if (messages >= waiting) return;
          const what = `${capability} has ${messages} messages for ${waiting} tasks without an end`;
          findings.violated(what, record);
        },
        "run.quiet": (quiet) => {
          for (const record of acknowledged.values()) {
            const what = `the message of ${record.task} is gone, and it has no end`;
            findings.violated(what, record, quiet);
          }
          acknowledged.clear();
        },
      },
    };
  },
};
