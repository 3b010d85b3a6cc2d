/**
 * How the twins' switches are drawn.
 *
 * Owns: chance and spans. What goes wrong is said by each twin's own faults.
 *
 * I1: a switch that is off draws nothing, so that turning one on does not shift the others' chances
 *     before it is used.
 */
import type { Random } from "./random.ts";

/** A span from which each delay is drawn, in whole milliseconds, both ends included; `[0, 0]` is off. */
export type DelayRange = readonly [leastMs: number, mostMs: number];

/** Whether it happens this time. `share` is 0 (never) to 1 (always). */
export function happens(random: Random, share: number): boolean {
  return share > 0 && random.next() < share;
}

/** A delay of that range. */
export function drawnMs(random: Random, [leastMs, mostMs]: DelayRange): number {
  return mostMs <= leastMs ? leastMs : leastMs + random.int(mostMs - leastMs + 1);
}
