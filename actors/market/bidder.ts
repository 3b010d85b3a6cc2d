/**
 * A bidder: offers to do the tasks of a capability, and does those it is awarded.
 *
 * Owns: the awards in hand and the order in which they are worked on. Its neighbour `auctioneer.ts`
 * owns who is awarded.
 *
 * N1: it confirms an award before it works on it, and answers calls while it works.
 * N2: awards in hand are bounded: beyond `concurrency` + `backlog` it refuses and declines.
 * N3: every confirmed award ends in one inform or one failure, unless it is withdrawn.
 */

import {
  Auctioneer,
  type Award,
  Bidder,
  type BidderOperations,
  type CallForProposals,
  topicOf,
  type WorkTurn,
} from "../../protocols/market/auction.ts";
import {
  type ActorContext,
  type ActorDefinition,
  type ActorOptions,
  actor,
} from "../../runtime/actor.ts";
import type { Address } from "../../runtime/address.ts";
import { takesNewWorkHere } from "../../runtime/ports/membership.ts";
import { messageOf } from "../../runtime/troupe-error.ts";

/** What `perform` may use besides the task. */
export interface Performance {
  /** Aborts when the award is withdrawn and when the bidder stops. */
  readonly signal: AbortSignal;
  /** The models that the node has; see {@link ActorContext.model}. */
  readonly model: ActorContext<BidderOperations, never, undefined>["model"];
  readonly log: ActorContext<BidderOperations, never, undefined>["log"];
}

/** A result and what it took. */
export interface Performed<R> {
  readonly result: R;
  /** How sure the bidder is, 0..1; the market calibrates it by verified outcomes. */
  readonly confidence?: number;
  /** The counted work, in the market's unit of price; the bid's price when absent. */
  readonly priceMicros?: number;
}

/** What a bidder is. */
export interface BidderSpec<T, R> {
  /** What it is: bidders of one kind share experience, for example `similarity-common`. */
  readonly kind: string;
  /** For example `classify@1`. */
  readonly capability: string;
  /** The work that a task will take, counted, 0 or more; `undefined` refuses it. Binding. */
  readonly price: (task: T) => number | undefined;
  /** Does an awarded task; a throw is a failure of that award and nothing else. */
  readonly perform: (task: T, at: Performance) => Performed<R> | Promise<Performed<R>>;
  /** How many awards are worked on at once; default 1. */
  readonly concurrency?: number;
  /** How many more may wait; default 64. */
  readonly backlog?: number;
}

/** An award in hand. */
interface Job {
  readonly id: string;
  readonly auctioneer: Address;
  readonly award: Award;
  readonly bidMicros: number;
  readonly abort: AbortController;
}

interface Desk {
  readonly waiting: Job[];
  readonly working: Map<string, Job>;
}

type Context = ActorContext<BidderOperations, Desk, undefined>;

/**
 * Defines a bidder.
 *
 * @throws {RangeError} when `concurrency` is not a whole number from 1, or `backlog` not one from 0
 *
 * @example
 * const careful = bidder({
 *   kind: "careful", capability: "classify@1",
 *   price: (text: string) => text.length * 700,
 *   perform: (text) => ({ result: classify(text), confidence: 0.97 }),
 * });
 */
