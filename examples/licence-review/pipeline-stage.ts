/**
 * Stage 1, orchestrator–worker: every file is read, classified, searched for terms and summarised, one
 * durable task a step, by workers on all nodes; half-way one node is killed.
 */
import { jobProgress, jobReports, orchestrator } from "../../actors/index.ts";
import {
  type Assigned,
  type AssignmentReport,
  type Progress as JobProgress,
  type Plan,
  plan,
} from "../../protocols/index.ts";
import { TroupeError } from "../../runtime/index.ts";
import type { Term } from "./answers/term.ts";
import type { Crew } from "./crew.ts";
import type { EventTally } from "./event-tally.ts";
import type { LicenceDocument, SkippedFile } from "./files/document.ts";
import type { Progress } from "./progress.ts";
import {
  Classify,
  type Guess,
  Obligations,
  Read,
  type ReadResult,
  Summarise,
  type Summary,
} from "./steps.ts";

/** A file after the pipeline. */
export interface ReviewedFile {
  readonly document: LicenceDocument;
  readonly guess: Guess;
  readonly terms: readonly Term[];
  readonly summary: Summary;
}

/** What the pipeline brought about. */
export interface PipelineResult {
  readonly files: readonly ReviewedFile[];
  readonly skipped: readonly SkippedFile[];
  readonly tasksAccepted: number;
  readonly tasksDone: number;
  readonly tasksLost: number;
  readonly duplicateResults: number;
}

/** What the pipeline needs. */
export interface PipelineOptions {
  readonly crew: Crew;
  readonly tally: EventTally;
  readonly progress: Progress;
  readonly root: string;
  readonly documents: readonly LicenceDocument[];
  /** Once half of the work is done, called until it resolves with `struck`. */
  readonly halfWay?: () => Promise<"struck" | "missed">;
}

/** The job of every review; each has a cluster of its own. */
export const JOB = "review";

const TIMEOUT_MS = 10 * 60_000;
const PAGE = 200;

/** Runs the pipeline to its end. */
export async function runPipeline(options: PipelineOptions): Promise<PipelineResult> {
  const { crew, documents, root, tally, progress, halfWay } = options;
  const boss = crew.system.spawn(orchestrator, {
    name: "orchestrator",
    input: { plan: reviewPlan(JOB, root, documents), timeout: TIMEOUT_MS },
  });
  let duplicateResults = 0;
  let struck = halfWay === undefined;
  for await (const now of jobProgress(boss, { clock: crew.system.ports.clock })) {
    if (now.phase === "cancelled") throw new TroupeError("refused", "the review was cancelled");
    duplicateResults = now.duplicateResults;
    if (isHalfWay(now, progress) && !struck) struck = (await halfWay?.()) === "struck";
  }
  const reports: AssignmentReport[] = [];
  for await (const report of jobReports(boss, PAGE)) reports.push(report);
  await crew.flush();
  const hops = reports.flatMap((report) => report.hops);
  const terminal = new Set(hops.map(({ task }) => task));
  const files: ReviewedFile[] = [];
  const skipped: SkippedFile[] = [];
  const resultOf = new Map(reports.map(({ id, result }) => [id, result]));
  for (const document of documents) {
    const { path } = document;
    const read = resultOf.get(`read.${document.id}`) as ReadResult | undefined;
    const guess = resultOf.get(`classify.${document.id}`) as Guess | undefined;
    if (read === undefined || guess === undefined) {
      skipped.push({ path, reason: "a step of the review failed" });
    } else if (read.kind === "skipped") {
      skipped.push({ path, reason: read.reason });
    } else {
      files.push({
        document,
        guess,
        terms: (resultOf.get(`terms.${document.id}`) as readonly Term[] | undefined) ?? [],
        summary: (resultOf.get(`summary.${document.id}`) as Summary | undefined) ?? NO_SUMMARY,
      });
    }
  }
  return {
    files,
    skipped,
    tasksAccepted: tally.accepted.size,
    tasksDone: hops.filter(({ phase }) => phase === "done").length,
    tasksLost: [...tally.accepted].filter((task) => !terminal.has(task)).length,
    duplicateResults,
  };
}

const NO_SUMMARY: Summary = { text: "", model: "" };

/** Read, classify, extract, summarise, for each file. */
function reviewPlan(job: string, root: string, documents: readonly LicenceDocument[]): Plan {
  return plan(job, (assign) => {
    const read = new Map<string, Assigned<ReadResult>>();
    const classified = new Map<string, Assigned<Guess>[]>();
    for (const document of documents) {
      const { id } = document;
      const text = assign(Read, { id: `read.${id}`, given: { root, document } });
      read.set(id, text);
      const guess = assign(Classify, { id: `classify.${id}`, needs: { read: text } });
      const siblings = classified.get(document.package.directory);
      if (siblings === undefined) classified.set(document.package.directory, [guess]);
      else siblings.push(guess);
    }
    for (const document of documents) {
      const { id } = document;
      const text = read.get(id);
      if (text === undefined) continue;
      // What the package ships elsewhere tells whether a licence that a README names is among it.
      const shipped = classified.get(document.package.directory) ?? [];
      assign(Obligations, {
        id: `terms.${id}`,
        given: { root, document },
        needs: { read: text, shipped },
      });
      assign(Summarise, {
        id: `summary.${id}`,
        needs: { read: text },
        fallback: [
          { kind: "retry", times: 1 },
          { kind: "default", value: NO_SUMMARY },
        ],
      });
    }
  });
}

/** Tells how far the job is; whether that is half-way, with something left to do. */
function isHalfWay(now: JobProgress, progress: Progress): boolean {
  const settled = Object.values(now.capabilities).reduce((sum, one) => sum + one.settled, 0);
  progress.report("orchestrator–worker", settled, now.assignments);
  return now.phase === "running" && settled * 2 >= now.assignments;
}
