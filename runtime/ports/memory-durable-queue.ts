/**
 * A work queue in this process's memory: the twin of the NATS one, with its ugly sides as switches.
 *
 * Owns: order, ack waits and redelivery as JetStream has them. The rules Q1–Q4 are the port's
 * (`durable-queue.ts`).
 *
 * I1: what comes back is handed out before what was never handed out.
 * I2: acknowledgements are not fenced: any delivery of a task can acknowledge it, however old.
 * I3: bodies are copied on the way in.
 *
 * Cost: one timer per task in hand, O(1) otherwise.
 */

import { TroupeError } from "../troupe-error.ts";
import type { Cancel, Clock } from "./clock.ts";
import type { Delivery, DurableQueue, Priority, Published, QueuedTask } from "./durable-queue.ts";
import { happens } from "./faults.ts";
import type { Random } from "./random.ts";
import { type Leadership, noStoreFaults, StoreCalls, type StoreFaults } from "./store-faults.ts";

/** What can go wrong with a queue; all off at first, changed by tests while it runs. */
export interface MemoryDurableQueueFaults extends StoreFaults {
  /** The next so many acknowledgements are lost: they reject and the task stays. */
  acksLost: number;
  /** The share of acknowledgements that are lost, 0..1. */
  acksLostShare: number;
  /** The next so many deliveries are handed out once more without waiting for the ack wait. */
  duplicates: number;
  /** The share of deliveries that are handed out once more, 0..1. */
  duplicatesShare: number;
}

/** Options of {@link memoryDurableQueue}. */
export interface MemoryDurableQueueOptions {
  readonly clock: Clock;
  /** Decides what goes wrong; default one that draws the same each time. */
  readonly random?: Random;
  readonly faults?: Partial<MemoryDurableQueueFaults>;
  /** After how long an unacknowledged delivery is handed out again; default 3,000. */
  readonly ackWaitMs?: number;
  /** How many tasks of a capability and priority are held; default 10,000. */
  readonly capacity?: number;
  /** For how long a repeated id is recognised; default 120,000. */
  readonly duplicateWindowMs?: number;
}

/** A queue in memory, with its faults. */
export interface MemoryDurableQueue extends DurableQueue, Leadership {
  readonly faults: MemoryDurableQueueFaults;
}

/** A queue that lives as long as the returned object. */
export function memoryDurableQueue(options: MemoryDurableQueueOptions): MemoryDurableQueue {
  return new MemoryQueue(options);
}

const MOST_DEAD_LETTERS = 10_000;

interface Held {
  readonly task: QueuedTask;
  deliveries: number;
  /** Calls off its return to the lane, while it is in hand or put back with a delay. */
  cancelReturn: Cancel;
  /** It waits in its lane; what an old delivery says then changes nothing but an acknowledgement. */
  waiting: boolean;
  gone: boolean;
}

/** The tasks of one capability and priority. */
class Lane {
  size = 0;
  readonly #returned: Held[] = [];
  readonly #fresh: Held[] = [];

  add(held: Held): void {
    held.waiting = true;
    (held.deliveries === 0 ? this.#fresh : this.#returned).push(held);
  }

  next(): Held | undefined {
    for (;;) {
      const held = this.#returned.shift() ?? this.#fresh.shift();
      if (held?.gone === true) continue;
      if (held !== undefined) held.waiting = false;
      return held;
    }
  }
}

interface Puller {
  readonly capability: string;
  readonly count: number;
  readonly settle: (deliveries: readonly Delivery[]) => void;
}

interface DeadTask {
  readonly task: QueuedTask;
  readonly history: unknown;
}

class MemoryQueue implements MemoryDurableQueue {
  readonly faults: MemoryDurableQueueFaults;
  readonly #calls: StoreCalls;
  readonly #clock: Clock;
  readonly #ackWaitMs: number;
  readonly #capacity: number;
  readonly #duplicateWindowMs: number;
  readonly #lanes = new Map<string, Lane>();
  /** When each id was published, oldest first. */
  readonly #seen = new Map<string, number>();
  readonly #pullers = new Set<Puller>();
  readonly #dead = new Map<string, DeadTask[]>();

  constructor(options: MemoryDurableQueueOptions) {
    const { clock, random } = options;
    this.faults = {
      ...noStoreFaults(),
      acksLost: 0,
      acksLostShare: 0,
      duplicates: 0,
      duplicatesShare: 0,
      ...options.faults,
    };
    this.#calls = new StoreCalls("the queue", this.faults, { clock, random });
    this.#clock = clock;
    this.#ackWaitMs = options.ackWaitMs ?? 3_000;
    this.#capacity = options.capacity ?? 10_000;
    this.#duplicateWindowMs = options.duplicateWindowMs ?? 120_000;
  }

  loseLeader(forMs?: number): number {
    return this.#calls.loseLeader(forMs, () => {
      for (const { capability } of this.#pullers) this.#serveSoon(capability);
    });
  }

