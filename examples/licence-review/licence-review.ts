/**
 * The licence review: four stages, each one pattern, over one cluster, while one node is killed.
 *
 * Owns: the order of the stages and the sum. Each stage is in its own file, the kill in `strike.ts`, the
 * scores in `truth.ts`.
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
import { type ProcessCrew, startCrew } from "./crew.ts";
import { runDesk } from "./desk-stage.ts";
import { type Counts, countsBetween, EventTally } from "./event-tally.ts";
import type { LicenceFiles } from "./files/licence-files.ts";
import { runMarket } from "./market-stage.ts";
import { type ReviewedFile, runPipeline } from "./pipeline-stage.ts";
import type { Progress } from "./progress.ts";
import { Strike } from "./strike.ts";
import type { Answer, Classification, ReviewSummary, StageFigures } from "./summary.ts";
import { Truth } from "./truth.ts";

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
  let crew: ProcessCrew | undefined;
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
      say: (line) => options.progress.say(line),
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

/** What a stage brought about, and what it took. */
interface Staged<T> {
  readonly result: T;
  readonly figures: Omit<StageFigures, "items">;
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
  readonly #crew: ProcessCrew;
  readonly #tally: EventTally;
  readonly #random: Random;

  constructor(options: ReviewOptions, crew: ProcessCrew, tally: EventTally) {
    this.#options = options;
    this.#crew = crew;
    this.#tally = tally;
    this.#random = seededRandom(options.seed);
  }

  async run(): Promise<ReviewSummary> {
    const { id, found, root, patterns, progress, models } = this.#options;
    const crew = this.#crew;
    const strike = this.#strike();
    const pipeline = await this.#stage(() =>
      runPipeline({
        crew,
        tally: this.#tally,
        progress,
        root,
        documents: found.documents,
        ...(strike === undefined ? {} : { halfWay: () => strike.perform() }),
      }),
    );
    const { files } = pipeline.result;
    const unsure = files.filter(({ guess }) => guess.unsure);
    const questions = [...QUESTIONS, ...this.#options.questions];
    const desk = patterns.has("hierarchy")
      ? await this.#stage(() => runDesk({ crew, progress, files, questions }))
      : undefined;
    const board = patterns.has("blackboard")
      ? await this.#stage(() => runBoard({ crew, progress, root, files: unsure }))
      : undefined;
    const random = this.#random.fork("market");
    const market = patterns.has("market")
      ? await this.#stage(() => runMarket({ crew, progress, root, files, random }))
      : undefined;
    progress.done();

    const truth = new Truth(root);
    const agreement = truth.score(files, licenceAfter(board?.result.without));
    const { identity } = models.client("auto");
    const kill = strike?.report;
    return {
      v: 1,
      id,
      model: {
        ...identity,
        note: identity.kind === "builtin" ? "not an LLM" : "an LLM, through Ollama",
      },
      nats: { version: crew.node.natsVersion },
      nodes: crew.members,
      documents: files.length,
      scored: agreement.scored,
      agreement: agreement.share,
      agreementWithDeclared: truth.score(files, licenceAfter(board?.result.withDeclared)).share,
      skipped: [...found.skipped, ...pipeline.result.skipped],
      classifications: files.map((file) => classificationOf(file, board?.result)),
      orchestrator: {
        ...pipeline.figures,
        items: files.length,
        tasksAccepted: pipeline.result.tasksAccepted,
        tasksDone: pipeline.result.tasksDone,
        tasksLost: pipeline.result.tasksLost,
        duplicateResults: pipeline.result.duplicateResults,
        reclaimedAfterKill: kill === undefined ? 0 : this.#tally.takenFrom(kill.node),
        agreement: truth.score(files, firstGuess).share,
      },
      ...(desk === undefined ? {} : { hierarchy: hierarchyOf(desk) }),
      ...(board === undefined ? {} : { blackboard: blackboardOf(board, unsure, truth) }),
      ...(market === undefined
        ? {}
        : {
            market: {
              ...market.figures,
              items: files.length,
              auctions: market.result.sold.length,
              ...truth.scoreMarket(market.result),
              learned: market.result.learned,
            },
          }),
      ...(kill === undefined ? {} : { kill }),
    };
  }

  #strike(): Strike | undefined {
    const { kill, clock, progress } = this.#options;
    if (kill === "no-kill") return undefined;
    const random = this.#random.fork("kill");
    return Strike.on({ crew: this.#crew, tally: this.#tally, clock, progress, random });
  }

  /** Runs one stage and says what it took. */
  async #stage<T>(run: () => Promise<T>): Promise<Staged<T>> {
    const { clock } = this.#options;
    const from: Counts = this.#tally.counts();
    const startedMs = clock.monotonicMs();
    const result = await run();
    const wallMs = Math.round(clock.monotonicMs() - startedMs);
    await this.#crew.flush();
    return { result, figures: { wallMs, ...countsBetween(from, this.#tally.counts()) } };
  }
}

function firstGuess({ guess }: ReviewedFile): string | null {
  return guess.licence;
}

/** What a file is found to be once the board has had its say. */
function licenceAfter(end: BoardResult["without"] | undefined) {
  return (file: ReviewedFile): string | null =>
    end?.settled.get(file.document.id)?.licence ?? firstGuess(file);
}

function hierarchyOf({ result: answers, figures }: Staged<readonly Answer[]>) {
  const ended = (outcome: Answer["outcome"]): number =>
    answers.filter((answer) => answer.outcome === outcome).length;
  return {
    ...figures,
    items: answers.length,
    questions: answers.length,
    answered: ended("answered"),
    escalated: ended("escalated"),
    answers,
  };
}

function blackboardOf(
  { result, figures }: Staged<BoardResult>,
  posted: readonly ReviewedFile[],
  truth: Truth,
) {
  return {
    ...figures,
    items: posted.length,
    posted: posted.length,
    settled: result.without.settled.size,
    open: result.without.open.size,
    entries: result.entries,
    explained: result.explained,
    agreement: truth.score(posted, licenceAfter(result.without)).share,
    firstGuessAgreement: truth.score(posted, firstGuess).share,
  };
}

function classificationOf(file: ReviewedFile, board: BoardResult | undefined): Classification {
  const { document, guess, summary } = file;
  const known = {
    path: document.path,
    package: document.package.name,
    ...(summary.text === "" ? {} : { summary }),
  };
  const settled = board?.without.settled.get(document.id);
  if (settled !== undefined) return { ...known, ...settled, settledBy: "board" };
  const { licence, confidence } = guess;
  if (!guess.unsure) return { ...known, licence, confidence, settledBy: "pipeline" };
  const open = board?.without.open.get(document.id);
  const later = board?.withDeclared.settled.get(document.id);
  return {
    ...known,
    licence,
    confidence,
    settledBy: "open",
    open: open ?? { reason: guess.doubt, contenders: [] },
    ...(later === undefined ? {} : { withDeclared: later.licence }),
  };
}
