/**
 * Following a board from outside: until it is at rest, and its subjects.
 *
 * Owns: asking again and again; a board answers at once and never keeps an asker waiting for the end.
 */
import type {
  BoardStatus,
  SubjectPage,
  SubjectReport,
} from "../../protocols/blackboard/board-status.ts";
import type { ActorRef } from "../../runtime/actor-ref.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import type { PollingOptions } from "../polling.ts";
import { polled } from "../polling.ts";
import type { BoardOperations } from "./board-protocol.ts";

/**
 * The status of a board, look by look; the last one is closed. An empty board never is.
 *
 * @throws {TroupeError} `ask.timeout` when it is not at rest in time, `ask.cancelled` when the signal
 *   aborted, and whatever the ask rejects with
 */
export async function* boardProgress(
  board: ActorRef<BoardOperations>,
  options: PollingOptions,
): AsyncGenerator<BoardStatus, void> {
  for await (const status of polled(() => board.ask("status"), options)) {
    yield status;
    if (status.phase === "closed") return;
  }
}

/** The status of a board once it is closed; throws as {@link boardProgress} does. */
export async function boardRest(
  board: ActorRef<BoardOperations>,
  options: PollingOptions,
): Promise<BoardStatus> {
  for await (const status of boardProgress(board, options)) {
    if (status.phase === "closed") return status;
  }
  throw new TroupeError("ask.cancelled", "the board was not followed to its rest");
}

/** All subjects of a board, in the order in which they came, asked for page by page. */
export async function* boardSubjects(
  board: ActorRef<BoardOperations>,
  pageSize = 100,
): AsyncGenerator<SubjectReport, void> {
  let from: number | undefined = 0;
  while (from !== undefined) {
    const page: SubjectPage = await board.ask("subjects", { from, limit: pageSize });
    yield* page.subjects;
    from = page.next;
  }
}
