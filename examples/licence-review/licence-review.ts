/**
 * The licence review: four stages, each one pattern, over one cluster, while one node is killed.
 *
 * Owns: the order of the stages, the kill, and the sum. Each stage is in its own file.
 *
 * R1: what each file is found to be does not depend on whether a node was killed.
 * R2: truth (what packages declare) is used to score and, on the board, by the one source that says so;
 *     never by anything that answers.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Node } from "../../cluster/index.ts";
import {
  addressOf,
  type Clock,
  type Log,
  type ModelClients,
  type Random,
  seededRandom,
  TroupeError,
  type TroupeEvent,
} from "../../runtime/index.ts";
import { QUESTIONS } from "./answers/questions.ts";
import { type BoardResult, runBoard } from "./board-stage.ts";
import { type Crew, startCrew } from "./crew.ts";
import { runDesk } from "./desk-stage.ts";
import { type Counts, countsBetween, EventTally } from "./event-tally.ts";
import type { LicenceDocument } from "./files/document.ts";
import type { LicenceFiles } from "./files/licence-files.ts";
import { readManifest } from "./files/package-files.ts";
import { type MarketOutcome, runMarket, type Sold } from "./market-stage.ts";
import { agreementOf } from "./methods/agreement.ts";
import { declaration } from "./methods/declared.ts";
import { JOB, type PipelineResult, type ReviewedFile, runPipeline } from "./pipeline-stage.ts";
import type { Progress } from "./progress.ts";
import type { Classification, MarketFigures, ReviewSummary, StageFigures } from "./summary.ts";

/** The patterns, in the order of their stages. */
export const PATTERNS = ["orchestrator", "hierarchy", "blackboard", "market"] as const;

/** One of {@link PATTERNS}. */
export type Pattern = (typeof PATTERNS)[number];

/** What is reviewed, and how. */
export interface ReviewOptions {
  readonly id: string;
  /** The folder that was searched, absolute. */
  readonly root: string;
  readonly found: LicenceFiles;
  /** Node processes, 1 or more. */
  readonly nodes: number;
  /** Whether to kill a node half-way; one that is alone is spared. */
  readonly kill: "kill" | "no-kill";
  readonly seed: number;
  /** The stages to run; the first always runs, since the others work on what it found. */
  readonly patterns: ReadonlySet<Pattern>;
  /** Questions for the desk beside the fixed ones. */
  readonly questions: readonly string[];
  readonly natsUrl?: string;
  /** As the node processes are told. */
  readonly model: string;
  readonly models: ModelClients;
  readonly clock: Clock;
  readonly log: Log;
  readonly progress: Progress;
  readonly record: (event: TroupeEvent) => void;
  /** Aborted, the review ends everything that it started and rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/**
 * Reviews what was found.
 *
 * @throws {TroupeError} when the server or the nodes do not start, or are lost on the way
 */
export async function reviewLicences(options: ReviewOptions): Promise<ReviewSummary> {
  const { id, nodes, natsUrl, model, models, clock, log, signal } = options;
  const storeDir = mkdtempSync(join(tmpdir(), "troupe-review-"));
  const tally = new EventTally();
  let crew: Crew | undefined;
  try {
    crew = await startCrew({
      nodes,
      id,
      storeDir,
      model,
      models,
      clock,
      log,
      signal,
      record: (event) => {
        tally.record(event);
        options.record(event);
      },
      ...(natsUrl === undefined ? {} : { natsUrl }),
    });
    return await unlessEnded(new Review(options, crew, tally).run(), crew.node, signal);
  } catch (error) {
    // What broke while it was being ended says less than why.
    signal.throwIfAborted();
    throw crew === undefined ? error : await rootOf(error, crew.node, clock);
  } finally {
    await crew?.stop();
    rmSync(storeDir, { recursive: true, force: true });
  }
}

/** What `review` comes to, unless the node below it ends first or `signal` is aborted. */
function unlessEnded<T>(review: Promise<T>, node: Node, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  const ended = node.ended.then((end): never => {
    throw end.kind === "fenced" ? end.error : new TroupeError("system.stopped", "the node ended");
  });
  return Promise.race([review, aborted, ended]);
}

/** When an actor of `node` had stopped, the node is on its way out, and why says more. */
async function rootOf(error: unknown, node: Node, clock: Clock): Promise<unknown> {
  const isStopped = error instanceof TroupeError && STOPPED.has(error.code);
  if (!isStopped) return error;
  const waited = new Promise<undefined>((resolve) => {
    clock.after(NODE_END_MS, () => resolve(undefined));
  });
  const end = await Promise.race([node.ended, waited]);
  return end?.kind === "fenced" ? end.error : error;
}

/** A node that has lost its server or its lease ends within a second or two. */
const NODE_END_MS = 3_000;
const STOPPED: ReadonlySet<string> = new Set(["actor.stopped", "system.stopped"]);

class Review {
  readonly #options: ReviewOptions;
  readonly #crew: Crew;
  readonly #tally: EventTally;
  readonly #random: Random;
  readonly #startedMs: number;
  #kill: { readonly node: string; readonly atMs: number } | undefined;
  #suspectedMs: number | null = null;
  #resumedMs: number | null = null;

