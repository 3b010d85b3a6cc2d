/**
 * A work queue in this process's memory: the twin of the NATS one, with its ugly sides as switches.
 *
 * Owns: order, ack waits and redelivery as JetStream has them. The rules Q1–Q4 are the port's
 * (`durable-queue.ts`).
 *
 * I1: what comes back is handed out before what was never handed out.
 * I2: nothing that a delivery says is fenced: any delivery of a task can acknowledge it or hold it back,
 *     however old.
 * I3: bodies are copied on the way in.
 * I4: a server that starts again knows only the ids of what it still holds: what was acknowledged can be
 *     published again, however short ago that was.
 * I5: dead letters are known by their task's id for an hour.
 *
 * Cost: one timer per task in hand, O(1) otherwise.
 */

import { TroupeError } from "../troupe-error.ts";
import type { Cancel, Clock } from "./clock.ts";
import type { Delivery, DurableQueue, Priority, Published, QueuedTask } from "./durable-queue.ts";
import { happens } from "./faults.ts";
import type { Random } from "./random.ts";
import {
  type Leadership,
  noStoreFaults,
  type Power,
  StoreCalls,
  type StoreFaults,
} from "./store-faults.ts";
import { storedCopy } from "./stored-copy.ts";

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
export interface MemoryDurableQueue extends DurableQueue, Leadership, Power {
  readonly faults: MemoryDurableQueueFaults;
}

/** A queue that lives as long as the returned object. */
export function memoryDurableQueue(options: MemoryDurableQueueOptions): MemoryDurableQueue {
  return new MemoryQueue(options);
}

const MOST_DEAD_LETTERS = 10_000;
const DEAD_LETTER_WINDOW_MS = 3_600_000;

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

  /** It was handed out before, and does not wait any more. */
  remove(held: Held): void {
    held.waiting = false;
    this.#returned.splice(this.#returned.indexOf(held), 1);
  }

  next(): Held | undefined {
    for (;;) {
      const held = this.#returned.shift() ?? this.#fresh.shift();
      if (held === undefined) return undefined;
      held.waiting = false;
      if (!held.gone) return held;
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
  readonly atMs: number;
}

/** A task that was accepted within the duplicate window. */
interface Seen {
  readonly atMs: number;
  readonly held: Held;
}

class MemoryQueue implements MemoryDurableQueue {
  readonly faults: MemoryDurableQueueFaults;
  readonly #calls: StoreCalls;
  readonly #clock: Clock;
  readonly #ackWaitMs: number;
  readonly #capacity: number;
  readonly #duplicateWindowMs: number;
  readonly #lanes = new Map<string, Lane>();
  /** By id, oldest first. */
  readonly #seen = new Map<string, Seen>();
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
    return this.#calls.loseLeader(forMs, () => this.#serveAll());
  }

  cutPower(forMs?: number): number {
    const awayMs = this.#calls.cutPower(forMs, () => this.#serveAll());
    for (const [id, { held }] of this.#seen) if (held.gone) this.#seen.delete(id); // I4
    return awayMs;
  }

  async publish(task: QueuedTask): Promise<Published> {
    const copy = storedCopy(task, `task ${task.id}`);
    return this.#calls.write(
      () => this.#accept(copy),
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
    const kept = storedCopy({ task, history }, `the dead letter of ${task.id}`);
    await this.#calls.write(
      () => this.#bury({ ...kept, atMs: this.#clock.monotonicMs() }),
      () => false,
    );
  }

  deadLetters(
    capability: string,
    limit: number,
  ): Promise<readonly { readonly task: QueuedTask; readonly history: unknown }[]> {
    return this.#calls.read(() =>
      (this.#dead.get(capability) ?? [])
        .slice(0, limit)
        .map(({ task, history }) => ({ task, history })),
    );
  }

  #bury(letter: DeadTask): void {
    const { capability, id } = letter.task;
    const letters = this.#dead.get(capability) ?? [];
    this.#dead.set(capability, letters);
    const oldestMs = letter.atMs - DEAD_LETTER_WINDOW_MS;
    if (letters.some(({ task, atMs }) => task.id === id && atMs > oldestMs)) return; // I5
    letters.push(letter);
    if (letters.length > MOST_DEAD_LETTERS) letters.shift();
    this.#calls.changed(() => letters.splice(letters.indexOf(letter), 1));
  }

  #accept(task: QueuedTask): Published {
    this.#forgetOldIds();
    if (this.#seen.has(task.id)) return "duplicate";
    const lane = this.#lane(task.capability, task.priority);
    if (lane.size >= this.#capacity) return "full";
    const held: Held = {
      task,
      deliveries: 0,
      cancelReturn: () => {},
      waiting: true,
      gone: false,
    };
    this.#seen.set(task.id, { atMs: this.#clock.monotonicMs(), held });
    lane.size++;
    lane.add(held);
    this.#calls.changed(() => {
      this.#remove(held, lane);
      this.#seen.delete(task.id);
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
    const putBack = (delayMs: number) => {
      if (this.#calls.isAway) return;
      // As the server has it: a delay holds back even what waits to be handed out again.
      if (held.waiting && delayMs > 0) lane.remove(held);
      this.#returnAfter(held, lane, delayMs);
    };
    return {
      task: held.task,
      deliveries: held.deliveries,
      working: () => {
        if (!this.#calls.isAway) this.#returnAfter(held, lane, this.#ackWaitMs);
      },
      ack: () => this.#acknowledge(held, lane),
      nak: putBack,
    };
  }

  async #acknowledge(held: Held, lane: Lane): Promise<void> {
    const heard = await this.#calls.write(
      () => {
        if (this.#isAckLost()) return "lost";
        if (held.gone) return "known";
        this.#remove(held, lane);
        this.#calls.changed(() => {
          held.gone = false;
          lane.size++;
          if (!held.waiting) lane.add(held);
        });
        return "acknowledged";
      },
      (outcome) => outcome === "acknowledged",
    );
    if (heard === "lost")
      throw new TroupeError("store.unavailable", "the acknowledgement was lost");
  }

  #remove(held: Held, lane: Lane): void {
    held.gone = true;
    held.cancelReturn();
    lane.size--;
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

  #serveAll(): void {
    for (const { capability } of this.#pullers) this.#serveSoon(capability);
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
    for (const [id, { atMs }] of this.#seen) {
      if (atMs > oldestMs) return;
      this.#seen.delete(id);
    }
  }
}
