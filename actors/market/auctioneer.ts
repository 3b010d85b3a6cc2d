/**
 * An auctioneer: runs many auctions at once and learns whom to trust.
 *
 * Owns: the messages' journey, the timers and the market's memory. The decisions are its neighbours':
 * one auction in `protocols/market/contract-net.ts`, ratings and learning in `protocols/market/market.ts`, exclusion
 * in `protocols/market/roster.ts`, checks in `protocols/market/verification.ts`.
 *
 * U1 to U5 as in `contract-net.ts`.
 * Q1: bidders are who their messages come from.
 * Q2: an auction whose client gave up is cancelled before its next award.
 * Q3: when a bidder ends, its award goes to the runner-up at once, not when its lease expires.
 * Q4: what was verified is counted once per auction and bidder; auctions are remembered for that
 *     until `remembered` later ones have ended.
 *
 * Its memory is its state: a restart begins with an empty table.
 *
 * Cost: one broadcast per auction, and per bidder one message each way.
 */

import type { Attempt } from "../../protocols/market/attempt.ts";
import {
  Auctioneer,
  type AuctioneerOperations,
  type AuctionRequest,
  type Bid,
  Bidder,
  type Inform,
  topicOf,
  type Verified,
} from "../../protocols/market/auction.ts";
import { meanOf } from "../../protocols/market/beta.ts";
import type { RecordedBid } from "../../protocols/market/close-rule.ts";
import {
  type ContractNetEffect,
  type ContractNetEvent,
  type ContractNetOutcome,
  type ContractNetStep,
  open,
  step,
} from "../../protocols/market/contract-net.ts";
import type { Forgetting } from "../../protocols/market/learned-quality.ts";
import {
  emptyMarket,
  learn,
  type Market,
  ratedBid,
  type WeighedResult,
  weighResult,
} from "../../protocols/market/market.ts";
import {
  type ExclusionPolicy,
  isAdmitted,
  participantsOf,
  type Roster,
  withAnswer,
  withAward,
  withDelivery,
  withFailure,
  withoutMember,
  withRelease,
  withSilence,
} from "../../protocols/market/roster.ts";
import {
  type VerificationPolicy,
  verificationAdvice,
} from "../../protocols/market/verification.ts";
import {
  type ActorContext,
  type ActorDefinition,
  type ActorOptions,
  actor,
} from "../../runtime/actor.ts";
import type { Address } from "../../runtime/address.ts";
import { type Duration, durationMs } from "../../runtime/duration.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import {
  callOf,
  newSale,
  outcomeOf,
  qualityOfBest,
  type Sale,
  standingBid,
  termsOf,
  timerKey,
  turnOf,
} from "./sale.ts";

/** How an auctioneer works. */
export interface AuctioneerSpec {
  /** How long bids are awaited when not all known bidders have answered; default 150 ms. */
  readonly bidWindow?: Duration;
  /** How long a winner may take to confirm; default 1 s. */
  readonly confirm?: Duration;
  /** How long a confirmed winner may take to inform; default 30 s. */
  readonly lease?: Duration;
  /** How many auctions may be open; further ones are refused with `market-full`. Default 1,024. */
  readonly capacity?: number;
  /** How many ended auctions are remembered for `verified`; default 4,096. */
  readonly remembered?: number;
  readonly forgetting?: Forgetting;
  readonly verification?: VerificationPolicy;
  readonly exclusion?: ExclusionPolicy;
}

interface Hall {
  market: Market;
  roster: Roster;
  readonly sales: Map<string, Sale>;
  /** Results of ended auctions that nobody verified yet, oldest first. */
  readonly ended: Map<string, ReadonlyMap<Address, WeighedResult>>;
}

type Context = ActorContext<AuctioneerOperations, Hall, undefined>;

const TIMERS = ["deadline", "confirm", "lease"] as const;

/** Bursts of bids are larger than the default mailbox: open auctions × bidders. */
const MAILBOX = { capacity: 65_536 } as const;

/**
 * Defines an auctioneer.
 *
 * @throws {RangeError} when a duration is not one
 *
 * @example
 * const hall = system.spawn(auctioneer(), { name: "hall" });
 * const sold = await hall.ask("auction", { capability: "classify@1", task: text, valueMicros: 1e6 });
 */
