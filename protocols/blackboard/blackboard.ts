/**
 * A blackboard: what is said about subjects until each is settled or nothing more can be said.
 *
 * Owns: the decisions of one board: what is committed, who is activated, when it is at rest. Its
 * neighbours: `board-batch.ts` writes, `board-store.ts` reads, `agenda.ts` rates, `actors/blackboard/blackboard.ts`
 * performs the effects.
 *
 * BB1: only what is committed is seen, by sources, goals and readers. One batch is under way at a time;
 *      what is said meanwhile goes into the next, so contended entries have one writer and an order.
 * BB2: an activation's statements and its record are committed together: after a crash it either
 *      happened or is due again, and it never counts twice.
 * BB3: a source is shown only levels it reads and writes only levels it may (G5's B3).
 * BB4: a lost activation is due again, at most `maxAttempts` times; then it is recorded as lost.
 * BB5: quiescence is two quiet passes at one sequence. A closed board opens when there is more to do.
 * BB6: what was spent and what running activations are expected to cost stay within the budget; one that
 *      was lost or withdrawn counts nothing, because nobody said what it cost.
 *
 * State is moved, not copied: `step` consumes the board it is given (see `orchestration.ts`).
 *
 * Cost: O(entries of the subject) per change, O(log waiting) per activation, O(entries) per quiet pass
 * and per conflict. Source: Hearsay-II (Erman et al. 1980), BB1 (Hayes-Roth 1985).
 */
import type { KeyValueEntry } from "../../runtime/ports/key-value.ts";
import {
  activate,
  dropWork,
  endActivation,
  join,
  leave,
  noteLoss,
  offer,
} from "./board-activation.ts";
import type { Proposal, StandingEntry } from "./board-batch.ts";
import { batchOf, fitting, MOST_STATEMENTS, revisionOf } from "./board-batch.ts";
import type { BoardEffect, BoardEvent } from "./board-event.ts";
import type { StoredKsar } from "./board-key.ts";
import type { Blackboard, BoardOptions, Subject } from "./board-state.ts";
import { BoardState, entriesOf, isUsable, subjectOf } from "./board-state.ts";
import type { BoardOutcome } from "./board-status.ts";
import { readBoard } from "./board-store.ts";
import type { Contribution, Draft, Speaker } from "./contribution.ts";
import { contributionOf } from "./contribution.ts";
import type { EntryId } from "./entry-id.ts";
import { entryId, levelOf } from "./entry-id.ts";
import type { SubjectView } from "./goal.ts";
import { settlement } from "./level.ts";

/**
 * Opens a board on what its bucket holds, and says what to do first.
 *
 * @param stored - all entries of the bucket, in order of revision; none for a new board
 * @throws {TypeError} for faulty levels or a stored format that this version does not read
 */
export function openBoard(
  options: BoardOptions,
  stored: readonly KeyValueEntry[],
): readonly [Blackboard, readonly BoardEffect[]] {
  const board = new BoardState(options);
  read(board, stored);
  board.effects.push({ type: "awaitSources" });
  return [board, board.effects.splice(0)];
}

/**
 * What an event means for a board.
 *
 * @param blackboard - given up by the caller; go on with the one returned
 * @returns the board and the effects to perform, in order
 */
export function step(
  blackboard: Blackboard,
  event: BoardEvent,
): readonly [Blackboard, readonly BoardEffect[]] {
  const board = blackboard as BoardState;
  apply(board, event);
  settleChanged(board);
  commitNext(board);
  activate(board);
  rest(board, event.type === "passed");
  return [board, board.effects.splice(0)];
}

function apply(board: BoardState, event: BoardEvent): void {
  switch (event.type) {
    case "joined":
      join(board, event.source, event.instance);
      return;
    case "left":
      leave(board, event.instance);
      return;
    case "switched":
      if (event.on) board.off.delete(event.source);
      else board.off.add(event.source);
      return;
    case "patienceEnded":
      board.patient = false;
      return;
    case "posted":
      propose(board, event.post, { author: event.author }, event.drafts);
      return;
    case "contributed":
      noteContribution(board, event);
      return;
    case "lost":
      noteLoss(board, event.ksar, event.attempt, event.reason);
      return;
    case "committed":
      noteCommit(board, event.batch, event.revision);
      return;
    case "reread":
      noteReread(board, event.batch, event.stored);
      return;
    case "passed":
      board.passing = false;
      return;
    case "boosted":
      board.agenda.boost(event.boost);
      return;
  }
}

