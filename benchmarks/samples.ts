/**
 * What many runs come to.
 *
 * M1: the median is the figure, because a busy machine makes single runs slow but never fast.
 */

/** The samples of each variant of one benchmark, in the order they were taken. */
export type Samples = ReadonlyMap<string, readonly number[]>;

/**
 * The middle of the values; the mean of the two in the middle when they are even in number.
 *
 * @returns `NaN` of none
 */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const upper = sorted[Math.floor(half)] ?? Number.NaN;
  if (!Number.isInteger(half)) return upper;
  return ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * The median of the ratios of runs that stood side by side: what slowed both down cancels out.
 *
 * @param ours - samples of one variant
 * @param theirs - samples of the other, taken in the same rounds
 */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): number {
  const pairs = Math.min(ours.length, theirs.length);
  const ratios: number[] = [];
  for (let i = 0; i < pairs; i++) {
    ratios.push((ours[i] ?? Number.NaN) / (theirs[i] ?? Number.NaN));
  }
  return median(ratios);
}
