/**
 * What has to be ended, in the reverse order of its start, within one deadline.
 *
 * D1: every step is taken, also when one before it failed or was too slow.
 * D2: it runs once; who asks again awaits the same run.
 */

import type { Log } from "../../runtime/log.ts";
import type { Clock } from "../../runtime/ports/clock.ts";
import { messageOf } from "../../runtime/troupe-error.ts";

interface Step {
  readonly what: string;
  readonly end: (leftMs: number) => Promise<void> | void;
}

// Even past the deadline a step gets this long: closing a socket takes a turn or two.
const LEAST_MS = 200;

/** Steps to end what was started. */
export class Teardown {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #steps: Step[] = [];
  #run: Promise<void> | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Adds a step; it is taken before those added earlier, and told how long it may take. */
  add(what: string, end: (leftMs: number) => Promise<void> | void): void {
    this.#steps.push({ what, end });
  }

  /** Takes every step; never rejects. */
  run(deadlineMs: number): Promise<void> {
    this.#run ??= this.#runAll(this.#clock.monotonicMs() + deadlineMs);
    return this.#run;
  }

  async #runAll(untilMs: number): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const leftMs = Math.max(LEAST_MS, untilMs - this.#clock.monotonicMs());
      try {
        await this.#within(leftMs, step);
      } catch (error) {
        this.#log.error({ step: step.what, error: messageOf(error) }, "a part did not end well");
      }
    }
  }

  async #within(leftMs: number, { what, end }: Step): Promise<void> {
    let cancel = (): void => {};
    const late = new Promise<void>((_resolve, reject) => {
      cancel = this.#clock.after(leftMs, () => reject(new Error(`not within ${leftMs} ms`)));
    });
    try {
      await Promise.race([Promise.resolve(end(leftMs)), late]);
    } finally {
      cancel();
      this.#log.debug({ step: what }, "ended");
    }
  }
}
