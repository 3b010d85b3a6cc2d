/**
 * The close rule: who is awarded, in which order, given the bids on record.
 *
 * Owns: the order of bids and what a budget leaves eligible. Its neighbour `contract-net.ts` owns when
 * bidding closes, `bid-score.ts` what a bid is worth.
 *
 * A recorded bid carries the score it was given when it arrived, draws included. So the rule is a
 * function of the record alone: any node that holds the record names the same winner, in whatever
 * order the bids arrived.
 *
 * Cost: O(n log n) time, one array.
 */
import type { Address } from "../../runtime/address.ts";

/** A bid as the auctioneer recorded it. */
export interface RecordedBid {
  /** Who bids; one bid each. */
  readonly bidder: Address;
  /** The group whose experience it shares, for example `similarity-common`. */
  readonly kind: string;
  /** The most it may be paid, in 1e-6 USD or another unit that all bidders of a market share; 0 or more. */
  readonly priceMicros: number;
  /** What awarding to it is worth, in the unit of the price; higher is better. */
  readonly scoreMicros: number;
}

/** The bids that could be paid, best first; ties go to the lower price, then to the lower address. */
export function rankedBids(
  bids: readonly RecordedBid[],
  budgetMicros: number,
): readonly RecordedBid[] {
  return bids.filter((bid) => bid.priceMicros <= budgetMicros).sort(byRank);
}

function byRank(a: RecordedBid, b: RecordedBid): number {
  if (a.scoreMicros !== b.scoreMicros) return b.scoreMicros - a.scoreMicros;
  if (a.priceMicros !== b.priceMicros) return a.priceMicros - b.priceMicros;
  // Code units, not localeCompare: two nodes may run under two locales.
  if (a.bidder === b.bidder) return 0;
  return a.bidder < b.bidder ? -1 : 1;
}
