/**
 * The messages of the market: what clients, the auctioneer and bidders say to each other.
 *
 * Owns: the two protocols and their payloads. What they bring about is `contract-net.ts` (one auction)
 * and `market.ts` (what is learned); `actors/market/auctioneer.ts` and `actors/market/bidder.ts` speak them.
 *
 *   client ──auction──► auctioneer ══call══► bidders of the capability (broadcast)
 *                           ◄──bid or refusal── each
 *                           ──award (ask)──► the winner ──inform or failure──► auctioneer
 *   client ◄──outcome──     ──reject──► the losers
 *   client ──verified──►
 *
 * A bidder's identity is the address its messages come from, never a field of them.
 *
 * Source: FIPA SC00029 (contract net interaction protocol).
 */
import type { Address } from "../../runtime/address.ts";
import {
  type Ask,
  ask,
  type Protocol,
  protocol,
  signed,
  type Tell,
  tell,
} from "../../runtime/protocol.ts";
import type { Attempt, InformedAttempt } from "./attempt.ts";
import type { ContractNetEvent } from "./contract-net.ts";
import type { Market } from "./market.ts";
import type { Roster } from "./roster.ts";
import type { VerificationAdvice } from "./verification.ts";

/** A task to be sold. */
export interface AuctionRequest {
  /** Unique among open auctions; generated when absent. */
  readonly auction?: string;
  /** What must be able to be done, for example `classify@1`. */
  readonly capability: string;
  /** Plain data; every bidder of the capability receives it. */
  readonly task: unknown;
  /** What a right answer is worth, in the unit of prices; see `bid-score.ts`. */
  readonly valueMicros: number;
  /** What waiting one millisecond costs, in that unit; default 0. */
  readonly microsPerMs?: number;
  /** The most that all awards together may cost; unlimited by default. */
  readonly budgetMicros?: number;
  /** Default `cascade`: a result that is probably wrong goes on to the next bidder. */
  readonly mechanism?: "single" | "cascade";
  /** A word by which tasks are told apart in what is learned, for example `short`. */
  readonly feature?: string;
}

/** How an auction ended. */
export type AuctionOutcome =
  | {
      readonly kind: "awarded";
      readonly auction: string;
      readonly best: InformedAttempt;
      /** The chance that the result is right, as far as the market learned, 0..1. */
      readonly quality: number;
      readonly attempts: readonly Attempt[];
      /** What all attempts cost. */
      readonly costMicros: number;
      /** Whether the result should be verified, and why. */
      readonly verify: VerificationAdvice;
    }
  | { readonly kind: "no-bids"; readonly auction: string; readonly refusals: number }
  | {
      readonly kind: "exhausted";
      readonly auction: string;
      readonly attempts: readonly Attempt[];
      readonly costMicros: number;
    }
  | {
      readonly kind: "cancelled";
      readonly auction: string;
      readonly reason: string;
      readonly attempts: readonly Attempt[];
      readonly costMicros: number;
    };

/** Verified outcomes of one auction; bidders in neither list stay unverified. */
export interface Verified {
  readonly auction: string;
  readonly right: readonly Address[];
  readonly wrong: readonly Address[];
}

/** What an auctioneer knows at present. */
export interface MarketReport {
  readonly market: Market;
  readonly roster: Roster;
  readonly openAuctions: number;
}

/** The call for proposals, published on {@link topicOf} its capability. */
export interface CallForProposals {
  readonly auction: string;
  readonly capability: string;
  /** Where bids and refusals go. */
  readonly auctioneer: Address;
  readonly task: unknown;
  /** Later bids are ignored. */
  readonly withinMs: number;
}

/** An offer to do the task for at most this price. */
export interface Bid {
  readonly auction: string;
  readonly capability: string;
  readonly kind: string;
  readonly priceMicros: number;
  /** Awards in the bidder's hands. */
  readonly outstanding: number;
}

