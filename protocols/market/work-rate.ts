/**
 * How fast bidders work: priced work per millisecond, learned from what they did.
 *
 * Owns: the rates and the latency expected of a bid. Its neighbour `bid-score.ts` owns what a
 * millisecond costs.
 *
 * W1: latency = (outstanding + 1) × price / rate. A bidder's own forecast is never used.
 * W2: a bidder never timed yet is expected to answer at once, so that it gets its first award.
 *
 * Cost: O(bidders) to update, O(1) to read.
 */
import type { Address } from "../../runtime/address.ts";

/** Learned rates, in micros of priced work per millisecond. */
export type WorkRates = Readonly<Record<Address, number>>;

/** The weight of the newest observation. */
const NEWEST = 0.2;

/**
 * Notes how long a piece of work took.
 *
 * @param tookMs - from the award to the result, in milliseconds; less than 0.1 counts as 0.1
 */
export function withWork(
  rates: WorkRates,
  bidder: Address,
  work: { readonly priceMicros: number; readonly tookMs: number },
): WorkRates {
  const rate = Math.max(work.priceMicros, 1) / Math.max(work.tookMs, 0.1);
  const known = rates[bidder];
  return { ...rates, [bidder]: known === undefined ? rate : known + NEWEST * (rate - known) };
}

/** How long a bidder will take, in milliseconds, behind what it has in hand (W1). */
export function expectedLatencyMs(
  rates: WorkRates,
  bidder: Address,
  bid: { readonly priceMicros: number; readonly outstanding: number },
): number {
  const rate = rates[bidder];
  return rate === undefined ? 0 : ((bid.outstanding + 1) * Math.max(bid.priceMicros, 1)) / rate;
}
