/**
 * How much work fills a run.
 *
 * Rivals differ by a factor of a thousand: with the same amount of work one run would last
 * microseconds and the next a minute. So each variant is asked for as much as takes it about the
 * same time, and rates are compared. Growing the amount warms the compiler up as well.
 *
 * K1: the amount is a multiple of the variant's batch.
 * K2: a run that completed another amount than it was asked for throws.
 */
import type { RateVariant } from "./benchmark.ts";

/** The most that one step makes of the amount. */
const GROWTH = 10;

/** How long a run is to last, and how long a variant runs before one counts. */
export interface Pace {
  readonly runMs: number;
  readonly warmMs: number;
}

/** A number of work units that takes `variant` about `runMs`, found by trying. */
export async function calibrated(variant: RateVariant, { runMs, warmMs }: Pace): Promise<number> {
  let spentMs = 0;
  if (variant.exactly !== undefined) {
    do spentMs += await elapsedOf(variant, variant.exactly);
    while (spentMs < warmMs);
    return variant.exactly;
  }
  let count = variant.batch;
  for (;;) {
    const elapsedMs = await elapsedOf(variant, count);
    spentMs += elapsedMs;
    const fits = elapsedMs >= runMs / 2;
    if (fits && spentMs >= warmMs) return inBatches(variant, (count * runMs) / elapsedMs);
    // The compiler may do the work several times faster by and by: the amount follows.
    const wanted = elapsedMs > 0 ? (count * runMs) / elapsedMs : Number.POSITIVE_INFINITY;
    count = inBatches(variant, Math.min(fits ? wanted : wanted * 1.1, count * GROWTH));
  }
}

/**
 * Work units per second of one run.
 *
 * @throws {Error} when the variant completed another number than `count`
 */
export async function rateOf(variant: RateVariant, count: number): Promise<number> {
  return (count / (await elapsedOf(variant, count))) * 1_000;
}

async function elapsedOf(variant: RateVariant, count: number): Promise<number> {
  const { completed, elapsedMs } = await variant.run(count);
  if (completed !== count) throw new Error(`completed ${completed} of ${count}`);
  return elapsedMs;
}

function inBatches({ batch }: RateVariant, count: number): number {
  return Math.max(1, Math.round(count / batch)) * batch;
}
