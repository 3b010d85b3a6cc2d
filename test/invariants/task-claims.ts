/**
 * The claims of each task, as the workers that made them told.
 *
 * Owns: who held which token. A claim is told after it was written, so one of a process that was killed
 * in between is missing: its attempt then counts, and nothing else of it does.
 */
import { type RecordOf, writerOf } from "./record.ts";

/** Somebody took a task. */
export interface TaskClaim {
  readonly attempt: number;
  readonly token: number;
  readonly node: string;
  /** Node and life of whoever made it. */
  readonly writer: string;
}

/** See the file's header. */
export class TaskClaims {
  readonly #of = new Map<string, TaskClaim[]>();

  add(record: RecordOf<"task.claimed">): TaskClaim {
    const { task, attempt, token, node } = record;
    const claim: TaskClaim = { attempt, token, node, writer: writerOf(record) };
    const claims = this.#of.get(task);
    if (claims === undefined) this.#of.set(task, [claim]);
    else claims.push(claim);
    return claim;
  }

  /** In the order in which they were told. */
  of(task: string): readonly TaskClaim[] {
    return this.#of.get(task) ?? [];
  }

  /** The one of the greatest token: whoever holds it holds the task. */
  newest(task: string): TaskClaim | undefined {
    let newest: TaskClaim | undefined;
    for (const claim of this.of(task)) {
      if (newest === undefined || claim.token > newest.token) newest = claim;
    }
    return newest;
  }
}
