/**
 * Gives ready actors their turns.
 *
 * Owns: who runs next and for how long. What a turn does is the cell's business.
 *
 * I1: a turn starts in a microtask.
 * I2: an actor takes at most 64 messages, and all actors together at most 5 ms, before pending I/O
 *     has its chance; handlers are never interrupted, so one that blocks longer delays everything,
 *     and is logged past 50 ms.
 * I3: actors become ready in the order of their first message.
 *
 * Cost: the clock is read after 1, 2, 4 … 64 messages of a turn, not after each: a slow handler is
 * seen soon, and fast ones do not pay for it.
 */

import type { Log } from "../log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Scheduler } from "../ports/scheduler.ts";
import { RingBuffer } from "./ring-buffer.ts";

/** Something with messages to handle. */
export interface Runnable {
  /** Where it is, for the log. */
  readonly path: string;
  /** Handles up to `limit` messages and returns how many. */
  run(limit: number): number;
  /** Whether it wants another turn; when not, it will be scheduled again. */
  parked(): boolean;
}

const MOST_MESSAGES = 64;
const MOST_MS = 5;
const SLOW_MS = 50;

/** The ready queue of a system. */
export class Dispatcher {
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #log: Log;
  readonly #ready = new RingBuffer<Runnable>();
  /** Those that used up their share; their turn comes after pending I/O. */
  readonly #later = new RingBuffer<Runnable>();
  #microtaskArmed: boolean = false;
  #macrotaskArmed: boolean = false;
  /** When this stretch between two rounds of I/O began; `NaN` when none has. */
  #sinceMs = Number.NaN;
  #readMs = 0;

  readonly #onMicrotask = (): void => {
    this.#microtaskArmed = false;
    this.#turn();
  };

  readonly #onMacrotask = (): void => {
    this.#macrotaskArmed = false;
    this.#sinceMs = Number.NaN;
    for (let i = this.#later.length; i > 0; i--) this.#ready.push(this.#later.shift() as Runnable);
    if (this.#ready.length > 0) this.#turn();
  };

  constructor(world: {
    readonly clock: Clock;
    readonly scheduler: Scheduler;
    readonly log: Log;
  }) {
    this.#clock = world.clock;
    this.#scheduler = world.scheduler;
    this.#log = world.log;
  }

  /** The monotonic clock as this turn last read it: at most 64 messages ago. */
  get readMs(): number {
    return this.#readMs;
  }

  /** Gives `runnable` a turn soon. The caller sees to it that it is queued once. */
  schedule(runnable: Runnable): void {
    this.#ready.push(runnable);
    if (this.#microtaskArmed) return;
    this.#microtaskArmed = true;
    this.#scheduler.microtask(this.#onMicrotask);
  }

  #turn(): void {
    let readMs = this.#clock.monotonicMs();
    this.#readMs = readMs;
    if (Number.isNaN(this.#sinceMs)) this.#sinceMs = readMs;
    this.#armMacrotask();
    const endMs = this.#sinceMs + MOST_MS;
    let share = 1;
    let handled = 0;
    while (readMs < endMs) {
      const runnable = this.#ready.shift();
      if (runnable === undefined) return;
      let left = MOST_MESSAGES;
      for (;;) {
        const ran = runnable.run(Math.min(left, share - handled));
        left -= ran;
        handled += ran;
        if (handled >= share) {
          const nowMs = this.#clock.monotonicMs();
          if (nowMs - readMs > SLOW_MS) this.#report(runnable, handled, nowMs - readMs);
          readMs = nowMs;
          this.#readMs = nowMs;
          handled = 0;
          share = Math.min(share * 2, MOST_MESSAGES);
        }
        if (runnable.parked()) break;
        if (left > 0 && ran > 0 && readMs < endMs) continue;
        this.#later.push(runnable);
        break;
      }
    }
    this.#yield();
  }

  /** Leaves the rest for after pending I/O. */
  #yield(): void {
    for (let next = this.#ready.shift(); next !== undefined; next = this.#ready.shift()) {
      this.#later.push(next);
    }
  }

  #armMacrotask(): void {
    if (this.#macrotaskArmed) return;
    this.#macrotaskArmed = true;
    this.#scheduler.macrotask(this.#onMacrotask);
  }

  #report(last: Runnable, messages: number, elapsedMs: number): void {
    this.#log.warn(
      { path: last.path, messages, elapsedMs: Math.round(elapsedMs) },
      "handlers blocked the event loop",
    );
  }
}
