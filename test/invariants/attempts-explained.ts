/**
 * D5: a task is tried once, and once more for each failure and each fault that touched it.
 *
 * Faults touch a task through the nodes that held it, or through what everybody uses; one that lasts
 * may touch it anew every `redeliveryMs`. They count from when the task was submitted. Where nodes may
 * be late by themselves, each time that one stops being `up` is such a fault, however many nodes tell.
 *
 * Cost: a few numbers per task without an end; the faults of its time for a task that was tried again.
 */
import { FaultLog } from "./fault-log.ts";
import type { Bounds, Check, Findings, Invariant } from "./invariant.ts";
import { lifeName, type RecordOf } from "./record.ts";

/** What a task went through. */
interface Course {
  readonly sinceMs: number;
  failures: number;
  readonly owners: Set<string>;
}

/** D5. */
export const attemptsExplained: Invariant = {
  name: "D5",
  promise: "attempts ≤ 1 + failures + faults that touched the task",
  check(findings: Findings, { redeliveryMs, suspicion }: Bounds): Check {
    const faults = new FaultLog();
    const away = new Set<string>();
    const changed = ({ name, incarnation, phase, atMs }: RecordOf<"node.changed">): void => {
      const life = lifeName(name, incarnation);
      if (phase === "up") away.delete(life);
      else if (phase !== "draining" && !away.has(life)) {
        away.add(life);
        faults.add([name], atMs);
      }
    };
    const courses = new Map<string, Course>();
    const courseOf = ({ task, atMs }: { task: string; atMs: number }): Course => {
      const known = courses.get(task);
      if (known !== undefined) return known;
      const course: Course = { sinceMs: atMs, failures: 0, owners: new Set() };
      courses.set(task, course);
      return course;
    };
    return {
      on: {
        ...faults.on,
        ...(suspicion === "by-itself" ? { "node.changed": changed } : {}),
        "task.submitted": courseOf,
        "task.failed": (record) => {
          courseOf(record).failures++;
        },
        "task.claimed": (record) => {
          const { task, attempt, takenFrom, node, atMs } = record;
          findings.judged();
          const course = courseOf(record);
          const { sinceMs, failures, owners } = course;
          if (takenFrom !== undefined) owners.add(takenFrom);
          const touches = attempt > 1 ? faults.weight(owners, sinceMs, atMs, redeliveryMs) : 0;
          if (attempt > 1 + failures + touches) {
            const why = `${failures} failures and ${touches} faults`;
            findings.violated(`${task} was tried ${attempt} times, with ${why}`, record);
          }
          owners.add(node);
        },
        "task.done": ({ task }) => {
          courses.delete(task);
        },
        "task.dead-lettered": ({ task }) => {
          courses.delete(task);
        },
      },
    };
  },
};
