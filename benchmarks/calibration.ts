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

/** Runs after the amount is known and before one counts. */
const WARM_RUNS = 3;
/** The most that one step makes of the amount. */
const GROWTH = 10;

/** A number of work units that takes `variant` about `targetMs`, found by trying. */
export async function calibrated(variant: RateVariant, targetMs: number): Promise<number> {
  if (variant.exactly !== undefined) return variant.exactly;
  let count = variant.batch;
  for (;;) {
    const elapsedMs = await elapsedOf(variant, count);
    if (elapsedMs >= targetMs / 2) {
      count = inBatches(variant, (count * targetMs) / elapsedMs);
      break;
    }
    const wanted = elapsedMs > 0 ? (count * targetMs) / elapsedMs : Number.POSITIVE_INFINITY;
    count = inBatches(variant, Math.min(wanted * 1.1, count * GROWTH));
  }
  // The compiler has seen the work by now and may do it several times faster.
  for (let i = 0; i < WARM_RUNS; i++) {
    const elapsedMs = await elapsedOf(variant, count);
    count = inBatches(variant, (count * targetMs) / Math.max(elapsedMs, targetMs / GROWTH));
  }
  return count;
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