  constructor(options: ReviewOptions, crew: Crew, tally: EventTally) {
    this.#options = options;
    this.#crew = crew;
    this.#tally = tally;
    this.#random = seededRandom(options.seed);
    this.#startedMs = options.clock.monotonicMs();
  }

  async run(): Promise<ReviewSummary> {
    const { id, found, root, patterns, progress, questions, models } = this.#options;
    const crew = this.#crew;
    const natsVersion = crew.node.natsVersion;
    const pipeline = await this.#stage(() => this.#pipeline());
    const { files } = pipeline.result;
    const truth = truths(root, files);

    const desk = patterns.has("hierarchy")
      ? await this.#stage(() =>
          runDesk({ crew, progress, files, questions: [...QUESTIONS, ...questions] }),
        )
      : undefined;
    const unsure = files.filter(({ guess }) => guess.unsure);
    const board = patterns.has("blackboard")
      ? await this.#stage(() =>
          runBoard({ crew, clock: this.#options.clock, progress, root, files: unsure }),
        )
      : undefined;
    const market = patterns.has("market")
      ? await this.#stage(() =>
          runMarket({
            host: crew.node,
            checkers: () => crew.alive.map((name) => addressOf(name, "checker")),
            progress,
            root,
            files,
            random: this.#random.fork("market"),
          }),
        )
      : undefined;
    progress.done();

    const settledBy = (settled: BoardResult["settled"] | undefined) => (file: ReviewedFile) =>
      settled?.get(file.document.id)?.licence ?? file.guess.licence ?? undefined;
    const firstGuess = settledBy(undefined);
    const final = settledBy(board?.result.settled);
    const finalWithDeclared = settledBy(board?.result.settledWithDeclared);
    const share = (some: readonly ReviewedFile[], licenceOf: typeof final) =>
      agreementOf(some.map((file) => ({ licence: licenceOf(file), expression: truth.get(file) })));
    const agreement = share(files, final);
    const { identity } = models.client("auto");
    const answers = desk?.result;
    return {
      v: 1,
      id,
      model: {
        ...identity,
        note: identity.kind === "builtin" ? "not an LLM" : "an LLM, through Ollama",
      },
      nats: { version: natsVersion },
      nodes: crew.members,
      documents: files.length,
      scored: agreement.scored,
      agreement: agreement.share,
      agreementWithDeclared: share(files, finalWithDeclared).share,
      skipped: [...found.skipped, ...pipeline.result.skipped],
      classifications: files.map((file) => classificationOf(file, board?.result)),
      orchestrator: {
        ...pipeline.figures,
        items: files.length,
        ...countsOf(pipeline.result),
        reclaimedAfterKill: this.#kill === undefined ? 0 : this.#tally.takenFrom(this.#kill.node),
        agreement: share(files, firstGuess).share,
      },
      ...(desk === undefined || answers === undefined
        ? {}
        : {
            hierarchy: {
              ...desk.figures,
              items: answers.length,
              questions: answers.length,
              answered: answers.filter(({ outcome }) => outcome === "answered").length,
              escalated: answers.filter(({ outcome }) => outcome === "escalated").length,
              answers,
            },
          }),
      ...(board === undefined
        ? {}
        : {
            blackboard: {
              ...board.figures,
              items: unsure.length,
              posted: unsure.length,
              settled: board.result.settled.size,
              open: unsure.length - board.result.settled.size,
              entries: board.result.entries,
              explained: board.result.explained,
              agreement: share(unsure, final).share,
              firstGuessAgreement: share(unsure, firstGuess).share,
            },
          }),
      ...(market === undefined
        ? {}
        : {
            market: {
              ...market.figures,
              items: files.length,
              ...marketFigures(market.result, truth),
            },
          }),
      ...(this.#kill === undefined
        ? {}
        : {
            kill: {
              ...this.#kill,
              suspectedMs: this.#suspectedMs,
              resumedMs: this.#resumedMs,
            },
          }),
    };
  }