export function bidder<T, R>(
  spec: BidderSpec<T, R>,
  options: ActorOptions = {},
): ActorDefinition<BidderOperations, undefined> {
  const { concurrency = 1, backlog = 64 } = spec;
  checkWhole("concurrency", concurrency, 1);
  checkWhole("backlog", backlog, 0);
  const inHand = (desk: Desk): number => desk.waiting.length + desk.working.size;
  const isFull = (desk: Desk): boolean => inHand(desk) >= concurrency + backlog;

  return actor(
    Bidder,
    (_: undefined, ctx): Desk => {
      ctx.subscribe(topicOf(spec.capability), "call");
      return { waiting: [], working: new Map() };
    },
    {
      call: (ctx, call) => answerCall(ctx, call),

      award: (ctx, award) => {
        const auctioneer = ctx.sender;
        if (auctioneer === undefined || auctioneer === "") {
          return { confirmed: false, reason: "an award must come from an actor" };
        }
        if (isFull(ctx.state)) return { confirmed: false, reason: "busy" };
        const bidMicros = priced(ctx, award.task);
        if (bidMicros === undefined) return { confirmed: false, reason: "not for this task" };
        const id = jobId(auctioneer, award);
        ctx.state.waiting.push({
          id,
          auctioneer,
          award,
          bidMicros,
          abort: new AbortController(),
        });
        if (ctx.self.tell("turn", { type: "start" })) return { confirmed: true };
        ctx.state.waiting.pop();
        return { confirmed: false, reason: "busy" };
      },

      // Bids reserve nothing here, so a lost one frees nothing.
      reject: () => {},

      withdraw: (ctx, award) => {
        const { waiting, working } = ctx.state;
        const id = jobId(ctx.sender ?? "", award);
        const index = waiting.findIndex((job) => job.id === id);
        if (index >= 0) waiting.splice(index, 1);
        const job = working.get(id);
        if (job === undefined) return;
        job.abort.abort();
        working.delete(id);
        startNext(ctx);
      },

      turn: (ctx, turn) => takeTurn(ctx, turn),
    },
    {
      capability: spec.capability,
      ...options,
      stopping: (ctx) => {
        for (const job of ctx.state.working.values()) job.abort.abort();
        for (const job of [...ctx.state.waiting, ...ctx.state.working.values()]) {
          fail(ctx, job, "the bidder stopped");
        }
      },
    },
  );

  function answerCall(ctx: Context, call: CallForProposals): void {
    const { auction, capability } = call;
    const auctioneer = ctx.refOf(Auctioneer, call.auctioneer);
    // A node whose loop lags, or that drains, would only be late with it.
    const isBusy = isFull(ctx.state) || !takesNewWorkHere(ctx.ports.membership);
    const priceMicros = isBusy ? undefined : priced(ctx, call.task);
    if (priceMicros === undefined) {
      const reason = isBusy ? "busy" : "not for this task";
      auctioneer.tell("refusal", { auction, capability, reason });
      return;
    }
    const { kind } = spec;
    const outstanding = inHand(ctx.state);
    auctioneer.tell("bid", { auction, capability, kind, priceMicros, outstanding });
  }

  /** A task that cannot be priced is refused: it must not take down every bidder that hears of it. */
  function priced(ctx: Context, task: unknown): number | undefined {
    try {
      return spec.price(task as T);
    } catch (error) {
      ctx.log.warn({ err: error, kind: spec.kind }, "could not price a task");
      return undefined;
    }
  }

  function takeTurn(ctx: Context, turn: WorkTurn): void {
    switch (turn.type) {
      case "start":
        startNext(ctx);
        return;
      case "done": {
        const job = ctx.state.working.get(turn.job);
        if (job === undefined) return;
        ctx.state.working.delete(turn.job);
        const { auction, round } = job.award;
        ctx.refOf(Auctioneer, job.auctioneer).tell("inform", { auction, round, ...turn.work });
        startNext(ctx);
        return;
      }
      case "broke": {
        const job = ctx.state.working.get(turn.job);
        if (job === undefined) return;
        ctx.state.working.delete(turn.job);
        fail(ctx, job, turn.reason);
        startNext(ctx);
        return;
      }
    }
  }

  function startNext(ctx: Context): void {
    const { waiting, working } = ctx.state;
    while (working.size < concurrency) {
      const job = waiting.shift();
      if (job === undefined) return;
      working.set(job.id, job);
      start(ctx, job);
    }
  }

  function start(ctx: Context, job: Job): void {
    const { self, log } = ctx;
    const at: Performance = { signal: job.abort.signal, model: (name) => ctx.model(name), log };
    // The work outlives the handler; its end comes back as a message, so that state changes serially.
    perform(job, at).then(
      (work) => self.tell("turn", { type: "done", job: job.id, work }),
      (error) => self.tell("turn", { type: "broke", job: job.id, reason: messageOf(error) }),
    );
  }

  async function perform(
    job: Job,
    at: Performance,
  ): Promise<Extract<WorkTurn, { type: "done" }>["work"]> {
    const { result, confidence, priceMicros } = await spec.perform(job.award.task as T, at);
    return {
      result,
      priceMicros: priceMicros ?? job.bidMicros,
      ...(confidence === undefined ? {} : { confidence }),
    };
  }
}

function fail(ctx: Context, job: Job, reason: string): void {
  const { auction, round } = job.award;
  const failure = { auction, round, reason, priceMicros: 0 };
  ctx.refOf(Auctioneer, job.auctioneer).tell("failure", failure);
}

function jobId(auctioneer: Address, award: Pick<Award, "auction" | "round">): string {
  return `${auctioneer} ${award.auction} ${award.round}`;
}

function checkWhole(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new RangeError(`${name} must be a whole number from ${least}: ${value}`);
}
