/**
 * A clock whose hold on the process ends with its node.
 *
 * Owns: the list of what keeps the process alive. A fenced node's turns no longer run, so that nobody
 * in it would ever let go.
 */
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";

/** A clock, and how to make it let go of the process. */
export interface EndableClock {
  readonly clock: Clock;
  /** Lets go of everything, now and from now on. */
  end(): void;
}

/** A clock that shows what `clock` shows. */
export function endableClock(clock: Clock): EndableClock {
  const held = new Set<Cancel>();
  let ended = false;
  const keepAlive = (): Cancel => {
    if (ended) return () => {};
    const release = clock.keepAlive?.() ?? (() => {});
    held.add(release);
    return () => {
      held.delete(release);
      release();
    };
  };
  return {
    clock: {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      after: (delayMs, fire) => clock.after(delayMs, fire),
      keepAlive,
    },
    end: () => {
      ended = true;
      for (const release of held) release();
      held.clear();
    },
  };
}
