/**
 * A work queue that survives its workers, as a port.
 *
 * Owns: accepting, handing out, and handing out again. Who may commit a result is the ledger's
 * business (`durable/ledger.ts`): acknowledgements are not fenced.
 *
 * Q1: an accepted task is handed out until it is acknowledged or terminated.
 * Q2: a delivery that is neither acknowledged nor kept alive for the ack wait is handed out again.
 * Q3: an expired delivery can still acknowledge what another worker is processing: commit first.
 * Q4: the same id published twice within the duplicate window is accepted once.
 */

/** Interactive work is handed out before batch work. */
export type Priority = "interactive" | "batch";

/** A task as it is queued. */
export interface QueuedTask {
  /** Unique; also its idempotency key. Tokens of letters, digits, `_`, `-`, joined by `.`. */
  readonly id: string;
  /** `name@version`, for example `summarise@1`. */
  readonly capability: string;
  readonly priority: Priority;
  /** Plain data. */
  readonly body: unknown;
}

/** What became of a publish. */
export type Published = "accepted" | "duplicate" | "full";

/** A task in hand. */
export interface Delivery {
  readonly task: QueuedTask;
  /** 1 at the first delivery. */
  readonly deliveries: number;
  /** Restarts the ack wait. */
  working(): void;
  /** The task is done with; resolves when the server has it. */
  ack(): Promise<void>;
  /** Puts it back, to be handed out after `delayMs`. */
  nak(delayMs: number): void;
}

/** A work queue. Methods reject with `store.unavailable` when the server does not answer in time. */
export interface DurableQueue {
  /** Accepts a task once per id within the duplicate window; `full` = nothing was accepted. */
  publish(task: QueuedTask): Promise<Published>;
  /**
   * Takes up to `count` tasks of a capability, interactive ones first; waits up to `waitMs` for the
   * first. May return none.
   */
  pull(
    capability: string,
    options: { readonly count: number; readonly waitMs: number; readonly signal?: AbortSignal },
  ): Promise<readonly Delivery[]>;
  /** Keeps a task that cannot be done, with its history. */
  deadLetter(task: QueuedTask, history: unknown): Promise<void>;
  /** The dead letters of a capability, oldest first; at most `limit`. */
  deadLetters(
    capability: string,
    limit: number,
  ): Promise<readonly { readonly task: QueuedTask; readonly history: unknown }[]>;
}
