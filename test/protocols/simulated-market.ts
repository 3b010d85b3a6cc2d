/**
 * A market of synthetic bidders over synthetic documents, run through the pure protocols.
 *
 * Owns: the worlds (who knows what, at which price) and the loop that an auctioneer and its client
 * make together, without time: every bid arrives, every winner confirms and answers. The verifier is
 * the dearest kind of bidder, never the truth: the truth only scores.
 */
import { type InformedAttempt, spentMicros } from "../../protocols/market/attempt.ts";
import {
  type ContractNet,
  type ContractNetEvent,
  open,
  step,
} from "../../protocols/market/contract-net.ts";
import {
  emptyMarket,
  learn,
  type Market,
  ratedBid,
  type WeighedResult,
  weighResult,
} from "../../protocols/market/market.ts";
import { verificationAdvice } from "../../protocols/market/verification.ts";
import { type Random, seededRandom } from "../../runtime/ports/random.ts";

/** What one kind of bidder makes of a document. */
export interface Opinion {
  readonly answer: string;
  readonly confidence: number;
  readonly priceMicros: number;
}

/** A document: the truth, and what each kind of bidder makes of it. */
export interface Document {
  readonly truth: string;
  readonly opinions: ReadonlyMap<string, Opinion>;
}

/** How often a kind is right on plain, altered and odd documents, and how well it knows. */
export interface Skill {
  readonly right: readonly [number, number, number];
  /** Stated confidence when right and when wrong, with the spread of both. */
  readonly confidence: readonly [number, number, number];
  readonly pricePerToken: number;
}

/** A world: skills by kind, the last of them the dearest and best. */
export type World = Readonly<Record<string, Skill>>;

/** Prices as the licence review counts them: tokens read × texts compared. */
export const countedWorld: World = {
  keyword: { right: [0.93, 0.7, 0.3], confidence: [0.85, 0.65, 0.12], pricePerToken: 30 },
  title: { right: [0.97, 0.6, 0.2], confidence: [0.95, 0.5, 0.1], pricePerToken: 5 },
  common: { right: [0.995, 0.9, 0.1], confidence: [0.97, 0.7, 0.08], pricePerToken: 20 },
  all: { right: [0.99, 0.96, 0.92], confidence: [0.97, 0.75, 0.08], pricePerToken: 700 },
};

/** Prices closer together, as between a small and a large language model. */
export const closeWorld: World = {
  keyword: { right: [0.93, 0.7, 0.3], confidence: [0.85, 0.65, 0.12], pricePerToken: 30 },
  title: { right: [0.97, 0.6, 0.2], confidence: [0.95, 0.5, 0.1], pricePerToken: 60 },
  common: { right: [0.995, 0.9, 0.1], confidence: [0.97, 0.7, 0.08], pricePerToken: 140 },
  all: { right: [0.99, 0.96, 0.92], confidence: [0.97, 0.75, 0.08], pricePerToken: 700 },
};

/** Confidence says little: right and wrong results overlap widely. */
export const vagueWorld: World = {
  keyword: { right: [0.93, 0.7, 0.3], confidence: [0.8, 0.7, 0.15], pricePerToken: 30 },
  title: { right: [0.97, 0.6, 0.2], confidence: [0.85, 0.65, 0.15], pricePerToken: 5 },
  common: { right: [0.995, 0.9, 0.1], confidence: [0.9, 0.7, 0.15], pricePerToken: 20 },
  all: { right: [0.99, 0.96, 0.92], confidence: [0.9, 0.8, 0.15], pricePerToken: 700 },
};

/** One cheap bidder claims certainty about everything, and is often wrong. */
export const braggingWorld: World = {
  bragger: { right: [0.6, 0.5, 0.4], confidence: [0.999, 0.999, 0], pricePerToken: 1 },
  ...countedWorld,
};

const LICENCES = ["MIT", "ISC", "Apache-2.0", "BSD-3-Clause", "BSD-2-Clause", "0BSD", "MPL-2.0"];

/** Documents of a world: 70 % plain, 20 % altered, 10 % odd. */
export function documentsOf(world: World, count: number, random: Random): readonly Document[] {
  return Array.from({ length: count }, () => {
    const roll = random.next();
    const difficulty = roll < 0.7 ? 0 : roll < 0.9 ? 1 : 2;
    const tokens = 100 + Math.floor(1_500 * random.next() ** 3);
    const truth = LICENCES[random.int(LICENCES.length)] ?? "MIT";
    const opinions = new Map<string, Opinion>();
    for (const [kind, skill] of Object.entries(world)) {
      const isRight = random.next() < (skill.right[difficulty] ?? 0);
      const [whenRight, whenWrong, spread] = skill.confidence;
      const noise = (random.next() + random.next() + random.next() - 1.5) * 1.15 * spread;
      opinions.set(kind, {
        answer: isRight ? truth : (LICENCES[random.int(LICENCES.length)] ?? "MIT"),
        confidence: Math.min(1, Math.max(0, (isRight ? whenRight : whenWrong) + noise)),
        priceMicros: tokens * skill.pricePerToken,
      });
    }
    return { truth, opinions };
  });
}

