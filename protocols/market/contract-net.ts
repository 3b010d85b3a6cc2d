/**
 * One auction of the contract net, as a pure state machine.
 *
 * Owns: the phases of an auction and what may happen in each. Its neighbours own the order of bids
 * (`close-rule.ts`), their worth (`bid-score.ts`) and the messages' journey (`actors/market/auctioneer.ts`).
 *
 *   bidding → awarding → performing → closed
 *                ↑___________|   the runner-up, without a new call
 *
 * A round is one award. In a cascade an informed result is weighed, too: the next bid is awarded as
 * long as its score exceeds the value of the best result so far (Weitzman's stopping rule). One
 * result of each kind of bidder is enough; after a failure the runner-up may be of the same kind.
 *
 * U1: at most one award stands at any time, and each round is awarded once.
 * U2: every award goes to a bid recorded before bidding closed.
 * U3: only the bidder of the standing award, naming its round, can confirm, inform or fail.
 * U4: the prices paid never exceed the budget.
 * U5: it ends: every phase but `closed` has a timer armed, and each round uses up a bid.
 *
 * Cost: O(bids) per event. Source: Smith 1980; FIPA SC00029; Weitzman 1979, "Optimal search for the
 * best alternative".
 */
import type { Address } from "../../runtime/address.ts";
import { type Attempt, bestOf, type InformedAttempt, spentMicros } from "./attempt.ts";
import { type RecordedBid, rankedBids } from "./close-rule.ts";

/** What is sold, and on which terms. */
export interface AuctionTerms {
  readonly auction: string;
  /** `single`: the first result ends it. `cascade`: a poor result goes on to the next bid. */
  readonly mechanism: "single" | "cascade";
  /** The most that all rounds together may cost. */
  readonly budgetMicros: number;
  /** How long bids are awaited, in milliseconds. */
  readonly bidWindowMs: number;
  /** How long a winner may take to confirm, in milliseconds. */
  readonly confirmMs: number;
  /** How long a confirmed winner may take to inform, in milliseconds. */
  readonly leaseMs: number;
}

/** How an auction ended. */
export type ContractNetOutcome =
  | {
      readonly kind: "awarded";
      /** The attempt whose result is worth most; of equals the earliest. */
      readonly best: InformedAttempt;
      readonly attempts: readonly Attempt[];
    }
  /** Nobody offered to do it within the budget. */
  | { readonly kind: "no-bids"; readonly refusals: number }
  /** Everybody who could be paid was tried, and nobody brought a result. */
  | { readonly kind: "exhausted"; readonly attempts: readonly Attempt[] }
  | { readonly kind: "cancelled"; readonly reason: string; readonly attempts: readonly Attempt[] };

/** Bids are awaited. */
export interface Bidding {
  readonly phase: "bidding";
  readonly terms: AuctionTerms;
  /** Known participants not heard yet; `anyone` when none is known: then only the deadline closes. */
  readonly awaiting: readonly Address[] | "anyone";
  readonly bids: readonly RecordedBid[];
  readonly refusals: readonly Address[];
}

/** An award was sent (`awarding`) or confirmed (`performing`). */
export interface Contracted {
  readonly phase: "awarding" | "performing";
  readonly terms: AuctionTerms;
  /** Counts awards from 1; the token of U3. */
  readonly round: number;
  readonly standing: RecordedBid;
  /** Bids not awarded yet, best first. */
  readonly runnersUp: readonly RecordedBid[];
  readonly attempts: readonly Attempt[];
}

/** The end. */
export interface Closed {
  readonly phase: "closed";
  readonly outcome: ContractNetOutcome;
}

/** The state of one auction. */
export type ContractNet = Bidding | Contracted | Closed;

/** What may happen to an auction. */
export type ContractNetEvent =
  | { readonly type: "bid"; readonly bid: RecordedBid }
  | { readonly type: "refusal"; readonly bidder: Address }
  /** The bid window is over. */
  | { readonly type: "deadline" }
  | { readonly type: "confirmed"; readonly round: number }
  | { readonly type: "declined"; readonly round: number; readonly reason: string }
  | { readonly type: "unconfirmed"; readonly round: number; readonly reason: string }
  | {
      readonly type: "informed";
      readonly round: number;
      readonly bidder: Address;
      readonly priceMicros: number;
      readonly valueMicros: number;
      readonly result: unknown;
    }
  | {
      readonly type: "failed";
      readonly round: number;
      readonly bidder: Address;
      readonly priceMicros: number;
      readonly reason: string;
    }
  | { readonly type: "lease-expired"; readonly round: number }
  | { readonly type: "cancelled"; readonly reason: string };

