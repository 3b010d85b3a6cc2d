/**
 * Durable tasks: work whose result is recorded exactly once, whoever does it.
 *
 * Owns: the interface between those who want work done and those who do it. The decisions are in
 * `ledger.ts`.
 *
 * D1: an accepted task becomes terminal after faults heal. D2: it becomes so once. D3: the writer of
 * the terminal record held the current token. D4: the message is gone only when the record is
 * terminal. D5: attempts ≤ 1 + faults that touched it. D6: a zombie's result is never visible.
 */
import type { Cancel } from "../ports/clock.ts";
import type { Priority } from "../ports/durable-queue.ts";
import type { ErrorRecord } from "../troupe-error.ts";

/** A task to be done. */
export interface TaskRequest {
  /** Unique; tokens joined by `.`, the first naming the job: `job-7.read.12`. Resubmitting it is harmless. */
  readonly id: string;
  readonly capability: string;
  readonly priority?: Priority;
  readonly input: unknown;
  /** How often it may be tried before it is dead-lettered; default 5. */
  readonly maxAttempts?: number;
}

/** How a task ended. */
export type TaskOutcome =
  | {
      readonly phase: "done";
      readonly result: unknown;
      readonly attempt: number;
      readonly owner: string;
    }
  | { readonly phase: "failed"; readonly error: ErrorRecord; readonly attempt: number }
  | { readonly phase: "dead-lettered"; readonly error: ErrorRecord; readonly attempt: number }
  | { readonly phase: "cancelled"; readonly reason: string };

/** A task in a worker's hands. */
export interface TaskInHand {
  readonly id: string;
  readonly capability: string;
  readonly input: unknown;
  /** 1 at the first claim. */
  readonly attempt: number;
  /** The fencing token: the revision of the claim. */
  readonly token: number;
}

/** Does a task. A thrown `TroupeError` with `retry: 'never'` fails it for good; anything else is retried. */
export type PerformTask = (task: TaskInHand, signal: AbortSignal) => Promise<unknown>;

/** A worker at work. */
export interface TaskWorker {
  /** How many tasks it has in hand. */
  readonly inHand: number;
  /** Takes no more; resolves when nothing is in hand. */
  drain(): Promise<void>;
  /** Takes no more, aborts what is in hand and puts it back. */
  stop(): Promise<void>;
}

/** Submits and performs durable tasks. */
export interface Tasks {
  /** Queues a task; `full` is back-pressure. */
  submit(request: TaskRequest): Promise<"accepted" | "duplicate" | "full">;
  /** The outcome, when there is one. */
  outcomeOf(id: string): Promise<TaskOutcome | undefined>;
  /** The tasks of a job that a node has claimed and not ended. Cost: reads the whole job's ledger. */
  claimedBy(node: string, job: string): Promise<readonly string[]>;
  /** Calls `settled` for every task of a job that is or becomes terminal, at least once each. */
  follow(job: string, settled: (id: string, outcome: TaskOutcome) => void): Promise<Cancel>;
  /** Makes a task terminal unless it already is. */
  cancel(id: string, reason: string): Promise<void>;
  /** Pulls tasks of a capability and performs up to `concurrency` (default 1) at a time. */
  work(
    capability: string,
    perform: PerformTask,
    options?: { readonly concurrency?: number },
  ): TaskWorker;
}
