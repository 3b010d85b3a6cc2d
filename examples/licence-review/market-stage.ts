/**
 * Stage 4, market: every file's classification is auctioned among bidders of different price and skill,
 * and the market learns from checked results whom to trust with what.
 *
 * A result is checked by the board's rule without the declared identifier; what the checks cost is part
 * of the market's cost. The market is compared with always asking the best bidder, always the cheapest,
 * and each in turn, over the same files in the same run.
 */
import { auctioneer } from "../../actors/index.ts";
import { type Auctioneer, type AuctionOutcome, verdictsOn } from "../../protocols/index.ts";
import {
  type ActorRef,
  type Address,
  type Random,
  type System,
  TroupeError,
} from "../../runtime/index.ts";
import {
  type Appraisal,
  Checker,
  CLASSIFICATION,
  type MarketResult,
  type MarketTask,
  METHODS,
} from "./bidders.ts";
import { textIdentity } from "./methods/text-identity.ts";
import type { ReviewedFile } from "./pipeline-stage.ts";
import type { Progress } from "./progress.ts";

/** What the market needs. */
export interface MarketOptions {
  /** Where the auctioneer lives. */
  readonly host: Pick<System, "spawn" | "refOf">;
  /** Those who check results just now, taken in turn; one or more. */
  readonly checkers: () => readonly Address[];
  readonly progress: Progress;
  readonly root: string;
  readonly files: readonly ReviewedFile[];
  /** Shuffles the order in which the files come to the market. */
  readonly random: Random;
}

/** One file sold. */
export interface Sold {
  readonly file: ReviewedFile;
  readonly licence: string | null;
  /** Counted work. */
  readonly cost: number;
}

/** What was learned of one bidder. */
export interface Standing {
  readonly bidder: string;
  /** The share of its checked results that were right, 0..1. */
  readonly quality: number;
  readonly verified: number;
  readonly won: number;
}

/** What the market brought about, and what the alternatives would have. */
export interface MarketOutcome {
  readonly sold: readonly Sold[];
  readonly best: readonly Sold[];
  readonly cheapest: readonly Sold[];
  readonly roundRobin: readonly Sold[];
  readonly learned: readonly Standing[];
}

const AT_A_TIME = 24;
const AUCTION_TIMEOUT = "60s";
/** A bidder of a busy node may need this long; once all are known, an auction closes with the last bid. */
const BID_WINDOW = "400ms";
/** How often a call that nobody answered in time is repeated: the nodes may be busy, or one was lost. */
const MOST_CALLS = 10;
/** How often another checker is asked when one is lost. */
const MOST_CHECKERS = 3;
/** A right answer is worth this many times the best bidder's price: see `protocols/market/bid-score.ts`. */
const VALUE_FACTOR = 25;

/** Sells every file. */
export async function runMarket(options: MarketOptions): Promise<MarketOutcome> {
  const { host, progress, files, random, root } = options;
  const hall = host.spawn(auctioneer({ bidWindow: BID_WINDOW }), { name: "auctioneer" });
  const ledger = new StandingsLedger();
  const sales: Sold[] = [];
  const appraisals = new Map<ReviewedFile, Appraisal>();
  const waiting = shuffled(files, random);
  const sell = async (seller: number): Promise<void> => {
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      const { document, guess } = file;
      const task: MarketTask = { root, document, tokens: guess.tokens };
      const checker = checkerFor(options, seller);
      const appraisal = await checker((one) =>
        one.ask("appraise", task, { timeout: AUCTION_TIMEOUT }),
      );
      appraisals.set(file, appraisal);
      const best = appraisal[BEST]?.workUnits ?? 0;
      const offer: Sale = { hall, checker, file, task, ledger, valueMicros: best * VALUE_FACTOR };
      sales.push(await sold(offer));
      progress.report("market", sales.length, files.length);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, (_, seller) => sell(seller)));
  const always = (kindOf: (index: number) => string): readonly Sold[] =>
    files.map((file, index) => {
      const alone = appraisals.get(file)?.[kindOf(index)];
      return { file, licence: alone?.licence ?? null, cost: alone?.workUnits ?? 0 };
    });
  return {
    sold: sales,
    best: always(() => BEST),
    cheapest: always(() => CHEAPEST),
    roundRobin: always((index) => METHODS[index % METHODS.length]?.kind ?? BEST),
    learned: ledger.standings(),
  };
}

/** The bidder that compares with everything, and the one that reads least. */
const BEST = "similarity-all";
const CHEAPEST = "title";