  publish(task: QueuedTask): Promise<Published> {
    return this.#calls.write(
      () => this.#accept(task),
      (published) => published === "accepted",
    );
  }

  async pull(
    capability: string,
    options: { readonly count: number; readonly waitMs: number; readonly signal?: AbortSignal },
  ): Promise<readonly Delivery[]> {
    const { signal } = options;
    const ready = await this.#calls.read(() => this.#take(capability, options.count));
    if (ready.length > 0 || signal?.aborted === true) return ready;
    return new Promise((resolve) => {
      const settle = (deliveries: readonly Delivery[]) => {
        this.#pullers.delete(puller);
        cancelWait();
        signal?.removeEventListener("abort", giveUp);
        resolve(deliveries);
      };
      const giveUp = () => settle([]);
      const puller: Puller = { capability, count: options.count, settle };
      const cancelWait = this.#clock.after(options.waitMs, giveUp);
      signal?.addEventListener("abort", giveUp);
      this.#pullers.add(puller);
      // What came while the answer was on its way.
      this.#serveSoon(capability);
    });
  }

  async deadLetter(task: QueuedTask, history: unknown): Promise<void> {
    const copy = structuredClone(history);
    await this.#calls.write(
      () => {
        const letters = this.#dead.get(task.capability) ?? [];
        this.#dead.set(task.capability, letters);
        if (letters.some((letter) => letter.task.id === task.id)) return;
        letters.push({ task, history: copy });
        if (letters.length > MOST_DEAD_LETTERS) letters.shift();
      },
      () => false,
    );
  }

  deadLetters(capability: string, limit: number): Promise<readonly DeadTask[]> {
    return this.#calls.read(() => (this.#dead.get(capability) ?? []).slice(0, limit));
  }

  #accept(task: QueuedTask): Published {
    this.#forgetOldIds();
    if (this.#seen.has(task.id)) return "duplicate";
    const lane = this.#lane(task.capability, task.priority);
    if (lane.size >= this.#capacity) return "full";
    this.#seen.set(task.id, this.#clock.monotonicMs());
    lane.size++;
    lane.add({
      task: structuredClone(task),
      deliveries: 0,
      cancelReturn: () => {},
      waiting: true,
      gone: false,
    });
    this.#serveSoon(task.capability);
    return "accepted";
  }

  #lane(capability: string, priority: Priority): Lane {
    const name = `${capability} ${priority}`;
    const lane = this.#lanes.get(name) ?? new Lane();
    this.#lanes.set(name, lane);
    return lane;
  }

  #take(capability: string, count: number): Delivery[] {
    const taken: Delivery[] = [];
    for (const priority of ["interactive", "batch"] as const) {
      const lane = this.#lane(capability, priority);
      while (taken.length < count) {
        const held = lane.next();
        if (held === undefined) break;
        taken.push(this.#handOut(held, lane));
      }
    }
    return taken;
  }

  #handOut(held: Held, lane: Lane): Delivery {
    held.deliveries++;
    this.#returnAfter(held, lane, this.#ackWaitMs);
    if (this.#isTwice()) this.#returnAfter(held, lane, 0);
    // What is said while nobody listens is lost: the task comes back after its ack wait.
    const heard = (delayMs: number) => {
      if (!this.#calls.isAway) this.#returnAfter(held, lane, delayMs);
    };
    return {
      task: held.task,
      deliveries: held.deliveries,
      working: () => heard(this.#ackWaitMs),
      ack: () => this.#acknowledge(held, lane),
      nak: heard,
    };
  }

  async #acknowledge(held: Held, lane: Lane): Promise<void> {
    const isGone = await this.#calls.read(() => {
      if (this.#isAckLost()) return false;
      if (held.gone) return true;
      held.gone = true;
      held.cancelReturn();
      lane.size--;
      return true;
    });
    if (!isGone) throw new TroupeError("store.unavailable", "the acknowledgement was lost");
  }

  #isTwice(): boolean {
    if (this.faults.duplicates > 0) {
      this.faults.duplicates--;
      return true;
    }
    return happens(this.#calls.random, this.faults.duplicatesShare);
  }

  #isAckLost(): boolean {
    if (this.faults.acksLost > 0) {
      this.faults.acksLost--;
      return true;
    }
    return happens(this.#calls.random, this.faults.acksLostShare);
  }

  #returnAfter(held: Held, lane: Lane, delayMs: number): void {
    if (held.gone || held.waiting) return;
    held.cancelReturn();
    held.cancelReturn = this.#clock.after(delayMs, () => {
      if (held.gone) return;
      lane.add(held);
      this.#serveSoon(held.task.capability);
    });
  }

  /** In a microtask, so that tasks published together are handed out together. */
  #serveSoon(capability: string): void {
    queueMicrotask(() => {
      if (this.#calls.isAway) return;
      for (const puller of this.#pullers) {
        if (puller.capability !== capability) continue;
        const taken = this.#take(capability, puller.count);
        if (taken.length === 0) return;
        puller.settle(taken);
      }
    });
  }

  #forgetOldIds(): void {
    const oldestMs = this.#clock.monotonicMs() - this.#duplicateWindowMs;
    for (const [id, atMs] of this.#seen) {
      if (atMs > oldestMs) return;
      this.#seen.delete(id);
    }
  }
}
