/**
 * Those who want to know when a caller's signal aborts.
 *
 * Owns: one listener per signal, however many calls are made under it. A fan-out gives the same signal
 * to thousands of asks; a platform's signal finds a listener in time that grows with their number, and warns
 * of a leak from the eleventh on.
 *
 * I1: whoever was removed is not called. I2: a signal under which nobody waits has no listener of ours.
 *
 * Cost: add and remove O(1); one set per signal under which somebody waits.
 */

/** Whoever is called when the signal aborts; the shape is the platform's. */
export interface AbortListener {
  handleEvent(): void;
}

class Fan implements AbortListener {
  readonly listeners = new Set<AbortListener>();

  handleEvent(): void {
    for (const listener of this.listeners) listener.handleEvent();
  }
}

const fans = new WeakMap<AbortSignal, Fan>();

/** Calls `listener` when `signal` aborts. */
export function addAbortListener(signal: AbortSignal, listener: AbortListener): void {
  let fan = fans.get(signal);
  if (fan === undefined) {
    fan = new Fan();
    fans.set(signal, fan);
    signal.addEventListener("abort", fan);
  }
  fan.listeners.add(listener);
}

/** Calls it no more; harmless when it was not added. */
export function removeAbortListener(signal: AbortSignal, listener: AbortListener): void {
  const fan = fans.get(signal);
  if (fan === undefined || !fan.listeners.delete(listener) || fan.listeners.size > 0) return;
  fans.delete(signal);
  signal.removeEventListener("abort", fan);
}
