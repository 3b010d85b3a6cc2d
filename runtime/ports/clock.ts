/**
 * Time as a port.
 *
 * Owns: what time it is and when something fires. Its neighbour `scheduler.ts` owns the order of
 * turns within one instant.
 *
 * C1: `monotonicMs` never runs backwards; leases and deadlines are measured on it.
 * C2: `nowMs` is the wall clock, may jump, and is used only for what people read.
 */

/** Calls off what was arranged; safe to call twice. */
export type Cancel = () => void;

/** Wall time, monotonic time and one-shot timers. */
export interface Clock {
  /** Wall time in epoch milliseconds; may jump. */
  nowMs(): number;
  /** Milliseconds since an arbitrary point; never runs backwards. */
  monotonicMs(): number;
  /**
   * Calls `fire` once, no earlier than `delayMs` from now.
   *
   * @param delayMs - 0 or more; past 2^31 - 1 it fires after that longest span the platform allows
   */
  after(delayMs: number, fire: () => void): Cancel;
  /** Keeps the process alive until called off; a clock without a process has none. */
  readonly keepAlive?: () => Cancel;
}

const LONGEST_MS = 2 ** 31 - 1;

/** The process's clock; its timers do not keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, Math.min(delayMs, LONGEST_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
  keepAlive: () => {
    const timer = setInterval(() => {}, LONGEST_MS);
    return () => clearInterval(timer);
  },
};

/** The same clock for those who await its timers: the process stays alive until they fire. */
export const awaitedClock: Clock = {
  nowMs: systemClock.nowMs,
  monotonicMs: systemClock.monotonicMs,
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, Math.min(delayMs, LONGEST_MS));
    return () => clearTimeout(timer);
  },
};