/** No offer. */
export interface Refusal {
  readonly auction: string;
  readonly capability: string;
  readonly reason: string;
}

/** The task is the bidder's, if it confirms. */
export interface Award {
  readonly auction: string;
  /** The award's token: results must name it. */
  readonly round: number;
  readonly task: unknown;
}

/** The answer to an award. */
export type Confirmation =
  | { readonly confirmed: true }
  | { readonly confirmed: false; readonly reason: string };

/** The task was done. */
export interface Inform {
  readonly auction: string;
  readonly round: number;
  readonly result: unknown;
  /** How sure the bidder is, 0..1; it is calibrated, not believed. */
  readonly confidence?: number;
  /** The counted work; at most the bid is paid. */
  readonly priceMicros: number;
}

/** The task was not done. */
export interface Failure {
  readonly auction: string;
  readonly round: number;
  readonly reason: string;
  /** The work that was counted until then. */
  readonly priceMicros: number;
}

/** What an auctioneer tells itself: timers and confirmations. */
export interface AuctionTurn {
  readonly auction: string;
  readonly event: Extract<
    ContractNetEvent,
    { readonly type: "deadline" | "confirmed" | "declined" | "unconfirmed" | "lease-expired" }
  >;
}

/** What a bidder tells itself: an award's turn has come, or its work has ended. */
export type WorkTurn =
  | { readonly type: "start" }
  | { readonly type: "done"; readonly job: string; readonly work: DoneWork }
  | { readonly type: "broke"; readonly job: string; readonly reason: string };

/** What a bidder brought about. */
export interface DoneWork {
  readonly result: unknown;
  readonly confidence?: number;
  readonly priceMicros: number;
}

/** The operations of an {@link Auctioneer}. */
export type AuctioneerOperations = {
  /** Sells a task. Give the ask a timeout that leaves room for several bidders in turn. */
  readonly auction: Ask<AuctionRequest, AuctionOutcome>;
  readonly cancel: Tell<{ readonly auction: string; readonly reason: string }>;
  readonly verified: Tell<Verified>;
  readonly report: Ask<undefined, MarketReport>;
  readonly bid: Tell<Bid>;
  readonly refusal: Tell<Refusal>;
  readonly inform: Tell<Inform>;
  readonly failure: Tell<Failure>;
  /** To itself. */
  readonly turn: Tell<AuctionTurn>;
};

/** The operations of a {@link Bidder}. */
export type BidderOperations = {
  readonly call: Tell<CallForProposals>;
  readonly award: Ask<Award, Confirmation>;
  /** The bid was not chosen. */
  readonly reject: Tell<{ readonly auction: string }>;
  /** An award is taken back. */
  readonly withdraw: Tell<{ readonly auction: string; readonly round: number }>;
  /** To itself. */
  readonly turn: Tell<WorkTurn>;
};

/** Sells tasks to bidders. */
export const Auctioneer: Protocol<AuctioneerOperations> = protocol("auctioneer@1", {
  auction: ask<AuctionRequest, AuctionOutcome>(),
  cancel: tell<{ readonly auction: string; readonly reason: string }>(),
  verified: tell<Verified>(),
  report: ask<undefined, MarketReport>(),
  bid: tell<Bid>(),
  refusal: tell<Refusal>(),
  inform: tell<Inform>(),
  failure: tell<Failure>(),
  turn: tell<AuctionTurn>(),
});

/** Offers to do tasks of one capability. */
export const Bidder: Protocol<BidderOperations> = protocol("bidder@1", {
  call: tell<CallForProposals>(),
  award: signed(ask<Award, Confirmation>()),
  reject: tell<{ readonly auction: string }>(),
  withdraw: signed(tell<{ readonly auction: string; readonly round: number }>()),
  turn: tell<WorkTurn>(),
});

/** The topic on which the tasks of a capability are called out. */
export function topicOf(capability: string): string {
  return `cfp.${capability}`;
}
