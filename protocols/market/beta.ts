/**
 * The Beta distribution: what is known of a chance after counting outcomes.
 *
 * Owns: its mean, spread and quantiles. Its neighbour `learned-quality.ts` owns which outcomes count.
 */

/** A Beta distribution; both parameters are greater than 0. */
export interface Beta {
  /** Prior and counted successes. */
  readonly right: number;
  /** Prior and counted failures. */
  readonly wrong: number;
}

/** The expected chance, 0..1. */
export function meanOf(beta: Beta): number {
  return beta.right / (beta.right + beta.wrong);
}

/** The standard deviation of the chance, 0..0.5. */
export function deviationOf(beta: Beta): number {
  const evidence = beta.right + beta.wrong;
  return Math.sqrt((beta.right * beta.wrong) / (evidence * evidence * (evidence + 1)));
}

// The standard logistic curve, slowed by this factor, is within 0.01 of the normal one everywhere.
const LOGISTIC_TO_NORMAL = 1.702;

/**
 * The chance below which a share of the distribution lies, approximately.
 *
 * @param share - 0..1; clamped to 0.001..0.999
 * @returns 0..1. A normal approximation, cut off at the ends: good enough to explore by, and cheap
 */
export function quantileOf(beta: Beta, share: number): number {
  const inside = Math.min(0.999, Math.max(0.001, share));
  const deviations = Math.log(inside / (1 - inside)) / LOGISTIC_TO_NORMAL;
  return Math.min(1, Math.max(0, meanOf(beta) + deviations * deviationOf(beta)));
}