type CheckerRef = ActorRef<(typeof Checker)["operations"]>;

/** Asks a checker, and another one when it is lost. */
type AskChecker = <T>(asked: (checker: CheckerRef) => Promise<T>) => Promise<T>;

/** The checker of a seller's turn; what it is asked may be asked of any, as often as one likes. */
function checkerFor({ host, checkers }: MarketOptions, seller: number): AskChecker {
  return async (asked) => {
    for (let tried = 1; ; tried++) {
      const present = checkers();
      const one = host.refOf(Checker, present[(seller + tried) % present.length] ?? "");
      try {
        return await asked(one);
      } catch (error) {
        const isLost = error instanceof TroupeError && error.retry !== "never";
        if (!isLost || tried === MOST_CHECKERS) throw error;
      }
    }
  };
}

interface Sale {
  readonly hall: ActorRef<(typeof Auctioneer)["operations"]>;
  readonly checker: AskChecker;
  readonly file: ReviewedFile;
  readonly task: MarketTask;
  readonly ledger: StandingsLedger;
  readonly valueMicros: number;
}

/** Calls for proposals until somebody bids. */
async function auctioned({ hall, file, task, valueMicros }: Sale): Promise<AuctionOutcome> {
  for (let calls = 1; ; calls++) {
    const outcome = await hall.ask(
      "auction",
      {
        capability: CLASSIFICATION,
        task,
        // An empty text is worth nothing, but an auction needs a value.
        valueMicros: Math.max(1, valueMicros),
        feature: file.guess.opening,
      },
      { timeout: AUCTION_TIMEOUT },
    );
    if (outcome.kind !== "no-bids" || calls === MOST_CALLS) return outcome;
  }
}

/** Auctions one file, and has the result checked when the market wants to learn or doubts it. */
async function sold(offer: Sale): Promise<Sold> {
  const { hall, checker, file, task, ledger } = offer;
  const outcome = await auctioned(offer);
  switch (outcome.kind) {
    case "awarded": {
      const { best, attempts, verify, auction, costMicros } = outcome;
      ledger.won(best.kind);
      const { licence } = best.result as MarketResult;
      if (verify === "none") return { file, licence, cost: costMicros };
      const checked = await checker((one) => one.ask("check", task, { timeout: AUCTION_TIMEOUT }));
      const cost = costMicros + checked.workUnits;
      // A check that comes to no result proves nobody right or wrong.
      if (checked.licence === null) return { file, licence, cost };
      const truth = textIdentity(checked.licence);
      const isRight = (result: unknown): boolean => {
        const claim = (result as MarketResult).licence;
        return claim !== null && textIdentity(claim) === truth;
      };
      const informed = attempts.filter((attempt) => attempt.outcome === "informed");
      for (const { kind, result } of informed) ledger.checked(kind, isRight(result));
      hall.tell("verified", { auction, ...verdictsOn(informed, isRight) });
      return { file, licence: checked.licence, cost };
    }
    case "no-bids":
      return { file, licence: null, cost: 0 };
    case "exhausted":
    case "cancelled":
      return { file, licence: null, cost: outcome.costMicros };
  }
}

/** Counts, for the report, what the checks said of each kind of bidder. */
class StandingsLedger {
  readonly #right = new Map<string, number>();
  readonly #verified = new Map<string, number>();
  readonly #won = new Map<string, number>();

  won(kind: string): void {
    this.#won.set(kind, (this.#won.get(kind) ?? 0) + 1);
  }

  checked(kind: string, right: boolean): void {
    this.#verified.set(kind, (this.#verified.get(kind) ?? 0) + 1);
    if (right) this.#right.set(kind, (this.#right.get(kind) ?? 0) + 1);
  }

  standings(): readonly Standing[] {
    return [...new Set([...this.#won.keys(), ...this.#verified.keys()])]
      .sort(byName)
      .map((bidder) => {
        const verified = this.#verified.get(bidder) ?? 0;
        const quality = verified === 0 ? 0 : (this.#right.get(bidder) ?? 0) / verified;
        return { bidder, quality, verified, won: this.#won.get(bidder) ?? 0 };
      });
  }
}

/** Fisher–Yates on a copy. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = random.int(last + 1);
    const item = copy[last];
    const swapped = copy[other];
    if (item === undefined || swapped === undefined) continue;
    copy[last] = swapped;
    copy[other] = item;
  }
  return copy;
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