export function auctioneer(
  spec: AuctioneerSpec = {},
  options: ActorOptions = {},
): ActorDefinition<AuctioneerOperations, undefined> {
  const { capacity = 1_024, remembered = 4_096, forgetting, verification, exclusion } = spec;
  const spans = {
    bidWindowMs: durationMs(spec.bidWindow ?? "150ms"),
    confirmMs: durationMs(spec.confirm ?? "1s"),
    leaseMs: durationMs(spec.lease ?? "30s"),
  };

  return actor(
    Auctioneer,
    (): Hall => ({ market: emptyMarket, roster: {}, sales: new Map(), ended: new Map() }),
    {
      auction: (ctx, request) => {
        const auction = request.auction ?? ctx.random.id();
        checkRequest(ctx, request, auction);
        if (ctx.state.sales.size >= capacity) ctx.fail("market-full", { capacity });
        const participants = participantsOf(ctx.state.roster, request.capability);
        const opened = open(termsOf(auction, request, spans), participants);
        const sale = newSale(auction, request, opened[0]);
        ctx.state.sales.set(auction, sale);
        ctx.ports.events.emit({ type: "auction.opened", auction, capability: request.capability });
        proceed(ctx, sale, opened);
        return sale.reply;
      },

      cancel: (ctx, { auction, reason }) => advance(ctx, auction, { type: "cancelled", reason }),

      bid: (ctx, bid) => {
        const bidder = ctx.sender;
        const sale = ctx.state.sales.get(bid.auction);
        if (bidder === undefined) return;
        heard(ctx, bidder, bid.capability);
        if (sale === undefined || sale.net.phase !== "bidding") return;
        const isWelcome =
          isPrice(bid.priceMicros) && isAdmitted(ctx.state.roster, bidder, ctx.clock.monotonicMs());
        if (!isWelcome) return advance(ctx, bid.auction, { type: "refusal", bidder });
        advance(ctx, bid.auction, { type: "bid", bid: rated(ctx, sale, bidder, bid) });
      },

      refusal: (ctx, { auction, capability }) => {
        const bidder = ctx.sender;
        if (bidder === undefined) return;
        heard(ctx, bidder, capability);
        advance(ctx, auction, { type: "refusal", bidder });
      },

      inform: (ctx, inform) => {
        const sale = ctx.state.sales.get(inform.auction);
        if (sale === undefined) return;
        const bid = standingBid(sale.net, inform.round);
        // Only what the standing award brings is weighed: a stale result must teach nothing.
        if (bid === undefined || bid.bidder !== ctx.sender) return;
        advance(ctx, inform.auction, weighed(ctx, sale, bid, inform));
      },

      failure: (ctx, { auction, round, reason, priceMicros }) => {
        const bidder = ctx.sender;
        if (bidder === undefined) return;
        const paidMicros = isPrice(priceMicros) ? priceMicros : 0;
        advance(ctx, auction, { type: "failed", round, bidder, priceMicros: paidMicros, reason });
      },

      turn: (ctx, { auction, event }) => advance(ctx, auction, event),

      verified: (ctx, verdicts) => learnFrom(ctx.state, verdicts),

      report: ({ state }) => ({
        market: state.market,
        roster: state.roster,
        openAuctions: state.sales.size,
      }),
    },
    { mailbox: MAILBOX, ...options, terminated: (ctx, { address }) => forget(ctx, address) },
  );

  function heard(ctx: Context, bidder: Address, capability: string): void {
    if (ctx.state.roster[bidder] === undefined) ctx.watch(bidder);
    ctx.state.roster = withAnswer(ctx.state.roster, bidder, capability);
  }

  /** A bidder has ended: nobody waits for its answer or its result any longer. */
  function forget(ctx: Context, bidder: Address): void {
    ctx.state.roster = withoutMember(ctx.state.roster, bidder);
    for (const { auction, net } of [...ctx.state.sales.values()]) {
      if (net.phase === "bidding") advance(ctx, auction, { type: "refusal", bidder });
      else if (net.phase !== "closed") {
        const { round } = net;
        const reason = "the bidder has ended";
        advance(ctx, auction, { type: "failed", round, bidder, priceMicros: 0, reason });
      }
    }
  }

  function advance(ctx: Context, auction: string, event: ContractNetEvent): void {
    const sale = ctx.state.sales.get(auction);
    if (sale !== undefined) proceed(ctx, sale, step(sale.net, event));
  }

  function proceed(ctx: Context, sale: Sale, [next, effects]: ContractNetStep): void {
    sale.net = next;
    for (const effect of effects) {
      if (effect.type === "award" && !sale.reply.isAwaited) {
        advance(ctx, sale.auction, { type: "cancelled", reason: "nobody waits for it" });
        return;
      }
      perform(ctx, sale, effect);
    }
  }

  function perform(ctx: Context, sale: Sale, effect: ContractNetEffect): void {
    const { auction } = sale;
    const { state } = ctx;
    switch (effect.type) {
      case "call":
        ctx.publish(topicOf(sale.request.capability), callOf(sale, ctx.self.address, spans));
        return;
      case "arm": {
        const { timer, round, afterMs } = effect;
        ctx.timers.after(timerKey(timer, auction), afterMs, "turn", turnOf(auction, timer, round));
        return;
      }
      case "award":
        award(ctx, sale, effect.round, effect.bid);
        return;
      case "attempted":
        noteStanding(ctx, effect.attempt);
        return;
      case "unheard":
        state.roster = withSilence(state.roster, effect.bidders);
        return;
      case "withdraw":
        state.roster = withRelease(state.roster, effect.bidder);
        ctx.refOf(Bidder, effect.bidder).tell("withdraw", { auction, round: effect.round });
        return;
      case "reject":
        ctx.refOf(Bidder, effect.bidder).tell("reject", { auction });
        return;
      case "settle":
        settle(ctx, sale, effect.outcome);
        return;
    }
  }

  function award(ctx: Context, sale: Sale, round: number, bid: RecordedBid): void {
    const { bidder, priceMicros } = bid;
    const { auction } = sale;
    const { self } = ctx;
    sale.awardedAtMs = ctx.clock.monotonicMs();
    ctx.state.roster = withAward(ctx.state.roster, bidder);
    ctx.ports.events.emit({ type: "auction.awarded", auction, bidder, priceMicros, round });
    ctx
      .refOf(Bidder, bidder)
      .ask("award", { auction, round, task: sale.request.task }, { timeout: spans.confirmMs })
      .then(
        (answer) =>
          self.tell("turn", {
            auction,
            event: answer.confirmed
              ? { type: "confirmed", round }
              : { type: "declined", round, reason: answer.reason },
          }),
        (error) => {
          const event = { type: "unconfirmed", round, reason: messageOf(error) } as const;
          return self.tell("turn", { auction, event });
        },
      );
  }

  function settle(ctx: Context, sale: Sale, outcome: ContractNetOutcome): void {
    const { sales, ended } = ctx.state;
    const { auction } = sale;
    sales.delete(auction);
    for (const timer of TIMERS) ctx.timers.cancel(timerKey(timer, auction));
    if (sale.weighed.size > 0) {
      ended.set(auction, sale.weighed);
      const oldest = ended.keys().next();
      if (ended.size > remembered && oldest.done !== true) ended.delete(oldest.value);
    }
    ctx.ports.events.emit({ type: "auction.closed", auction, outcome: outcome.kind });
    const quality = qualityOfBest(sale, outcome);
    const verify = verificationAdvice(quality, ctx.random.next(), verification);
    sale.reply.resolve(outcomeOf(sale, outcome, { quality: meanOf(quality), verify }));
  }

  function rated(ctx: Context, sale: Sale, bidder: Address, bid: Bid): RecordedBid {
    const { auction, kind, priceMicros, outstanding } = bid;
    if (ctx.ports.events.watched) {
      ctx.ports.events.emit({ type: "bid.received", auction, bidder, priceMicros });
    }
    const offered = { bidder, kind, priceMicros, outstanding };
    return ratedBid(ctx.state.market, sale.demand, offered, ctx.random.next(), forgetting);
  }

  /** The event that a result is, and what it teaches about how often and how fast. */
  function weighed(
    ctx: Context,
    sale: Sale,
    { bidder, kind }: RecordedBid,
    inform: Inform,
  ): ContractNetEvent {
    const { round, result, confidence } = inform;
    // A price that is no number costs the whole bid; contract-net caps it.
    const priceMicros = isPrice(inform.priceMicros) ? inform.priceMicros : Number.MAX_SAFE_INTEGER;
    const tookMs = ctx.clock.monotonicMs() - sale.awardedAtMs;
    const offered = {
      bidder,
      kind,
      priceMicros,
      tookMs,
      ...(confidence === undefined ? {} : { confidence }),
    };
    const [market, judged] = weighResult(ctx.state.market, sale.demand, offered, forgetting);
    ctx.state.market = market;
    sale.weighed.set(bidder, judged);
    const { valueMicros } = judged;
    return { type: "informed", round, bidder, priceMicros, valueMicros, result };
  }

  function learnFrom(state: Hall, { auction, right, wrong }: Verified): void {
    const results = state.ended.get(auction);
    if (results === undefined) return;
    state.ended.delete(auction);
    for (const [bidder, result] of results) {
      const verdict = right.includes(bidder)
        ? "right"
        : wrong.includes(bidder)
          ? "wrong"
          : undefined;
      if (verdict !== undefined) state.market = learn(state.market, result, verdict, forgetting);
    }
  }

  /** What the end of an award says about its bidder's standing. */
  function noteStanding(ctx: Context, { outcome, bidder }: Attempt): void {
    const { state } = ctx;
    switch (outcome) {
      case "informed":
        state.roster = withDelivery(state.roster, bidder);
        return;
      case "failed":
      case "unconfirmed":
      case "lease-expired":
        state.roster = withFailure(state.roster, bidder, ctx.clock.monotonicMs(), exclusion);
        return;
      case "declined":
        state.roster = withRelease(state.roster, bidder);
        return;
    }
  }
}

function checkRequest(ctx: Context, request: AuctionRequest, auction: string): void {
  const { valueMicros, budgetMicros, microsPerMs } = request;
  const isSound =
    isPrice(valueMicros) &&
    valueMicros > 0 &&
    (budgetMicros === undefined || isPrice(budgetMicros)) &&
    (microsPerMs === undefined || isPrice(microsPerMs));
  if (!isSound) ctx.fail("auction-invalid", { valueMicros, budgetMicros, microsPerMs });
  if (ctx.state.sales.has(auction)) ctx.fail("auction-open", { auction });
}

/** Prices come from other processes: whatever is no amount must not enter a sum. */
function isPrice(micros: unknown): micros is number {
  return typeof micros === "number" && Number.isFinite(micros) && micros >= 0;
}
