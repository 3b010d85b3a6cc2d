/**
 * Looking at something again and again, with a pause in between and a deadline.
 */

import type { Duration } from "../runtime/duration.ts";
import { durationMs } from "../runtime/duration.ts";
import type { Clock } from "../runtime/ports/clock.ts";
import { TroupeError } from "../runtime/troupe-error.ts";

/** How often and how long. */
export interface PollingOptions {
  readonly clock: Clock;
  /** Between two looks; default 50 ms. */
  readonly every?: Duration;
  /** For the whole; default 1 h. */
  readonly timeout?: Duration;
  readonly signal?: AbortSignal;
}

/**
 * What each look shows, until whoever iterates has seen enough.
 *
 * @throws {TroupeError} `ask.timeout` past the deadline, `ask.cancelled` when the signal aborted
 */
export async function* polled<T>(
  look: () => Promise<T>,
  options: PollingOptions,
): AsyncGenerator<T, never> {
  const { clock, signal } = options;
  const everyMs = durationMs(options.every ?? "50ms");
  const timeoutMs = durationMs(options.timeout ?? "1h");
  const startedMs = clock.monotonicMs();
  // Somebody waits for the end, so the process must not end between two looks.
  const release = clock.keepAlive?.();
  try {
    for (;;) {
      yield await look();
      if (signal?.aborted === true) throw new TroupeError("ask.cancelled", "nobody waits any more");
      if (clock.monotonicMs() - startedMs >= timeoutMs) {
        throw new TroupeError("ask.timeout", `it has not ended within ${timeoutMs} ms`);
      }
      await new Promise<void>((resolve) => {
        clock.after(everyMs, resolve);
      });
    }
  } finally {
    release?.();
  }
}
