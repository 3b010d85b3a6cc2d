/**
 * The score of a bid: what awarding the task to that bidder is worth, from price, latency and learned
 * quality, never from what the bidder claims about itself.
 *
 * Owns: the value of a bid and of a result, in the unit of the price. Its neighbours own the estimates
 * (`learned-quality.ts`) and the order of bids (`close-rule.ts`).
 *
 * A right answer is worth `valueMicros`. In a single auction the score is what is expected to be left:
 *
 *   score = value × quality − price − latency × microsPerMs
 *
 * In a cascade a bid is a box that costs its price to open and holds a result whose value shows only
 * then. Boxes are best opened in the order of their reserve: the value z at which opening and not
 * opening are equally good, E[max(0, X − z)] = cost, and one stops when no reserve exceeds the best
 * value found. So a cheap bidder that knows when it is right outranks a good dear one, its unsure
 * results go on to that one, and how sure is sure enough follows from the prices: a result is passed
 * on when the next bidder would gain more than it costs.
 *
 * Choosing the value: a result is passed on to a bidder that costs c more when that gains at least
 * c / value in quality. 25 times the price of the best bidder ends within a point of its quality at
 * about half its cost where the cheap ones know when they are right (test/protocols/market.test.ts).
 *
 * What is uncertain is rated at a random quantile above its median, so that it gets tried, the more
 * often the less is known.
 *
 * B1: a lower price, a lower latency or a better record never lowers a score.
 * B2: with the same draw the score is a function of the table and the bid.
 *
 * Cost: O(signals²), with at most a dozen signals. Source: Weitzman 1979; optimistic Bayesian
 * sampling, May et al. 2012.
 */
import { meanOf, quantileOf } from "./beta.ts";
import type { Prospect } from "./learned-quality.ts";

/** What an auction's client cares for. */
export interface Weights {
  /** What a right answer is worth, in the unit of prices; more than 0. */
  readonly valueMicros: number;
  /** What waiting one millisecond costs, in the same unit; 0 or more, default 0. */
  readonly microsPerMs?: number;
}

/** What is known of a bid. */
export interface BidFacts {
  readonly priceMicros: number;
  /** Expected time until the result, in milliseconds. */
  readonly latencyMs: number;
  readonly prospects: readonly Prospect[];
  /** A uniform draw, 0..1, that explores; 0 rates everything at its median. */
  readonly draw: number;
}

/** The score of a bid in an auction whose first result is taken. */
export function singleScore(bid: BidFacts, weights: Weights): number {
  let score = -costOf(bid, weights);
  for (const { share, quality } of bid.prospects) {
    score += share * weights.valueMicros * optimistic(quality, bid.draw);
  }
  return score;
}

/** The score of a bid in a cascade: its reserve. */
export function cascadeScore(bid: BidFacts, weights: Weights): number {
  const values = bid.prospects
    .map(({ share, quality }) => ({
      share,
      value: weights.valueMicros * optimistic(quality, bid.draw),
    }))
    .sort((a, b) => b.value - a.value);
  // E[max(0, X − z)] is piecewise linear in z: over the k best values it is Σ share × value − z Σ share.
  const cost = costOf(bid, weights);
  let shares = 0;
  let worth = 0;
  let reserve = -cost;
  for (const [index, { share, value }] of values.entries()) {
    if (share <= 0) continue;
    shares += share;
    worth += share * value;
    reserve = (worth - cost) / shares;
    if (reserve >= (values[index + 1]?.value ?? -Infinity)) break;
  }
  return reserve;
}

/** What a result is worth before it is verified: the value of a right one × the chance that it is. */
export function resultValue(quality: Prospect["quality"], weights: Weights): number {
  return weights.valueMicros * meanOf(quality);
}

function optimistic(quality: Prospect["quality"], draw: number): number {
  return quantileOf(quality, 0.5 + draw / 2);
}

function costOf({ priceMicros, latencyMs }: BidFacts, { microsPerMs = 0 }: Weights): number {
  return priceMicros + latencyMs * microsPerMs;
}
