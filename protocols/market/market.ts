/**
 * What an auctioneer knows between auctions: quality, speed and standing of its bidders.
 *
 * Owns: how bids are rated and results weighed by what was learned, and how both teach. One auction
 * is `contract-net.ts`.
 *
 * K1: what a bidder says of itself enters only as its price, which binds it, and as the name of a
 *     group of its results.
 * K2: randomness and time are given; the same history rates the same bid the same.
 */
import type { Address } from "../../runtime/address.ts";
import type { Beta } from "./beta.ts";
import { cascadeScore, resultValue, singleScore, type Weights } from "./bid-score.ts";
import type { RecordedBid } from "./close-rule.ts";
import type { AuctionTerms } from "./contract-net.ts";
import {
  emptyQualityTable,
  type Forgetting,
  prospectsOf,
  type QualityTable,
  qualityOf,
  type Signal,
  signalOf,
  type Track,
  withOutcome,
  withResult,
} from "./learned-quality.ts";
import { expectedLatencyMs, type WorkRates, withWork } from "./work-rate.ts";

/** What was learned; plain data. */
export interface Market {
  readonly quality: QualityTable;
  readonly rates: WorkRates;
}

/** What a task is and what its client cares for. */
export interface Demand {
  /** A word about the task by which results are told apart, for example `short`; empty when none. */
  readonly feature: string;
  readonly weights: Weights;
  readonly mechanism: AuctionTerms["mechanism"];
}

/** A bid as it arrives. */
export interface OfferedBid {
  readonly bidder: Address;
  readonly kind: string;
  readonly priceMicros: number;
  /** Awards in hand. */
  readonly outstanding: number;
}

/** A result as it arrives. */
export interface OfferedResult {
  readonly bidder: Address;
  readonly kind: string;
  /** The bidder's own, 0..1. */
  readonly confidence?: number;
  readonly priceMicros: number;
  /** From the award to the result, in milliseconds. */
  readonly tookMs: number;
}

/** A result with what the market thinks of it. */
export interface WeighedResult {
  readonly track: Track;
  readonly signal: Signal;
  /** The chance that it is right. */
  readonly quality: Beta;
  readonly valueMicros: number;
}

/** A market that knows nothing. */
export const emptyMarket: Market = { quality: emptyQualityTable, rates: {} };

/**
 * A bid with its score.
 *
 * @param draw - a uniform draw, 0..1, of this bid's own
 */
export function ratedBid(
  market: Market,
  demand: Demand,
  bid: OfferedBid,
  draw: number,
  forgetting: Forgetting = {},
): RecordedBid {
  const { bidder, kind, priceMicros } = bid;
  const facts = {
    priceMicros,
    latencyMs: expectedLatencyMs(market.rates, bidder, bid),
    prospects: prospectsOf(market.quality, { kind, bidder, feature: demand.feature }, forgetting),
    draw,
  };
  const score = demand.mechanism === "cascade" ? cascadeScore : singleScore;
  return { bidder, kind, priceMicros, scoreMicros: score(facts, demand.weights) };
}

/** Weighs a result against what its kind of result was worth so far, and counts that it was seen. */
export function weighResult(
  market: Market,
  demand: Demand,
  result: OfferedResult,
  forgetting: Forgetting = {},
): readonly [Market, WeighedResult] {
  const track = { kind: result.kind, bidder: result.bidder, feature: demand.feature };
  const signal = signalOf(result.confidence);
  const quality = qualityOf(market.quality, track, signal, forgetting);
  return [
    {
      quality: withResult(market.quality, track, signal, forgetting),
      rates: withWork(market.rates, result.bidder, result),
    },
    { track, signal, quality, valueMicros: resultValue(quality, demand.weights) },
  ];
}

/** Learns that a weighed result was verified. */
export function learn(
  market: Market,
  { track, signal }: Pick<WeighedResult, "track" | "signal">,
  verdict: "right" | "wrong",
  forgetting: Forgetting = {},
): Market {
  return { ...market, quality: withOutcome(market.quality, track, signal, verdict, forgetting) };
}
