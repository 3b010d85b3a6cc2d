/** How much of a processor this process uses. */
import type { Clock } from "../../runtime/ports/clock.ts";

const LEAST_SPAN_MS = 1_000;

interface Reading {
  readonly atMs: number;
  readonly usedMs: number;
}

/** The share of one processor between two looks; see {@link share}. */
export class ProcessorShare {
  readonly #clock: Clock;
  #before: Reading;
  #last: Reading;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#last = this.#read();
    this.#before = this.#last;
  }

  /** The share since the last look that is at least a second ago; above 1 with several threads. */
  share(): number {
    const now = this.#read();
    if (now.atMs - this.#last.atMs >= LEAST_SPAN_MS) {
      this.#before = this.#last;
      this.#last = now;
    }
    const spanMs = now.atMs - this.#before.atMs;
    return spanMs <= 0
      ? 0
      : Math.round((1_000 * (now.usedMs - this.#before.usedMs)) / spanMs) / 1_000;
  }

  #read(): Reading {
    const { user, system } = process.cpuUsage();
    return { atMs: this.#clock.monotonicMs(), usedMs: (user + system) / 1_000 };
  }
}
