/**
 * What the others make of a node that is absent: first suspected, then down (S21).
 *
 * Owns: when. What follows from a phase is the world's business.
 *
 * I1: what was declared down meanwhile, as by a successor of the same name, is left alone.
 */
import type { Cancel, Clock } from "../ports/clock.ts";
import { type DelayRange, drawnMs } from "../ports/faults.ts";
import type { Random } from "../ports/random.ts";

/** What a verdict needs to know, and how it is declared. */
export interface Absence {
  readonly clock: Clock;
  readonly random: Random;
  readonly suspectedAfterMs: DelayRange;
  readonly downAfterMs: DelayRange;
  readonly isDown: () => boolean;
  readonly declare: (phase: "suspected" | "down") => void;
}

/** Declares an absent node suspected and then down; returns what calls it off. */
export function verdictOn(absence: Absence): Cancel {
  const { clock, random, isDown, declare } = absence;
  const suspectMs = drawnMs(random, absence.suspectedAfterMs);
  const downMs = drawnMs(random, absence.downAfterMs);
  const cancelSuspicion = clock.after(Math.min(suspectMs, downMs), () => {
    if (!isDown()) declare("suspected");
  });
  const cancelVerdict = clock.after(downMs, () => {
    if (!isDown()) declare("down");
  });
  return () => {
    cancelSuspicion();
    cancelVerdict();
  };
}
