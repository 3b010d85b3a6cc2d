/**
 * Stage 3, blackboard: the files that the pipeline was unsure about are put on a board, where knowledge
 * sources on all nodes contribute until each is settled or the board comes to rest.
 *
 * First without the declared identifier, which is the truth that the result is scored with; then that
 * source is switched on and the board goes on from where it was.
 */
import type { Board } from "../../actors/index.ts";
import {
  type BoardStatus,
  entryId,
  explanationLines,
  type SubjectReport,
} from "../../protocols/index.ts";
import { type ActorRef, type Clock, TroupeError } from "../../runtime/index.ts";
import type { Crew } from "./crew.ts";
import { documentDraft, filesBoard, SOURCE_NAMES, settledLicence } from "./files-board.ts";
import type { ReviewedFile } from "./pipeline-stage.ts";
import type { Progress } from "./progress.ts";

/** What the board needs. */
export interface BoardOptions {
  readonly crew: Crew;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly root: string;
  /** The files to be settled. */
  readonly files: readonly ReviewedFile[];
}

/** A settled file. */
export interface Settled {
  readonly licence: string;
  readonly confidence: number;
}

/** What the board brought about. */
export interface BoardResult {
  /** By document id, without the declared identifier. */
  readonly settled: ReadonlyMap<string, Settled>;
  /** By document id, with it. */
  readonly settledWithDeclared: ReadonlyMap<string, Settled>;
  readonly entries: number;
  readonly explained: readonly { readonly path: string; readonly why: string }[];
}

const POLL_MS = 25;
const TIMEOUT_MS = 60_000;
const PAGE = 100;
const MOST_EXPLAINED = 5;

/** Runs the board to its rest, twice. */
export async function runBoard(options: BoardOptions): Promise<BoardResult> {
  const { crew, files, root } = options;
  const board = crew.node.spawn(filesBoard, {
    name: "board",
    input: {
      board: "review",
      expects: SOURCE_NAMES.filter((name) => name !== "declared"),
      off: ["declared"],
    },
  });
  const drafts = files.map(({ document }) => documentDraft({ root, document }));
  for (let from = 0; from < drafts.length; from += PAGE) {
    await board.ask("post", { author: "pipeline", drafts: drafts.slice(from, from + PAGE) });
  }
  const status = await untilAtRest(board, options);
  const settled = await settlements(board);
  const explained = await explanations(board, files, settled);
  await board.ask("enable", { source: "declared" });
  const last = await untilAtRest(board, options);
  return {
    settled,
    settledWithDeclared: await settlements(board),
    entries: Math.max(status.entries, last.entries),
    explained,
  };
}

type BoardRef = ActorRef<(typeof Board)["operations"]>;

async function untilAtRest(board: BoardRef, options: BoardOptions): Promise<BoardStatus> {
  const { clock, progress, files } = options;
  const deadlineMs = clock.monotonicMs() + TIMEOUT_MS;
  for (;;) {
    const status = await board.ask("status");
    progress.report("blackboard", status.settled, files.length);
    if (status.phase === "closed" || files.length === 0) return status;
    if (clock.monotonicMs() > deadlineMs) {
      throw new TroupeError("ask.timeout", `the board did not come to rest in ${TIMEOUT_MS} ms`);
    }
    await new Promise<void>((resolve) => {
      clock.after(POLL_MS, resolve);
    });
  }
}

async function settlements(board: BoardRef): Promise<ReadonlyMap<string, Settled>> {
  const settled = new Map<string, Settled>();
  let from: number | undefined = 0;
  while (from !== undefined) {
    const page: { readonly subjects: readonly SubjectReport[]; readonly next?: number } =
      await board.ask("subjects", { from, limit: PAGE });
    for (const { subject, settlement } of page.subjects) {
      if (settlement === undefined) continue;
      const { confidence } = settlement;
      settled.set(subject, { licence: settledLicence(settlement), confidence });
    }
    from = page.next;
  }
  return settled;
}

/** Why: of settled files where the board changed the first guess, then of others. */
async function explanations(
  board: BoardRef,
  files: readonly ReviewedFile[],
  settled: ReadonlyMap<string, Settled>,
): Promise<readonly { readonly path: string; readonly why: string }[]> {
  const changed = files.filter(({ document, guess }) => {
    const end = settled.get(document.id);
    return end !== undefined && end.licence !== guess.licence;
  });
  const explained: { readonly path: string; readonly why: string }[] = [];
  for (const { document } of [...changed, ...files]) {
    if (explained.length >= MOST_EXPLAINED) break;
    if (explained.some(({ path }) => path === document.path)) continue;
    const { explanation } = await board.ask("explain", {
      entry: entryId("settlement", document.id),
    });
    if (explanation === undefined) continue;
    explained.push({ path: document.path, why: explanationLines(explanation).join("\n") });
  }
  return explained;
}