  async #pipeline(): Promise<PipelineResult> {
    const { crew, progress, clock, root, documents } = {
      ...this.#options,
      crew: this.#crew,
      documents: this.#options.found.documents,
    };
    const victim = this.#victim();
    return runPipeline({
      crew,
      tally: this.#tally,
      clock,
      progress,
      root,
      documents,
      ...(victim === undefined ? {} : { halfWay: () => this.#strike(victim) }),
    });
  }

  /** One of several; the last one standing is spared. */
  #victim(): string | undefined {
    const { alive } = this.#crew;
    if (this.#options.kill === "no-kill" || alive.length < 2) return undefined;
    return alive[this.#random.fork("kill").int(alive.length)];
  }

  /** Kills the victim, provided that it has work in hand that others must take over. */
  async #strike(victim: string): Promise<"struck" | "missed"> {
    const { clock, progress } = this.#options;
    if (!(await this.#crew.freezeAtWork(victim, JOB))) return "missed";
    const struckMs = clock.monotonicMs();
    this.#kill = { node: victim, atMs: Math.round(struckMs - this.#startedMs) };
    const { membership } = this.#crew.node;
    membership.subscribe(({ member }) => {
      if (member.name !== victim || this.#suspectedMs !== null) return;
      if (member.phase !== "suspected" && member.phase !== "down") return;
      this.#suspectedMs = Math.round(clock.monotonicMs() - struckMs);
      progress.say(`${victim} is suspected after ${this.#suspectedMs} ms`);
    });
    this.#tally.followKill(victim, () => {
      this.#resumedMs ??= Math.round(clock.monotonicMs() - struckMs);
    });
    this.#crew.kill(victim);
    progress.say(`${victim} was killed`);
    return "struck";
  }

  /** Runs one stage and says what it took. */
  async #stage<T>(
    run: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly figures: Omit<StageFigures, "items"> }> {
    const { clock } = this.#options;
    const from: Counts = this.#tally.counts();
    const startedMs = clock.monotonicMs();
    const result = await run();
    const wallMs = Math.round(clock.monotonicMs() - startedMs);
    await this.#crew.flush();
    return { result, figures: { wallMs, ...countsBetween(from, this.#tally.counts()) } };
  }
}

function countsOf({ tasksAccepted, tasksDone, tasksLost, duplicateResults }: PipelineResult) {
  return { tasksAccepted, tasksDone, tasksLost, duplicateResults };
}

/** What each file's package declares, where that is a valid expression. */
function truths(
  root: string,
  files: readonly ReviewedFile[],
): ReadonlyMap<ReviewedFile, string | undefined> {
  const byPackage = new Map<string, string | undefined>();
  const expressionOf = (document: LicenceDocument): string | undefined => {
    const { directory } = document.package;
    if (!byPackage.has(directory)) {
      byPackage.set(directory, declaration(readManifest(root, document)).expression);
    }
    return byPackage.get(directory);
  };
  return new Map(files.map((file) => [file, expressionOf(file.document)]));
}

function classificationOf(file: ReviewedFile, board: BoardResult | undefined): Classification {
  const { document, guess } = file;
  const settled = board?.settled.get(document.id);
  const known = { path: document.path, package: document.package.name };
  if (settled !== undefined) return { ...known, ...settled, settledBy: "board" };
  const { licence, confidence, unsure } = guess;
  return { ...known, licence, confidence, settledBy: unsure ? "open" : "pipeline" };
}

function marketFigures(
  outcome: MarketOutcome,
  truth: ReadonlyMap<ReviewedFile, string | undefined>,
) {
  const figures = (sold: readonly Sold[]): MarketFigures => ({
    agreement: agreementOf(
      sold.map(({ file, licence }) => ({
        licence: licence ?? undefined,
        expression: truth.get(file),
      })),
    ).share,
    cost: sold.reduce((sum, { cost }) => sum + cost, 0),
  });
  return {
    auctions: outcome.sold.length,
    ...figures(outcome.sold),
    best: figures(outcome.best),
    cheapest: figures(outcome.cheapest),
    roundRobin: figures(outcome.roundRobin),
    learned: outcome.learned,
  };
}
