/**
 * When requests of an open loop are meant to start.
 *
 * Owns: the schedule, fixed in advance and blind to how the system answers. That blindness is the
 * point: users do not wait for each other.
 *
 * I1: instants never decrease; `constant` has no drift, however long the run.
 * I2: what several generators send together is what one alone would: each takes its share of the same
 *     schedule, so the same seed gives the same load whatever their number.
 *
 * Source: open and closed systems, Schroeder et al. 2006.
 */
import type { Random } from "../ports/random.ts";

/**
 * Evenly spaced; with exponential gaps as independent users make them; or in bursts: what is due in a
 * second starts in its first tenth.
 */
export type Arrivals = "constant" | "poisson" | "burst";

/** Which part of a schedule one of several generators sends: each `of`-th request, from `index` on. */
export interface Share {
  /** 0 to `of - 1`. */
  readonly index: number;
  readonly of: number;
}

const BURST_PERIOD_MS = 1_000;
const BURST_SHARE = 0.1;

/**
 * The instants as spans since the start of the run, in milliseconds: each call gives the next.
 *
 * @param rateHz - requests a second on average; above 0
 */
export function arrivalTimes(
  rateHz: number,
  { arrivals, random }: { readonly arrivals: Arrivals; readonly random: Random },
): () => number {
  const gapMs = 1_000 / rateHz;
  let index = 0;
  switch (arrivals) {
    case "constant":
      return () => index++ * gapMs;
    case "burst":
      return () => squeezed(index++ * gapMs);
    case "poisson": {
      let atMs = 0;
      return () => {
        // 1 - next() is in (0, 1], so the logarithm is finite.
        atMs -= Math.log(1 - random.next()) * gapMs;
        return atMs;
      };
    }
  }
}

/**
 * The instants of a list, then none: `Infinity`.
 *
 * @param instants - milliseconds since the start of the run, in ascending order
 */
export function listedTimes(instants: ArrayLike<number>): () => number {
  let index = 0;
  return () => instants[index++] ?? Number.POSITIVE_INFINITY;
}

/** Every `of`-th of the instants (I2). */
export function sharedTimes(next: () => number, { index, of }: Share): () => number {
  if (of === 1) return next;
  for (let i = 0; i < index; i++) next();
  return () => {
    const atMs = next();
    for (let i = 1; i < of; i++) next();
    return atMs;
  };
}

/** Each second's instants, moved together into its first tenth. */
function squeezed(atMs: number): number {
  const period = Math.floor(atMs / BURST_PERIOD_MS) * BURST_PERIOD_MS;
  return period + (atMs - period) * BURST_SHARE;
}
