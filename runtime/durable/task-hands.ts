/**
 * The tasks that a worker has in hand.
 *
 * Owns: the list of them, and their heartbeat. What is done with a task is `task-worker.ts`.
 *
 * H1: a task is in the hands of one worker of a node: whoever took it last has it.
 * H2: while a task is in hand its message is kept alive once a heartbeat; a task that lasts is checked.
 */
import type { Log } from "../log.ts";
import type { Cancel, Clock } from "../ports/clock.ts";
import type { Delivery } from "../ports/durable-queue.ts";
import { messageOf } from "../troupe-error.ts";
import type { Claim } from "./task-claim.ts";

/** A task that a worker has. */
export interface Hand {
  /** The latest delivery of its message. */
  delivery: Delivery;
  readonly abort: AbortController;
  /** The claim, once it stands. */
  claim: Claim | undefined;
  /** When it was claimed, or last looked up. */
  seenAtMs: number;
  /** Looks the claim up, and aborts the work when it is gone. */
  readonly check: () => Promise<void>;
}

/** What {@link TaskHands} are made of. */
export interface TaskHandsSetting {
  /** All that this node has in hand, by id, whichever of its workers has it. */
  readonly hands: Map<string, Hand>;
  readonly clock: Clock;
  readonly log: Log;
  readonly heartbeatMs: number;
}

/** A worker's tasks in hand; see the file's header. */
export class TaskHands {
  readonly #setting: TaskHandsSetting;
  readonly #own = new Map<string, Hand>();
  #acknowledging = 0;
  #waiters: (() => void)[] = [];
  #cancelBeat: Cancel = () => {};

  constructor(setting: TaskHandsSetting) {
    this.#setting = setting;
    this.#beatLater();
  }

  get size(): number {
    return this.#own.size;
  }

  /** Nothing is in hand, and every acknowledgement is through. */
  get isIdle(): boolean {
    return this.#own.size + this.#acknowledging === 0;
  }

  [Symbol.iterator](): IterableIterator<[string, Hand]> {
    return this.#own[Symbol.iterator]();
  }

  has(id: string, hand: Hand): boolean {
    return this.#own.get(id) === hand;
  }

  /** In whichever worker's hands of this node a task is. */
  known(id: string): Hand | undefined {
    return this.#setting.hands.get(id);
  }

  take(id: string, hand: Hand): void {
    this.#setting.hands.set(id, hand);
    this.#own.set(id, hand);
  }

  letGo(id: string, hand: Hand): void {
    if (!this.has(id, hand)) return;
    this.#own.delete(id);
    const { hands } = this.#setting;
    if (hands.get(id) === hand) hands.delete(id);
    this.changed();
  }

  /** Lets a message go; it comes back when that is lost. */
  acknowledge(id: string, { delivery }: Hand): void {
    this.#acknowledging++;
    delivery
      .ack()
      .catch((thrown: unknown) => {
        const reason = messageOf(thrown);
        this.#setting.log.debug({ task: id, reason }, "acknowledgement lost: it comes back");
      })
      .finally(() => {
        this.#acknowledging--;
        this.changed();
      });
  }

  /** Resolves when something was let go or acknowledged. */
  change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  /** Wakes those who wait for a change. */
  changed(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  /** Ends the heartbeat. */
  end(): void {
    this.#cancelBeat();
  }

  #beatLater(): void {
    const { clock, heartbeatMs, log } = this.#setting;
    this.#cancelBeat = clock.after(heartbeatMs, () => {
      this.#beatLater();
      const oldestMs = clock.monotonicMs() - 2 * heartbeatMs;
      for (const [id, hand] of this.#own) {
        if (hand.abort.signal.aborted) continue;
        hand.delivery.working();
        if (hand.seenAtMs > oldestMs) continue;
        hand.check().catch((thrown: unknown) => {
          log.warn({ task: id, reason: messageOf(thrown) }, "looking a claim up failed");
        });
      }
    });
  }
}
