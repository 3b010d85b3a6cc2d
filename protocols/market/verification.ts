/**
 * Which results are verified: enough to learn from, few enough to pay for.
 *
 * Owns: the decision to check one auction's result. Who checks, and what that costs, is the client's:
 * a better bidder, a board, a person.
 *
 * The share checked falls with the evidence there is for results like it: the first of a new bidder,
 * or of a band it never used before, are all checked, and n checks later a share of about k / n. So the
 * number of checks grows with the square root of the number of awards. A result that is probably wrong
 * is checked whatever is known.
 *
 * Cost: O(1).
 */

import type { InformedAttempt } from "./attempt.ts";
import type { Beta } from "./beta.ts";
import { meanOf } from "./beta.ts";

/** How much is verified. */
export interface VerificationPolicy {
  /** So many results of a group are checked before the share starts to fall; default 4. */
  readonly first?: number;
  /** The share that is always checked, 0..1; default 0.02. */
  readonly floor?: number;
  /** Results less likely right than this are always checked, 0..1; default 0.5. */
  readonly doubtBelow?: number;
}

/** Why a result is to be checked. */
export type VerificationAdvice = "learn" | "doubt" | "none";

/**
 * Whether to verify a result.
 *
 * @param quality - the chance that it is right, with the evidence behind it
 * @param draw - a uniform draw, 0..1
 */
export function verificationAdvice(
  quality: Beta,
  draw: number,
  policy: VerificationPolicy = {},
): VerificationAdvice {
  const { doubtBelow = 0.5 } = policy;
  if (draw < checkedShare(quality, policy)) return "learn";
  return meanOf(quality) < doubtBelow ? "doubt" : "none";
}

/** The share of results with this evidence that is checked in order to learn, 0..1. */
export function checkedShare(quality: Beta, policy: VerificationPolicy = {}): number {
  const { first = 4, floor = 0.02 } = policy;
  const evidence = quality.right + quality.wrong;
  return Math.min(1, Math.max(floor, first / Math.max(first, evidence)));
}

/** Which attempts a verified answer proves right and which wrong. */
export interface Verdicts {
  readonly right: readonly string[];
  readonly wrong: readonly string[];
}

/**
 * Compares all results of an auction with a verified one: one check teaches about every bidder tried.
 *
 * @param isRight - whether a result is as good as the verified one
 */
export function verdictsOn(
  attempts: readonly InformedAttempt[],
  isRight: (result: unknown) => boolean,
): Verdicts {
  const bidders = (want: boolean): readonly string[] =>
    attempts.filter(({ result }) => isRight(result) === want).map(({ bidder }) => bidder);
  return { right: bidders(true), wrong: bidders(false) };
}
