/**
 * Which node is to have a unit: weighted rendezvous hashing.
 *
 * Owns: the choice, as a function of names and capacities alone, so that nodes with the same view agree
 * without talking. Who may be chosen is `hosts.ts`; who really owns it is decided by a compare-and-set.
 *
 * Z1: a node's share is its capacity's share. Z2: when a node comes, units move only to it; when one
 *     goes, only its own units move.
 *
 * Cost: one hash per candidate. Source: Thaler and Ravishankar 1998; weights after Schindelhauer and
 * Schomaker 2005.
 */
import { hashOf } from "./hash.ts";

/** A node that may be chosen. */
export interface Candidate {
  readonly name: string;
  /** Above 0. */
  readonly capacity: number;
}

/** The candidate that is to have `unit`; `undefined` when there is none. */
export function chosenFor<C extends Candidate>(
  unit: string,
  candidates: readonly C[],
): C | undefined {
  let best: C | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    const score = scoreOf(unit, candidate);
    const isBetter = score > highest || (score === highest && candidate.name < (best?.name ?? ""));
    if (!isBetter) continue;
    best = candidate;
    highest = score;
  }
  return best;
}

function scoreOf(unit: string, { name, capacity }: Candidate): number {
  // Strictly between 0 and 1, so that the logarithm is finite and below 0.
  const share = (hashOf(`${unit}@${name}`) + 0.5) / 2 ** 32;
  return -capacity / Math.log(share);
}
