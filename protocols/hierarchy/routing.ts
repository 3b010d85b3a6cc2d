/**
 * Routing: which intent a question has, and whether that is sure enough to act on.
 *
 * Owns: the decision from scores. Its neighbours own the scores (a function the user gives) and what
 * becomes of a routed question (`delegation.ts`).
 *
 * The confidence of the best intent is its score × its share of the best two, so that a strong rival
 * halves it and a weak score never passes:
 *
 *   confidence = score × score / (score + next score)
 *
 *   confidence ≥ delegateAt ─► delegate · ≥ clarifyAt ─► clarify · else ─► escalate
 *
 * Cost: O(n log n) in the number of intents. Source of the share: Luce 1959, the choice axiom.
 */

/** How well a question fits an intent. */
export interface IntentScore {
  readonly intent: string;
  /** 0..1; others are clamped, and what is no number counts as 0. */
  readonly score: number;
}

/** From which confidence on a question is delegated, and from which on the asker is asked. */
export interface RoutingThresholds {
  /** 0..1; default 0.3. */
  readonly delegateAt?: number;
  /** 0..1, at most `delegateAt`; default 0.15. */
  readonly clarifyAt?: number;
}

/** What to do with a question. */
export type Route =
  | { readonly kind: "delegate"; readonly intent: string; readonly confidence: number }
  /** Ask the asker which of these it means, the likeliest first. */
  | { readonly kind: "clarify"; readonly intents: readonly string[]; readonly confidence: number }
  | { readonly kind: "escalate"; readonly reason: "no-intent-fits"; readonly confidence: number };

/** Candidates that are offered for clarification. */
const OFFERED = 3;

/** Intents from the best fit to the worst; equal scores by name, so that the order is one. */
export function rankedIntents(scores: readonly IntentScore[]): readonly IntentScore[] {
  return scores
    .map(({ intent, score }) => ({ intent, score: clamped(score) }))
    .sort((a, b) => b.score - a.score || (a.intent < b.intent ? -1 : 1));
}

/** The confidence that the best of some ranked intents is meant, 0..1. */
export function confidenceOf(ranked: readonly IntentScore[]): number {
  const best = ranked[0]?.score ?? 0;
  const next = ranked[1]?.score ?? 0;
  return best === 0 ? 0 : (best * best) / (best + next);
}

/**
 * Decides where a question goes.
 *
 * @throws {RangeError} unless 0 ≤ clarifyAt ≤ delegateAt ≤ 1
 */
export function route(scores: readonly IntentScore[], thresholds: RoutingThresholds = {}): Route {
  const { delegateAt, clarifyAt } = checkedThresholds(thresholds);
  const ranked = rankedIntents(scores);
  const confidence = confidenceOf(ranked);
  const best = ranked[0];
  if (best !== undefined && confidence >= delegateAt) {
    return { kind: "delegate", intent: best.intent, confidence };
  }
  const likely = ranked.filter(({ score }) => score > 0 && score >= (best?.score ?? 0) / 2);
  if (confidence >= clarifyAt && likely.length > 0) {
    const intents = likely.slice(0, OFFERED).map(({ intent }) => intent);
    return { kind: "clarify", intents, confidence };
  }
  return { kind: "escalate", reason: "no-intent-fits", confidence };
}

/**
 * Thresholds with their defaults.
 *
 * @throws {RangeError} unless 0 ≤ clarifyAt ≤ delegateAt ≤ 1
 */
export function checkedThresholds(thresholds: RoutingThresholds): Required<RoutingThresholds> {
  const { delegateAt = 0.3 } = thresholds;
  const { clarifyAt = Math.min(0.15, delegateAt) } = thresholds;
  if (clarifyAt >= 0 && clarifyAt <= delegateAt && delegateAt <= 1) {
    return { delegateAt, clarifyAt };
  }
  throw new RangeError(
    `thresholds must be 0 ≤ clarifyAt ≤ delegateAt ≤ 1: ${clarifyAt}, ${delegateAt}`,
  );
}

function clamped(score: number): number {
  return score > 0 ? Math.min(1, score) : 0;
}
