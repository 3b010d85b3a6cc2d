/**
 * Stage 4, market: every file's classification is auctioned among bidders of different price and skill,
 * and the market learns from checked results whom to trust with what.
 *
 * Owns: the sales and the comparison. Its neighbours: `bidders.ts` what is bid, `checker.ts` what is
 * right, `standings.ts` what the checks said of whom.
 *
 * MK1: a result is checked by the board's rule without the declared identifier; what the checks cost is
 *      part of the market's cost.
 * MK2: what a right answer is worth follows from what the client knows beforehand: the length of the
 *      file and the number of reference texts.
 * MK3: what each method alone would have answered is asked when all is sold: the market cannot see it.
 * MK4: a node that dies costs time, not the sale: its bidders' awards go to others, its checker's work
 *      to another checker, and a file that nobody delivered is auctioned again, a bounded number of times.
 */
import { auctioneer } from "../../actors/index.ts";
import { type Auctioneer, type AuctionOutcome, verdictsOn } from "../../protocols/index.ts";
import { type ActorRef, addressOf, type Random, TroupeError } from "../../runtime/index.ts";
import { CLASSIFICATION, type MarketResult, type MarketTask, METHODS } from "./bidders.ts";
import { type Appraisal, Checker } from "./checker.ts";
import type { Crew } from "./crew.ts";
import { textIdentity } from "./methods/text-identity.ts";
import type { ReviewedFile } from "./pipeline-stage.ts";
import type { Progress } from "./progress.ts";
import { type Standing, Standings } from "./standings.ts";

/** What the market needs. */
export interface MarketOptions {
  readonly crew: Crew;
  readonly progress: Progress;
  readonly root: string;
  readonly files: readonly ReviewedFile[];
  /** Shuffles the order in which the files come to the market. */
  readonly random: Random;
}

/** One file classified, by whomever. */
export interface Sold {
  readonly file: ReviewedFile;
  readonly licence: string | null;
  /** Counted work. */
  readonly cost: number;
}

/** What the market brought about, and what the alternatives would have. */
export interface MarketOutcome {
  readonly sold: readonly Sold[];
  /** Each method alone over all files, by its kind. */
  readonly alone: ReadonlyMap<string, readonly Sold[]>;
  /** Each method in turn. */
  readonly roundRobin: readonly Sold[];
  readonly learned: readonly Standing[];
}

const AT_A_TIME = 24;
const TIMEOUT = "60s";
/** How often a file comes to the market when nobody delivers. */
const MOST_AUCTIONS = 3;
/** A bidder of a busy node may need this long; once all are known, an auction closes with the last bid. */
const BID_WINDOW = "400ms";
/**
 * A right answer is worth this many times the work of comparing the file with every reference text: see
 * `protocols/market/bid-score.ts`.
 */
const VALUE_FACTOR = 25;

/** Sells every file. */
export async function runMarket(options: MarketOptions): Promise<MarketOutcome> {
  const { crew, files, random, progress } = options;
  const hall = crew.system.spawn(auctioneer({ bidWindow: BID_WINDOW }), { name: "auctioneer" });
  const references = await asked(crew, 0, (checker) => checker.ask("references"));
  const standings = new Standings();
  const sold: Sold[] = [];
  await inParallel(shuffled(files, random), async (file, hand) => {
    const task = taskOf(file, options.root);
    const value = VALUE_FACTOR * task.tokens * references;
    const outcome = await auctioned(hall, file, task, value);
    sold.push(await settled({ crew, hall, standings, file, task, hand }, outcome));
    progress.report("market", sold.length, files.length);
  });
  await crew.system.stop(hall);
  const alone = await appraised(options);
  return {
    sold,
    alone,
    roundRobin: files.flatMap((_, index) => {
      const kind = METHODS[index % METHODS.length]?.kind ?? "";
      return alone.get(kind)?.[index] ?? [];
    }),
    learned: standings.all(),
  };
}

type Hall = ActorRef<(typeof Auctioneer)["operations"]>;

function taskOf({ document, guess }: ReviewedFile, root: string): MarketTask {
  return { root, document, tokens: guess.tokens };
}

