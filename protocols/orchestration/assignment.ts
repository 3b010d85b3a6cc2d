/**
 * One piece of a plan: which capability is wanted, with which input, and what to do when it fails.
 *
 * Owns: the assignment's data and its fallback chain. `plan.ts` ties assignments together,
 * `orchestration.ts` carries them out.
 *
 * The input of the task is `given` with the results of `needs` added, so that a worker sees one flat
 * object and need not know which fields were computed.
 *
 * The chain is tried from left to right after a task ended failed or dead-lettered. Within one task
 * the ledger has already retried passing faults up to `maxAttempts`, on whichever worker was free.
 */
import type { Priority } from "../../runtime/ports/durable-queue.ts";

/** What to do when an assignment's task has failed for good. */
export type Fallback =
  /** Submit it again, up to `times` times. */
  | { readonly kind: "retry"; readonly times: number }
  /** Submit it to another capability: another kind of worker, another model. */
  | { readonly kind: "reassign"; readonly capability: string }
  /** Take this value as the result. */
  | { readonly kind: "default"; readonly value: unknown };

/** A piece of work. Plain data. */
export interface Assignment {
  /** Unique in its plan: tokens of letters, digits, `_` and `-`, joined by `.`. */
  readonly id: string;
  /** `name@version`. */
  readonly capability: string;
  /** Input that is known beforehand. */
  readonly given: Readonly<Record<string, unknown>>;
  /** Input that other assignments compute: field to assignment, or to a list of assignments. */
  readonly needs: Readonly<Record<string, string | readonly string[]>>;
  readonly priority: Priority;
  readonly fallback: readonly Fallback[];
  /** How often one task may be tried before it is dead-lettered; default the ledger's. */
  readonly maxAttempts?: number;
}

/** One way of getting an assignment's result; the chain unrolled. */
export type Hop =
  | { readonly kind: "task"; readonly capability: string }
  | { readonly kind: "default"; readonly value: unknown };

/**
 * The ways of getting a result, in the order in which they are tried; never empty.
 *
 * Cost: O(hops); a `retry` of n adds n.
 */
export function hopsOf(assignment: Assignment): readonly Hop[] {
  let capability = assignment.capability;
  const hops: Hop[] = [{ kind: "task", capability }];
  for (const fallback of assignment.fallback) {
    switch (fallback.kind) {
      case "retry":
        for (let i = 0; i < fallback.times; i++) hops.push({ kind: "task", capability });
        break;
      case "reassign":
        capability = fallback.capability;
        hops.push({ kind: "task", capability });
        break;
      case "default":
        hops.push({ kind: "default", value: fallback.value });
        break;
    }
  }
  return hops;
}

/** The ids of the assignments that this one needs, in the order of its fields; may repeat. */
export function needsOf(assignment: Assignment): readonly string[] {
  return Object.values(assignment.needs).flat();
}

/** The id of the durable task of an assignment's hop: `job.assignment.hop`. */
export function taskIdOf(job: string, assignment: string, hop: number): string {
  return `${job}.${assignment}.${hop}`;
}

/**
 * The assignment and hop of a task of `job`.
 *
 * @returns `undefined` for a task of another job or of another form
 */
export function hopOfTask(
  job: string,
  task: string,
): { readonly assignment: string; readonly hop: number } | undefined {
  const last = task.lastIndexOf(".");
  if (!task.startsWith(`${job}.`) || last <= job.length) return undefined;
  const hop = Number(task.slice(last + 1));
  if (!Number.isInteger(hop) || hop < 0) return undefined;
  return { assignment: task.slice(job.length + 1, last), hop };
}