/** What a way of choosing bidders came to. */
export interface Tally {
  readonly agreement: number;
  readonly costMicros: number;
}

/** Always the same kind. */
export function always(kind: string, documents: readonly Document[]): Tally {
  let right = 0;
  let costMicros = 0;
  for (const { truth, opinions } of documents) {
    const opinion = opinions.get(kind);
    if (opinion?.answer === truth) right++;
    costMicros += opinion?.priceMicros ?? 0;
  }
  return { agreement: right / documents.length, costMicros };
}

/** Options of a simulated market. */
export interface MarketRun {
  readonly reference: string;
  /** Bidders by address; several may be of one kind. */
  readonly bidders: ReadonlyMap<string, string>;
  readonly valueMicros: number;
  readonly random: Random;
}

/** Auctions every document in turn, checks as advised, and pays for the checks. */
export function auctionAll(
  documents: readonly Document[],
  run: MarketRun,
): Tally & { readonly checks: number; readonly awards: number; readonly market: Market } {
  let market = emptyMarket;
  let right = 0;
  let costMicros = 0;
  let checks = 0;
  let awards = 0;
  for (const [index, document] of documents.entries()) {
    const sale = auctionOne(market, document, `a${index}`, run);
    market = sale.market;
    costMicros += spentMicros(sale.attempts);
    awards += sale.attempts.length;
    const reference = document.opinions.get(run.reference);
    const wasAsked = sale.attempts.some((attempt) => attempt.kind === run.reference);
    const advice = verificationAdvice(
      sale.weighed[sale.best]?.quality ?? NOTHING,
      run.random.next(),
    );
    let answer = sale.attempts[sale.best]?.result;
    if (wasAsked || advice !== "none") {
      if (!wasAsked) {
        checks++;
        costMicros += reference?.priceMicros ?? 0;
        answer = reference?.answer;
      }
      for (const [at, attempt] of sale.attempts.entries()) {
        const weighed = sale.weighed[at];
        if (weighed === undefined) continue;
        const verdict = attempt.result === reference?.answer ? "right" : "wrong";
        market = learn(market, weighed, verdict);
      }
    }
    if (answer === document.truth) right++;
  }
  return { agreement: right / documents.length, costMicros, checks, awards, market };
}

const NOTHING = { right: 0.5, wrong: 0.5 };

interface Sale {
  readonly market: Market;
  readonly attempts: readonly InformedAttempt[];
  readonly weighed: readonly WeighedResult[];
  /** Index of the attempt whose result is taken. */
  readonly best: number;
}

function auctionOne(known: Market, document: Document, auction: string, run: MarketRun): Sale {
  const demand = {
    feature: "",
    weights: { valueMicros: run.valueMicros },
    mechanism: "cascade",
  } as const;
  let market = known;
  const weighed: WeighedResult[] = [];
  const terms = {
    auction,
    mechanism: "cascade",
    budgetMicros: Number.POSITIVE_INFINITY,
    bidWindowMs: 150,
    confirmMs: 250,
    leaseMs: 1_000,
  } as const;
  let [state] = open(terms, [...run.bidders.keys()]);
  const tell = (event: ContractNetEvent): void => {
    [state] = step(state, event);
  };
  for (const [bidder, kind] of run.bidders) {
    const priceMicros = document.opinions.get(kind)?.priceMicros ?? 0;
    const bid = { bidder, kind, priceMicros, outstanding: 0 };
    tell({ type: "bid", bid: ratedBid(market, demand, bid, run.random.next()) });
  }
  for (;;) {
    const now: ContractNet = state;
    if (now.phase === "bidding") throw new Error("all were heard, so bidding must have closed");
    if (now.phase === "closed") {
      if (now.outcome.kind !== "awarded") throw new Error(`the auction ended ${now.outcome.kind}`);
      const attempts = now.outcome.attempts.filter((one) => one.outcome === "informed");
      return { market, attempts, weighed, best: attempts.indexOf(now.outcome.best) };
    }
    const { bidder, kind } = now.standing;
    const opinion = document.opinions.get(kind);
    if (opinion === undefined) throw new Error(`no opinion of ${kind}`);
    const result = { ...opinion, bidder, kind, tookMs: 1 };
    const [next, judged] = weighResult(market, demand, result);
    market = next;
    weighed.push(judged);
    const { round } = now;
    const { priceMicros } = opinion;
    tell({
      type: "informed",
      round,
      bidder,
      priceMicros,
      valueMicros: judged.valueMicros,
      result: opinion.answer,
    });
  }
}

/** `replicas` bidders of each kind, named by `name`. */
export function biddersOf(
  world: World,
  replicas: number,
  name: (index: number) => string,
): ReadonlyMap<string, string> {
  const kinds = Object.keys(world).flatMap((kind) => Array.from({ length: replicas }, () => kind));
  return new Map(kinds.map((kind, index) => [name(index), kind]));
}

/** A fresh stream per label, for worlds and runs that do not disturb each other. */
export function streamOf(seed: number, label: string): Random {
  return seededRandom(seed).fork(label);
}
