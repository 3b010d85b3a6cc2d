/**
 * Reading a board: in numbers, by subject, by entry. Nothing here changes it.
 */
import type { StandingEntry } from "./board-batch.ts";
import type { Blackboard, Subject } from "./board-state.ts";
import { type BoardState, entriesOf } from "./board-state.ts";
import type { BoardStatus, SubjectPage, SubjectReport } from "./board-status.ts";
import type { EntryId } from "./entry-id.ts";

/** A board in numbers. Cost: O(sources). */
export function statusOf(blackboard: Blackboard): BoardStatus {
  const board = blackboard as BoardState;
  const { phase } = board;
  let contributions = 0;
  for (const standing of board.entries.values()) contributions += standing.contributions.length;
  return {
    board: board.board,
    phase: phase.is,
    ...(phase.is === "closed" ? { outcome: phase.outcome } : {}),
    sequence: board.sequence,
    entries: board.entries.size,
    contributions,
    subjects: board.subjects.size,
    settled: board.settled,
    waiting: board.agenda.size,
    inFlight: board.inFlight.size,
    activations: board.ksars.size,
    lost: board.lost,
    spent: board.spent,
    sources: [...board.sources].map(([name, { instances }]) => ({
      name,
      on: !board.off.has(name),
      instances: instances.size,
    })),
  };
}

/**
 * A page of subjects, in the order in which they came.
 *
 * @param from - index of the first, from 0
 * @param limit - how many at most
 */
export function subjectPage(blackboard: Blackboard, from: number, limit: number): SubjectPage {
  const board = blackboard as BoardState;
  const all = [...board.subjects.values()];
  const subjects = all.slice(from, from + limit).map((subject) => reportOf(board, subject));
  return { subjects, ...(from + limit < all.length ? { next: from + limit } : {}) };
}

function reportOf(board: BoardState, subject: Subject): SubjectReport {
  const { name, settlement: end } = subject;
  const settled = end.phase === "settled" ? board.entries.get(end.id)?.entry : undefined;
  return {
    subject: name,
    phase: settled === undefined ? "open" : "settled",
    ...(settled === undefined ? {} : { settlement: settled }),
    entries: entriesOf(board, subject),
  };
}

/** An entry with its contributions, when it is on the board. */
export function standingOf(blackboard: Blackboard, id: EntryId): StandingEntry | undefined {
  return (blackboard as BoardState).entries.get(id);
}

/** Whether everything that was said so far is in the bucket. */
export function isCommitted(blackboard: Blackboard): boolean {
  const board = blackboard as BoardState;
  return board.batch === undefined && board.proposals.length === 0;
}

/** Whether a contribution is in the bucket. */
export function isStanding(blackboard: Blackboard, entry: EntryId, contribution: string): boolean {
  const standing = standingOf(blackboard, entry);
  return standing?.contributions.some((one) => one.id === contribution) ?? false;
}
