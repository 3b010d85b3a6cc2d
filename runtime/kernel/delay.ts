/**
 * A wait that ends by itself or is ended early.
 *
 * I1: settles once: `false` when its time is up, otherwise with what `finish` was given.
 */
import type { Timed, TimerWheel } from "./timer-wheel.ts";

/** A wait on the wheel. */
export class Delay implements Timed {
  dueMs = 0;
  before: Timed | undefined = undefined;
  after: Timed | undefined = undefined;
  /** Settles at the end of the wait. */
  readonly over: Promise<boolean>;
  readonly #wheel: TimerWheel;
  #settle: (early: boolean) => void = () => {};

  constructor(wheel: TimerWheel, nowMs: number, delayMs: number) {
    this.#wheel = wheel;
    this.over = new Promise((resolve) => {
      this.#settle = resolve;
    });
    wheel.add(this, nowMs, delayMs);
  }

  /** Ends the wait. */
  finish(early: boolean): void {
    this.#wheel.remove(this);
    this.#settle(early);
  }

  expire(): void {
    this.#settle(false);
  }
}