/** What is to be done. */
export type ContractNetEffect =
  | { readonly type: "call" }
  | {
      readonly type: "arm";
      readonly timer: "deadline" | "confirm" | "lease";
      readonly round: number;
      readonly afterMs: number;
    }
  /** Sends the award and awaits its confirmation. */
  | { readonly type: "award"; readonly round: number; readonly bid: RecordedBid }
  /** Takes an award back from a bidder that may have received it. */
  | { readonly type: "withdraw"; readonly round: number; readonly bidder: Address }
  /** An award came to its end; says how its bidder did. */
  | { readonly type: "attempted"; readonly attempt: Attempt }
  /** Bidding closed without a word from these known participants. */
  | { readonly type: "unheard"; readonly bidders: readonly Address[] }
  /** Tells a bidder that it will not be awarded. */
  | { readonly type: "reject"; readonly bidder: Address }
  | { readonly type: "settle"; readonly outcome: ContractNetOutcome };

/** A state and what is to be done about it. */
export type ContractNetStep = readonly [ContractNet, readonly ContractNetEffect[]];

/**
 * Opens an auction.
 *
 * @param participants - those expected to answer; once all have, bidding closes early. Empty when
 *   nobody is known: then the whole bid window is waited for
 */
export function open(terms: AuctionTerms, participants: readonly Address[]): ContractNetStep {
  const awaiting = participants.length === 0 ? "anyone" : [...new Set(participants)];
  return [
    { phase: "bidding", terms, awaiting, bids: [], refusals: [] },
    [{ type: "arm", timer: "deadline", round: 0, afterMs: terms.bidWindowMs }, { type: "call" }],
  ];
}

/** Takes an auction one event further. What does not fit the state changes nothing. */
export function step(state: ContractNet, event: ContractNetEvent): ContractNetStep {
  switch (state.phase) {
    case "bidding":
      return stepBidding(state, event);
    case "awarding":
    case "performing":
      return stepContracted(state, event);
    case "closed":
      return [state, []];
  }
}

function stepBidding(state: Bidding, event: ContractNetEvent): ContractNetStep {
  switch (event.type) {
    case "bid":
      // The first word stands: a duplicate is no second bid, and a refusal cannot be taken back.
      if (hasAnswered(state, event.bid.bidder)) return [state, []];
      return closeWhenHeard({
        ...state,
        bids: [...state.bids, event.bid],
        awaiting: without(state.awaiting, event.bid.bidder),
      });
    case "refusal":
      if (hasAnswered(state, event.bidder)) return [state, []];
      return closeWhenHeard({
        ...state,
        refusals: [...state.refusals, event.bidder],
        awaiting: without(state.awaiting, event.bidder),
      });
    case "deadline":
      return close(state);
    case "cancelled":
      return settle({ kind: "cancelled", reason: event.reason, attempts: [] }, state.bids);
    case "confirmed":
    case "declined":
    case "unconfirmed":
    case "informed":
    case "failed":
    case "lease-expired":
      return [state, []];
  }
}

function stepContracted(state: Contracted, event: ContractNetEvent): ContractNetStep {
  switch (event.type) {
    case "confirmed":
      if (event.round !== state.round || state.phase !== "awarding") return [state, []];
      return [
        { ...state, phase: "performing" },
        [{ type: "arm", timer: "lease", round: state.round, afterMs: state.terms.leaseMs }],
      ];
    case "declined":
    case "unconfirmed": {
      if (event.round !== state.round || state.phase !== "awarding") return [state, []];
      return proceed(state, {
        ...attemptBy(state, 0),
        outcome: event.type,
        reason: event.reason,
      });
    }
    case "informed":
      if (!isStanding(state, event)) return [state, []];
      return proceed(state, {
        ...attemptBy(state, event.priceMicros),
        outcome: "informed",
        valueMicros: event.valueMicros,
        result: event.result,
      });
    case "failed":
      if (!isStanding(state, event)) return [state, []];
      return proceed(state, {
        ...attemptBy(state, event.priceMicros),
        outcome: "failed",
        reason: event.reason,
      });
    case "lease-expired":
      if (event.round !== state.round || state.phase !== "performing") return [state, []];
      // It may have done the work: its whole bid counts as spent.
      return proceed(state, {
        ...attemptBy(state, state.standing.priceMicros),
        outcome: "lease-expired",
        reason: "the lease expired",
      });
    case "cancelled": {
      const [closed, effects] = settle(
        { kind: "cancelled", reason: event.reason, attempts: state.attempts },
        state.runnersUp,
      );
      return [closed, [withdrawal(state), ...effects]];
    }
    case "bid":
    case "refusal":
    case "deadline":
      return [state, []];
  }
}

