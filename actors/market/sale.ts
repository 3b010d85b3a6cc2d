/**
 * A sale: one open auction in the hands of its auctioneer.
 *
 * Owns: how a request becomes terms, a call and timers, and how the end is reported. Its neighbour
 * `auctioneer.ts` owns what is done with them.
 */

import { spentMicros } from "../../protocols/market/attempt.ts";
import type {
  AuctionOutcome,
  AuctionRequest,
  AuctionTurn,
  CallForProposals,
} from "../../protocols/market/auction.ts";
import type { Beta } from "../../protocols/market/beta.ts";
import type { RecordedBid } from "../../protocols/market/close-rule.ts";
import type {
  AuctionTerms,
  ContractNet,
  ContractNetEffect,
  ContractNetOutcome,
} from "../../protocols/market/contract-net.ts";
import type { Demand, WeighedResult } from "../../protocols/market/market.ts";
import type { VerificationAdvice } from "../../protocols/market/verification.ts";
import type { Address } from "../../runtime/address.ts";
import { DeferredReply } from "../../runtime/deferred-reply.ts";

/** An open auction. */
export interface Sale {
  readonly auction: string;
  readonly request: AuctionRequest;
  readonly demand: Demand;
  readonly reply: DeferredReply<AuctionOutcome>;
  /** What the market thought of each result when it came. */
  readonly weighed: Map<Address, WeighedResult>;
  net: ContractNet;
  /** When the standing award was sent, on the monotonic clock. */
  awardedAtMs: number;
}

/** How long is waited for whom, in milliseconds. */
export type SaleSpans = Pick<AuctionTerms, "bidWindowMs" | "confirmMs" | "leaseMs">;

/** The timers of an auction. */
export type SaleTimer = Extract<ContractNetEffect, { readonly type: "arm" }>["timer"];

/** A sale in its first phase. */
export function newSale(auction: string, request: AuctionRequest, net: ContractNet): Sale {
  const { valueMicros, microsPerMs = 0, feature = "", mechanism = "cascade" } = request;
  return {
    auction,
    request,
    demand: { feature, mechanism, weights: { valueMicros, microsPerMs } },
    reply: new DeferredReply<AuctionOutcome>(),
    weighed: new Map(),
    net,
    awardedAtMs: 0,
  };
}

/** The terms of a request. */
export function termsOf(auction: string, request: AuctionRequest, spans: SaleSpans): AuctionTerms {
  const { mechanism = "cascade", budgetMicros = Number.MAX_SAFE_INTEGER } = request;
  return { auction, mechanism, budgetMicros, ...spans };
}

/** The call for proposals of a sale. */
export function callOf(
  { auction, request: { capability, task } }: Sale,
  auctioneer: Address,
  { bidWindowMs }: SaleSpans,
): CallForProposals {
  return { auction, capability, auctioneer, task, withinMs: bidWindowMs };
}

/** One timer of each name runs per auction; arming it anew replaces it. */
export function timerKey(timer: SaleTimer, auction: string): string {
  return `${timer} ${auction}`;
}

/** What a timer means when it fires. */
export function turnOf(auction: string, timer: SaleTimer, round: number): AuctionTurn {
  switch (timer) {
    case "deadline":
      return { auction, event: { type: "deadline" } };
    case "confirm":
      return { auction, event: { type: "unconfirmed", round, reason: "no answer in time" } };
    case "lease":
      return { auction, event: { type: "lease-expired", round } };
  }
}

/** The bid whose award stands, when it is of that round. */
export function standingBid(net: ContractNet, round: number): RecordedBid | undefined {
  switch (net.phase) {
    case "bidding":
    case "closed":
      return undefined;
    case "awarding":
    case "performing":
      return net.round === round ? net.standing : undefined;
  }
}

/** The chance that the result taken is right; ignorance when there is none. */
export function qualityOfBest(sale: Sale, outcome: ContractNetOutcome): Beta {
  const best = outcome.kind === "awarded" ? sale.weighed.get(outcome.best.bidder) : undefined;
  return best?.quality ?? { right: 0.5, wrong: 0.5 };
}

/** The end of a sale as its client learns it. */
export function outcomeOf(
  { auction }: Sale,
  outcome: ContractNetOutcome,
  judged: { readonly quality: number; readonly verify: VerificationAdvice },
): AuctionOutcome {
  switch (outcome.kind) {
    case "awarded":
      return { ...outcome, ...judged, auction, costMicros: spentMicros(outcome.attempts) };
    case "no-bids":
      return { ...outcome, auction };
    case "exhausted":
    case "cancelled":
      return { ...outcome, auction, costMicros: spentMicros(outcome.attempts) };
  }
}
