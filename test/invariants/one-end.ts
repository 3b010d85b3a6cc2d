/**
 * D2: a task ends once, and its end never changes.
 *
 * Two workers that were both told that their end stands, or two readings that differ, break it.
 *
 * Cost: a record per task that has ended.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import type { HistoryRecord, RecordOf } from "./record.ts";

/** How a task ended, as far as a record tells. */
interface End {
  readonly phase: string;
  readonly attempt: number | undefined;
  readonly owner: string | undefined;
  readonly record: HistoryRecord;
}

/** D2. */
export const oneEnd: Invariant = {
  name: "D2",
  promise: "a task has at most one terminal write",
  check(findings: Findings): Check {
    const told = new Map<string, End>();
    const seen = new Map<string, End>();
    const tell = (task: string, end: End): void => {
      findings.judged();
      const before = told.get(task);
      if (before !== undefined) {
        findings.violated(`${task} was ended twice`, before.record, end.record);
        return;
      }
      told.set(task, end);
      differ(task, seen.get(task), end);
    };
    const differ = (task: string, before: End | undefined, after: End): void => {
      if (before === undefined || isSame(before, after)) return;
      const what = `${task} ended as ${textOf(before)} and as ${textOf(after)}`;
      findings.violated(what, before.record, after.record);
    };
    return {
      on: {
        "task.done": (record) => tell(record.task, endOfDone(record)),
        "task.dead-lettered": (record) => {
          const end = { phase: "dead-lettered", attempt: undefined, owner: undefined, record };
          tell(record.task, end);
        },
        "task.seen": (record) => {
          const { task, phase, attempt, owner } = record;
          if (phase === "none") return;
          findings.judged();
          const end: End = { phase, attempt, owner, record };
          differ(task, seen.get(task) ?? told.get(task), end);
          if (!seen.has(task)) seen.set(task, end);
        },
      },
    };
  },
};

function endOfDone(record: RecordOf<"task.done">): End {
  return { phase: "done", attempt: record.attempt, owner: record.node, record };
}

/** What one of the two leaves open does not tell them apart. */
function isSame(a: End, b: End): boolean {
  return (
    a.phase === b.phase &&
    (a.attempt ?? b.attempt) === (b.attempt ?? a.attempt) &&
    (a.owner ?? b.owner) === (b.owner ?? a.owner)
  );
}

function textOf({ phase, attempt, owner }: End): string {
  const by = owner === undefined ? "" : ` by ${owner}`;
  return attempt === undefined ? `${phase}${by}` : `${phase} in attempt ${attempt}${by}`;
}