function closeWhenHeard(state: Bidding): ContractNetStep {
  return state.awaiting !== "anyone" && state.awaiting.length === 0 ? close(state) : [state, []];
}

function close(state: Bidding): ContractNetStep {
  const ranked = rankedBids(state.bids, state.terms.budgetMicros);
  if (ranked.length === 0) {
    const [closed, effects] = settle(
      { kind: "no-bids", refusals: state.refusals.length },
      state.bids,
    );
    return [closed, [...unheard(state), ...effects]];
  }
  const [next, effects] = awardNext(state.terms, 0, ranked, []);
  const tooDear = state.bids.filter((bid) => !ranked.includes(bid));
  return [next, [...unheard(state), ...tooDear.map(rejection), ...effects]];
}

/** The standing award came to `attempt`; its bidder is told when it may not know. */
function proceed(state: Contracted, attempt: Attempt): ContractNetStep {
  const attempts = [...state.attempts, attempt];
  // One result of a kind is enough: its siblings would think the same. After a failure they are asked.
  const isTwin = (bid: RecordedBid): boolean =>
    attempt.outcome === "informed" && bid.kind === attempt.kind;
  const twins = state.runnersUp.filter(isTwin);
  const others = twins.length === 0 ? state.runnersUp : state.runnersUp.filter((b) => !isTwin(b));
  const [next, effects] = awardNext(state.terms, state.round, others, attempts);
  const isUnaware = attempt.outcome === "unconfirmed" || attempt.outcome === "lease-expired";
  return [
    next,
    [
      { type: "attempted", attempt },
      ...(isUnaware ? [withdrawal(state)] : []),
      ...twins.map(rejection),
      ...effects,
    ],
  ];
}

/** Awards the best bid that is affordable and worth it, or settles. */
function awardNext(
  terms: AuctionTerms,
  round: number,
  runnersUp: readonly RecordedBid[],
  attempts: readonly Attempt[],
): ContractNetStep {
  const best = bestOf(attempts);
  const leftMicros = terms.budgetMicros - spentMicros(attempts);
  const index = runnersUp.findIndex((bid) => bid.priceMicros <= leftMicros);
  const next = runnersUp[index];
  const isEnough =
    best !== undefined &&
    (terms.mechanism === "single" || next === undefined || next.scoreMicros <= best.valueMicros);
  if (isEnough) return settle({ kind: "awarded", best, attempts }, runnersUp);
  if (next === undefined) return settle({ kind: "exhausted", attempts }, runnersUp);
  return [
    {
      phase: "awarding",
      terms,
      round: round + 1,
      standing: next,
      runnersUp: runnersUp.toSpliced(index, 1),
      attempts,
    },
    [
      { type: "arm", timer: "confirm", round: round + 1, afterMs: terms.confirmMs },
      { type: "award", round: round + 1, bid: next },
    ],
  ];
}

function settle(outcome: ContractNetOutcome, losers: readonly RecordedBid[]): ContractNetStep {
  return [{ phase: "closed", outcome }, [...losers.map(rejection), { type: "settle", outcome }]];
}

function attemptBy(
  state: Contracted,
  workMicros: number,
): Pick<Attempt, "round" | "bidder" | "kind" | "priceMicros"> {
  const { bidder, kind, priceMicros } = state.standing;
  // A bid binds: work beyond it is the bidder's loss, so that U4 holds whatever it reports.
  return { round: state.round, bidder, kind, priceMicros: Math.min(workMicros, priceMicros) };
}

function isStanding(
  state: Contracted,
  event: { readonly round: number; readonly bidder: Address },
): boolean {
  return event.round === state.round && event.bidder === state.standing.bidder;
}

function hasAnswered(state: Bidding, bidder: Address): boolean {
  return state.refusals.includes(bidder) || state.bids.some((bid) => bid.bidder === bidder);
}

function without(
  awaiting: readonly Address[] | "anyone",
  heard: Address,
): readonly Address[] | "anyone" {
  return awaiting === "anyone" ? awaiting : awaiting.filter((address) => address !== heard);
}

function unheard({ awaiting }: Bidding): readonly ContractNetEffect[] {
  if (awaiting === "anyone" || awaiting.length === 0) return [];
  return [{ type: "unheard", bidders: awaiting }];
}

function withdrawal(state: Contracted): ContractNetEffect {
  return { type: "withdraw", round: state.round, bidder: state.standing.bidder };
}

function rejection(bid: RecordedBid): ContractNetEffect {
  return { type: "reject", bidder: bid.bidder };
}