// --- statements ---

function propose(
  board: BoardState,
  id: string,
  speaker: Speaker,
  drafts: readonly Draft[],
  ksar?: Proposal["ksar"],
): void {
  const facts = {
    // The settlements are the board's own; a source or a poster may read but not write them.
    hasLevel: (level: string) => level !== settlement.name && board.levels.has(level),
    subjectOf: (entry: EntryId) =>
      board.entries.get(entry)?.entry.subject ?? board.proposed.get(entry),
  };
  const contributions: Contribution[] = [];
  const { author } = speaker;
  drafts.forEach((draft, at) => {
    const { entry } = draft;
    if (ksar !== undefined && contributions.length === MOST_STATEMENTS) {
      const reason = `an activation makes at most ${MOST_STATEMENTS} statements`;
      board.effects.push({ type: "refuse", author, draft: at, entry, reason });
      return;
    }
    const made = contributionOf(draft, `${id}/${at}`, speaker, facts);
    if ("refusal" in made) {
      board.effects.push({ type: "refuse", author, draft: at, entry, reason: made.refusal });
    } else if (!board.contributionIds.has(made.id)) {
      board.contributionIds.add(made.id);
      board.proposed.set(made.entry, made.subject);
      contributions.push(made);
    }
  });
  if (ksar !== undefined) {
    board.proposals.push({ contributions, ksar });
    return;
  }
  // A posting stands for itself, statement by statement, and may be spread over batches.
  for (let from = 0; from < contributions.length; from += MOST_STATEMENTS) {
    board.proposals.push({ contributions: contributions.slice(from, from + MOST_STATEMENTS) });
  }
}

function noteContribution(
  board: BoardState,
  { ksar: key, attempt, drafts, cost }: Extract<BoardEvent, { readonly type: "contributed" }>,
): void {
  const running = board.inFlight.get(key);
  if (running?.ksar.attempt !== attempt) return;
  const { ksar } = running;
  endActivation(board, key);
  board.ended.set(key, ksar);
  pay(board, key, cost);
  const speaker = {
    author: ksar.source,
    writes: board.sources.get(ksar.source)?.declaration.writes ?? [],
    occasion: { entry: ksar.entry, subject: ksar.subject },
  };
  const outcome = drafts.length === 0 ? "silent" : "contributed";
  propose(board, key, speaker, drafts, { key, record: { v: 1, outcome, cost } });
}

// --- the bucket ---

function commitNext(board: BoardState): void {
  if (board.batch !== undefined || board.proposals.length === 0) return;
  const proposals = board.proposals.splice(0, fitting(board.proposals));
  board.batch = batchOf(++board.batches, proposals, board.levels, board.entries);
  board.effects.push({ type: "commit", batch: board.batch });
}

function noteCommit(board: BoardState, number: number, revision: number): void {
  const { batch } = board;
  if (batch?.number !== number) return;
  board.batch = undefined;
  board.sequence = Math.max(board.sequence, revision);
  for (const { ksar } of batch.proposals) if (ksar) noteKsar(board, ksar.key, ksar.record);
  for (const { standing, at } of batch.moved) {
    stand(board, { ...standing, revision: revisionOf(batch, at, revision) });
  }
  for (const { contributions } of batch.proposals) {
    for (const contribution of contributions) {
      if (contribution.type !== "post") continue;
      const level = levelOf(contribution.entry);
      board.effects.push({ type: "announce", level, contribution });
    }
  }
}

function noteReread(board: BoardState, number: number, stored: readonly KeyValueEntry[]): void {
  const { batch } = board;
  if (batch?.number !== number) return;
  board.batch = undefined;
  read(board, stored);
  // What of it is in the bucket after all must not be written again.
  const there = new Set<string>();
  for (const one of board.entries.values()) for (const { id } of one.contributions) there.add(id);
  const again: Proposal[] = [];
  for (const { contributions, ksar } of batch.proposals) {
    if (ksar !== undefined && board.ksars.has(ksar.key)) continue;
    const left = contributions.filter((one) => !there.has(one.id));
    if (left.length === 0 && ksar === undefined) continue;
    again.push({ contributions: left, ...(ksar === undefined ? {} : { ksar }) });
  }
  board.proposals.unshift(...again);
}

