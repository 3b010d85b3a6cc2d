/**
 * When requests of an open loop are meant to start.
 *
 * Owns: the schedule, fixed in advance and blind to how the system answers. That blindness is the
 * point: users do not wait for each other.
 *
 * I1: instants never decrease; `constant` has no drift, however long the run.
 *
 * Source: open and closed systems, Schroeder et al. 2006.
 */
import type { Random } from "../ports/random.ts";

/** Evenly spaced, or with exponential gaps as independent users make them. */
export type Arrivals = "constant" | "poisson";

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
  switch (arrivals) {
    case "constant": {
      let index = 0;
      return () => index++ * gapMs;
    }
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