/** The end of a file's auction; of its last one, when nobody delivered in those before. */
async function auctioned(
  hall: Hall,
  file: ReviewedFile,
  task: MarketTask,
  value: number,
): Promise<AuctionOutcome> {
  for (let auctions = 1; ; auctions++) {
    const outcome = await hall.ask(
      "auction",
      {
        capability: CLASSIFICATION,
        task,
        // An empty text is worth nothing, but an auction needs a value.
        valueMicros: Math.max(1, value),
        feature: file.guess.opening,
      },
      { timeout: TIMEOUT },
    );
    switch (outcome.kind) {
      case "awarded":
      case "cancelled":
        return outcome;
      case "no-bids":
      case "exhausted":
        if (auctions === MOST_AUCTIONS) return outcome;
    }
  }
}

interface Sale {
  readonly crew: Crew;
  readonly hall: Hall;
  readonly standings: Standings;
  readonly file: ReviewedFile;
  readonly task: MarketTask;
  /** Spreads the checks over the checkers. */
  readonly hand: number;
}

/** What a sale came to; its result is checked when the market wants to learn or doubts it. */
async function settled(sale: Sale, outcome: AuctionOutcome): Promise<Sold> {
  const { crew, hall, standings, file, task, hand } = sale;
  switch (outcome.kind) {
    case "awarded": {
      const { best, attempts, verify, auction, costMicros } = outcome;
      standings.won(best.kind);
      const { licence } = best.result as MarketResult;
      if (verify === "none") return { file, licence, cost: costMicros };
      const checked = await asked(crew, hand, (checker) => checker.ask("check", task, PATIENT));
      const cost = costMicros + checked.workUnits;
      // A check that comes to no result proves nobody right or wrong.
      if (checked.licence === null) return { file, licence, cost };
      const truth = textIdentity(checked.licence);
      const isRight = (result: unknown): boolean => {
        const claim = (result as MarketResult).licence;
        return claim !== null && textIdentity(claim) === truth;
      };
      const informed = attempts.filter((attempt) => attempt.outcome === "informed");
      for (const { kind, result } of informed) {
        standings.checked(kind, isRight(result) ? "right" : "wrong");
      }
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

/** What every method alone makes of every file, in the order of the files. */
async function appraised({
  crew,
  files,
  root,
}: MarketOptions): Promise<ReadonlyMap<string, readonly Sold[]>> {
  const appraisals = new Map<ReviewedFile, Appraisal>();
  await inParallel(files, async (file, hand) => {
    const task = taskOf(file, root);
    appraisals.set(
      file,
      await asked(crew, hand, (checker) => checker.ask("appraise", task, PATIENT)),
    );
  });
  const soldBy = (kind: string): readonly Sold[] =>
    files.map((file) => {
      const alone = appraisals.get(file)?.[kind];
      return { file, licence: alone?.licence ?? null, cost: alone?.workUnits ?? 0 };
    });
  return new Map(METHODS.map(({ kind }) => [kind, soldBy(kind)]));
}

const PATIENT = { timeout: TIMEOUT } as const;

type CheckerRef = ActorRef<(typeof Checker)["operations"]>;

/**
 * Asks the checkers that are there, one after the other, until one answers.
 *
 * @throws {TroupeError} as the last one did, or `node.down` when none is there
 */
async function asked<R>(
  { system, alive }: Crew,
  first: number,
  ask: (checker: CheckerRef) => Promise<R>,
): Promise<R> {
  let failure: unknown = new TroupeError("node.down", "no node is left to check a result");
  for (let turn = 0; turn < alive.length; turn++) {
    const node = alive[(first + turn) % alive.length] ?? "";
    try {
      return await ask(system.refOf(Checker, addressOf(node, "checker")));
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Does `work` on all items, so many at a time; `hand` is 0 up to that number. */
async function inParallel<T>(
  items: readonly T[],
  work: (item: T, hand: number) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const next = async (hand: number): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await work(item, hand);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, (_, hand) => next(hand)));
}

/** Fisher–Yates on a copy. */
function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
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