function read(board: BoardState, stored: readonly KeyValueEntry[]): void {
  const { entries, ksars, sequence } = readBoard(stored, board.levels);
  board.sequence = Math.max(board.sequence, sequence);
  for (const [key, record] of ksars) {
    if (board.ksars.has(key)) continue;
    board.agenda.recall(key);
    noteKsar(board, key, record);
  }
  for (const [id, standing] of entries) {
    if (board.entries.get(id)?.revision !== standing.revision) stand(board, standing);
  }
}

function noteKsar(board: BoardState, key: string, record: StoredKsar): void {
  board.ksars.set(key, record);
  const ended = board.ended.get(key);
  board.ended.delete(key);
  if (ended !== undefined) board.agenda.release(ended);
  pay(board, key, record.cost);
  if (record.outcome === "lost") board.lost++;
}

/** Counts an activation's cost once: when it is known, or when its record is read. */
function pay(board: BoardState, key: string, cost: number): void {
  if (board.paid.has(key)) return;
  board.paid.add(key);
  board.spent += cost;
}

/** An entry stands in the bucket: sources, goals and readers see it from now on. */
function stand(board: BoardState, standing: StandingEntry): void {
  const { entry } = standing;
  const isNew = !board.entries.has(entry.id);
  board.entries.set(entry.id, standing);
  board.proposed.delete(entry.id);
  for (const { id } of standing.contributions) board.contributionIds.add(id);
  const subject = subjectOf(board, entry.subject);
  if (entry.level === settlement.name) {
    if (subject.settlement.phase !== "settled") board.settled++;
    subject.settlement = { phase: "settled", id: entry.id };
    dropWork(board, subject.name);
    return;
  }
  if (isNew) subject.entries.push(entry.id);
  board.changed.add(subject);
  offer(board, board.index, entry);
}

// --- goal ---

function settleChanged(board: BoardState): void {
  for (const subject of board.changed) trySettle(board, subject, false);
  board.changed.clear();
}

function trySettle(board: BoardState, subject: Subject, quiet: boolean): void {
  if (board.goal === undefined || subject.settlement.phase !== "none") return;
  const found = board.goal(viewOf(board, subject, quiet));
  if (found === undefined) return;
  subject.settlement = { phase: "proposed" };
  dropWork(board, subject.name);
  const id = entryId(settlement.name, subject.name);
  const contribution: Contribution = {
    v: 1,
    id: `${id}/0`,
    type: "post",
    entry: id,
    subject: subject.name,
    author: "board",
    value: found.value,
    confidence: found.confidence,
    causes: found.causes,
    ...(found.note === undefined ? {} : { note: found.note }),
  };
  board.contributionIds.add(contribution.id);
  board.proposals.push({ contributions: [contribution] });
}

function viewOf(board: BoardState, subject: Subject, quiet: boolean): SubjectView {
  const entries = entriesOf(board, subject).filter((entry) => entry.phase === "live");
  return { subject: subject.name, entries, quiet };
}

// --- rest ---

function rest(board: BoardState, waitedOut: boolean): void {
  if (!isIdle(board)) {
    if (board.batch !== undefined) board.phase = { is: "working" };
    return;
  }
  if (board.phase.is === "closed" || board.entries.size === 0) return;
  if (board.goal !== undefined && board.settled === board.subjects.size) {
    close(board, "goal");
  } else if (waitedOut && board.quietAt === board.sequence) {
    // Nothing runs, so what waits for a source that is there can only wait for money.
    close(
      board,
      board.agenda.hasDue((due) => isUsable(board, due.source)) ? "budget" : "quiescent",
    );
  } else if (!board.passing) {
    for (const subject of board.subjects.values()) trySettle(board, subject, true);
    commitNext(board);
    if (board.batch !== undefined) return;
    board.quietAt = board.sequence;
    board.passing = true;
    board.effects.push({ type: "pass" });
  }
}

function isIdle(board: BoardState): boolean {
  if (board.batch !== undefined || board.inFlight.size > 0) return false;
  if (!board.patient) return true;
  // Who names no sources cannot know when all are there, and waits the whole time.
  if (board.expects.length === 0) return false;
  if (board.expects.some((name) => !isUsable(board, name) && !board.off.has(name))) return false;
  return !board.agenda.hasDue((due) => !isUsable(board, due.source) && !board.off.has(due.source));
}

function close(board: BoardState, outcome: BoardOutcome): void {
  board.phase = { is: "closed", outcome };
  board.effects.push({ type: "close", outcome });
}
