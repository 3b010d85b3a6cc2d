/**
 * A clock that stands still until a test moves it.
 *
 * Owns: manual time. Its neighbour `manual-scheduler.ts` owns the order of turns.
 *
 * C1: timers fire in the order of their instants, those of one instant in the order of their making.
 * C2: while a timer fires, both clocks show the instant it was due at.
 * C3: a timer set by a firing timer fires within the same advance when it is due by its end.
 * C4: time never runs backwards, also when two advances overlap.
 *
 * Cost: O(log n) to find a timer's place, O(n) to insert it; n is the timers outstanding.
 */

import { type Duration, durationMs } from "../duration.ts";
import type { Cancel, Clock } from "../ports/clock.ts";
import type { ManualTime } from "./manual-time.ts";

/** Options of a {@link ManualClock}. */
export interface ManualClockOptions {
  /** The wall time at the start, in epoch milliseconds; default 2026-01-01T00:00Z. */
  readonly nowMs?: number;
}

interface Timer {
  readonly atMs: number;
  readonly fire: () => void;
}

const NEW_YEAR_2026_MS = 1_767_225_600_000;

/** How many macrotask turns {@link ManualClock.settle} gives to work that is under way. */
const SETTLE_TURNS = 8;

/**
 * A manual clock.
 *
 * @example
 * const clock = new ManualClock();
 * clock.after(5_000, () => {});
 * clock.advance("5s"); // fires it
 */
export class ManualClock implements Clock, ManualTime {
  readonly #startMs: number;
  #elapsedMs = 0;
  /** By instant, latest first, so that the next one is popped from the end. */
  readonly #timers: Timer[] = [];

  constructor(options: ManualClockOptions = {}) {
    this.#startMs = options.nowMs ?? NEW_YEAR_2026_MS;
  }

  nowMs(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, fire: () => void): Cancel {
    const timer: Timer = { atMs: this.#elapsedMs + Math.max(0, delayMs), fire };
    this.#timers.splice(this.#placeOf(timer.atMs), 0, timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  /** How many timers are outstanding. */
  get pending(): number {
    return this.#timers.length;
  }

  /** When the next timer is due, on the monotonic clock; `Infinity` when there is none. */
  get nextMs(): number {
    return this.#timers.at(-1)?.atMs ?? Infinity;
  }

  /** Moves time on, firing what becomes due, without letting promises settle in between. */
  advance(duration: Duration): void {
    this.advanceTo(this.#elapsedMs + durationMs(duration));
  }

  /** Like {@link advance}, up to an instant of the monotonic clock; one that has passed does nothing. */
  advanceTo(atMs: number): void {
    while (this.#fireNext(atMs));
    this.#elapsedMs = Math.max(this.#elapsedMs, atMs);
  }

  /** Moves time on; before, between and after timers whatever is ready runs, see {@link settle}. */
  async advanceAsync(duration: Duration): Promise<void> {
    await this.advanceUntil(() => false, duration);
  }

  async advanceUntil(holds: () => boolean, within: Duration): Promise<boolean> {
    const endMs = this.#elapsedMs + durationMs(within);
    for (;;) {
      await this.settle();
      if (holds()) return true;
      if (!this.#fireNext(endMs)) break;
    }
    this.advanceTo(endMs);
    await this.settle();
    return holds();
  }

  /** Lets microtasks and a few turns of the event loop run; time stands still. */
  async settle(turns: number = SETTLE_TURNS): Promise<void> {
    for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  #fireNext(endMs: number): boolean {
    const next = this.#timers.at(-1);
    if (next === undefined || next.atMs > endMs) return false;
    this.#timers.pop();
    this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
    next.fire();
    return true;
  }

  /** Before all timers of the same instant, since the end of the array fires first. */
  #placeOf(atMs: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle]?.atMs ?? 0) > atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
