/**
 * Stage 3, blackboard: the files that the pipeline was unsure about are put on a board, where knowledge
 * sources on all nodes contribute until each is settled or declared open.
 *
 * First without the declared identifier, which is the truth that the result is scored with; then that
 * source is switched on and the board goes on from where it was. What was settled stays as it is: the
 * declared identifier can only settle what was open.
 */
import { type Board, boardProgress, boardSubjects } from "../../actors/index.ts";
import { type BoardStatus, entryId, explanationLines } from "../../protocols/index.ts";
import type { ActorRef } from "../../runtime/index.ts";
import type { Crew } from "./crew.ts";
import {
  documentDraft,
  filesBoard,
  type OpenFile,
  openFile,
  SOURCE_NAMES,
  settledLicence,
} from "./files-board.ts";
import type { ReviewedFile } from "./pipeline-stage.ts";
import type { Progress } from "./progress.ts";

/** What the board needs. */
export interface BoardOptions {
  readonly crew: Crew;
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

/** What the board came to, by document id: each file is in one of the two. */
export interface Settlements {
  readonly settled: ReadonlyMap<string, Settled>;
  /** Declared open, with those who contend for each. */
  readonly open: ReadonlyMap<string, OpenFile>;
}

/** What the board brought about. */
export interface BoardResult {
  /** Without the declared identifier. */
  readonly without: Settlements;
  readonly withDeclared: Settlements;
  readonly entries: number;
  readonly explained: readonly { readonly path: string; readonly why: string }[];
}

const TIMING = { every: "25ms", timeout: "60s" } as const;
const PAGE = 100;
const MOST_EXPLAINED = 5;

/** Runs the board to its rest, twice. */
export async function runBoard(options: BoardOptions): Promise<BoardResult> {
  const { crew, files, root } = options;
  const board = crew.system.spawn(filesBoard, {
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
  await rest(board, options);
  const without = await settlements(board);
  const explained = await explanations(board, files, without.settled);
  await board.ask("enable", { source: "declared" });
  const { entries } = await rest(board, options);
  return { without, withDeclared: await settlements(board), entries, explained };
}

type BoardRef = ActorRef<(typeof Board)["operations"]>;

async function rest(
  board: BoardRef,
  { crew, progress, files }: BoardOptions,
): Promise<Pick<BoardStatus, "entries">> {
  let last = { entries: 0 };
  // An empty board never comes to rest.
  if (files.length === 0) return last;
  for await (const status of boardProgress(board, { clock: crew.system.ports.clock, ...TIMING })) {
    progress.report("blackboard", status.settled, files.length);
    last = status;
  }
  return last;
}

async function settlements(board: BoardRef): Promise<Settlements> {
  const settled = new Map<string, Settled>();
  const open = new Map<string, OpenFile>();
  for await (const { subject, settlement, entries } of boardSubjects(board, PAGE)) {
    if (settlement === undefined) {
      open.set(subject, openFile(entries));
    } else {
      const { confidence } = settlement;
      settled.set(subject, { licence: settledLicence(settlement), confidence });
    }
  }
  return { settled, open };
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
