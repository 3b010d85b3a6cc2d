/**
 * A blackboard: what is said about subjects until each is settled or nothing more can be said.
 *
 * Owns: the decisions of one board: what is committed, who is activated, when it is at rest. Its
 * neighbours: `board-batch.ts` writes, `board-store.ts` reads, `agenda.ts` rates, `actors/blackboard.ts`
 * performs the effects.
 *
 * BB1: only what is committed is seen, by sources, goals and readers. One batch is under way at a time;
 *      what is said meanwhile goes into the next, so contended entries have one writer and an order.
 * BB2: an activation's statements and its record are committed together: after a crash it either
 *      happened or is due again, and it never counts twice.
 * BB3: a source is shown only levels it reads and writes only levels it may (G5's B3).
 * BB4: a lost activation is due again, at most `maxAttempts` times; then it is recorded as lost.
 * BB5: quiescence is two quiet passes at one sequence. A closed board opens when there is more to do.
 * BB6: what was spent and what running activations are expected to cost stay within the budget.
 *
 * State is moved, not copied: `step` consumes the board it is given (see `orchestration.ts`).
 *
 * Cost: O(entries of the subject) per change, O(log waiting) per activation, O(entries) per quiet pass
 * and per conflict. Source: Hearsay-II (Erman et al. 1980), BB1 (Hayes-Roth 1985).
 */
import type { Address } from "../runtime/address.ts";
import type { KeyValueEntry } from "../runtime/key-value.ts";
import type { Boost, Ksar } from "./agenda.ts";
import { Agenda, ksarOf } from "./agenda.ts";
import type { Batch, Proposal, StandingEntry } from "./board-batch.ts";
import { batchOf, fitting, revisionOf } from "./board-batch.ts";
import type { StoredKsar } from "./board-key.ts";
import type {
  BoardOutcome,
  BoardStatus,
  RefusedDraft,
  SubjectPage,
  SubjectReport,
} from "./board-status.ts";
import { readBoard } from "./board-store.ts";
import type { Contribution, Draft, Speaker } from "./contribution.ts";
import { contributionOf } from "./contribution.ts";
import type { Entry } from "./entry.ts";
import type { EntryId } from "./entry-id.ts";
import { entryId } from "./entry-id.ts";
import type { Goal, SubjectView } from "./goal.ts";
import type { KnowledgeSource } from "./knowledge-source.ts";
import { maySee } from "./knowledge-source.ts";
import type { Level } from "./level.ts";
import { levelsByName, settlement } from "./level.ts";
import type { TriggerIndex } from "./trigger.ts";
import { compileTriggers } from "./trigger.ts";

/** What a board is opened with. */
export interface BoardOptions {
  /** One token of letters, digits, `_` and `-`. */
  readonly board: string;
  readonly levels: readonly Level[];
  /** Settles subjects; without one the board ends by quiescence or budget. */
  readonly goal?: Goal;
  /** What may be spent, in the unit of the sources' costs; default no bound. */
  readonly budget?: number;
  /** Sources to wait for, until they joined or patience ends, before the board may come to rest. */
  readonly expects?: readonly string[];
  /** Sources that are switched off at first. */
  readonly off?: readonly string[];
  /** Activations at a time; default 64. */
  readonly maxInFlight?: number;
  /** How often an activation is tried; default 3. */
  readonly maxAttempts?: number;
}

/** What happened to a board. */
export type BoardEvent =
  /** An instance of a source is there; told again, it changes nothing. */
  | { readonly type: "joined"; readonly source: KnowledgeSource; readonly instance: Address }
  | { readonly type: "left"; readonly instance: Address }
  | { readonly type: "switched"; readonly source: string; readonly on: boolean }
  /** The time to wait for sources is over. */
  | { readonly type: "patienceEnded" }
  /** `post` names the posting, so that offering it again changes nothing. */
  | {
      readonly type: "posted";
      readonly post: string;
      readonly author: string;
      readonly drafts: readonly Draft[];
    }
  /** An activation ended; `cost` is what it really cost. */
  | {
      readonly type: "contributed";
      readonly ksar: string;
      readonly drafts: readonly Draft[];
      readonly cost: number;
    }
  /** An activation failed, or no answer came. */
  | { readonly type: "lost"; readonly ksar: string; readonly reason: string }
  /** The batch is in the bucket; its last write has `revision`. */
  | { readonly type: "committed"; readonly batch: number; readonly revision: number }
  /** The batch was refused, or its fate is unknown: this is what the bucket holds now. */
  | {
      readonly type: "reread";
      readonly batch: number;
      readonly stored: readonly KeyValueEntry[];
    }
  /** A quiet pass was waited out. */
  | { readonly type: "passed" }
  | { readonly type: "boosted"; readonly boost: Boost };

/** What is to be done for a board. */
export type BoardEffect =
  | { readonly type: "commit"; readonly batch: Batch }
  | {
      readonly type: "activate";
      readonly ksar: Ksar;
      readonly instance: Address;
      readonly entry: Entry;
      /** Other entries of the subject that the source may see. */
      readonly context: readonly Entry[];
    }
  /** An activation is of no use any more. */
  | { readonly type: "withdraw"; readonly ksar: string }
  | ({ readonly type: "refuse"; readonly author: string } & RefusedDraft)
  /** A `post` is in the bucket. */
  | { readonly type: "announce"; readonly contribution: Contribution }
  /** Wait for sources for a bounded time, then say `patienceEnded`. */
  | { readonly type: "awaitSources" }
  /** Let a moment pass, then say `passed`. */
  | { readonly type: "pass" }
  | { readonly type: "close"; readonly outcome: BoardOutcome };

/** A source with its instances. */
interface Registration {
  declaration: KnowledgeSource;
  /** Activations in hand by instance, in order of joining. */
  readonly instances: Map<Address, number>;
}

interface Subject {
  readonly name: string;
  /** In the order in which they came, the settlement left out. */
  readonly entries: EntryId[];
  settlement: { readonly phase: "none" | "proposed" } | { readonly phase: "settled"; id: EntryId };
}

/** A board's state; opaque, and owned by whoever holds it. */
export interface Blackboard {
  readonly board: string;
}

class Board implements Blackboard {
  readonly board: string;
  readonly levels: ReadonlyMap<string, Level>;
  readonly goal: Goal | undefined;
  readonly budget: number;
  readonly expects: readonly string[];
  readonly maxInFlight: number;
  readonly maxAttempts: number;
  readonly off: Set<string>;
  readonly agenda: Agenda = new Agenda();
  readonly entries = new Map<EntryId, StandingEntry>();
  readonly contributionIds = new Set<string>();
  readonly subjects = new Map<string, Subject>();
  readonly ksars = new Map<string, StoredKsar>();
  readonly sources = new Map<string, Registration>();
  readonly inFlight = new Map<string, { readonly ksar: Ksar; readonly instance: Address }>();
  /** Said and not yet on its way into the bucket, oldest first. */
  readonly proposals: Proposal[] = [];
  /** Subjects of entries that are proposed for the first time. */
  readonly proposed = new Map<EntryId, string>();
  /** Subjects to put to the goal. */
  readonly changed = new Set<Subject>();
  readonly effects: BoardEffect[] = [];
  index: TriggerIndex = compileTriggers([]);
  batch: Batch | undefined;
  batches = 0;
  phase: { readonly is: "working" } | { readonly is: "closed"; readonly outcome: BoardOutcome } = {
    is: "working",
  };
  sequence = 0;
  /** The sequence of the last quiet pass, and whether it is being waited out. */
  quietAt: number | undefined;
  passing: boolean = false;
  patient: boolean = true;
  spent = 0;
  settled = 0;
  lost = 0;

  constructor(options: BoardOptions) {
    this.board = options.board;
    this.levels = levelsByName(options.levels);
    this.goal = options.goal;
    this.budget = options.budget ?? Number.POSITIVE_INFINITY;
    this.expects = options.expects ?? [];
    this.off = new Set(options.off);
    this.maxInFlight = options.maxInFlight ?? 64;
    this.maxAttempts = options.maxAttempts ?? 3;
  }
}

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
  const board = new Board(options);
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
  const board = blackboard as Board;
  apply(board, event);
  settleChanged(board);
  commitNext(board);
  activate(board);
  rest(board, event.type === "passed");
  return [board, board.effects.splice(0)];
}

function apply(board: Board, event: BoardEvent): void {
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
      noteContribution(board, event.ksar, event.drafts, event.cost);
      return;
    case "lost":
      noteLoss(board, event.ksar, event.reason);
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

// --- sources ---

function join(board: Board, declaration: KnowledgeSource, instance: Address): void {
  const known = board.sources.get(declaration.name);
  if (known === undefined) {
    board.sources.set(declaration.name, { declaration, instances: new Map([[instance, 0]]) });
    board.index = compileTriggers([...board.sources.values()].map((one) => one.declaration));
    // What stands already is new to it: this is how a source that comes later goes on from there.
    const own = compileTriggers([declaration]);
    for (const { entry } of board.entries.values()) offer(board, own, entry);
  } else if (!known.instances.has(instance)) {
    known.instances.set(instance, 0);
  }
}

function leave(board: Board, instance: Address): void {
  for (const source of board.sources.values()) {
    if (!source.instances.delete(instance) || source.instances.size > 0 || board.patient) continue;
    board.patient = true;
    board.effects.push({ type: "awaitSources" });
  }
  for (const [key, running] of [...board.inFlight]) {
    if (running.instance === instance) noteLoss(board, key, `${instance} is gone`);
  }
}

function offer(board: Board, index: TriggerIndex, entry: Entry): void {
  if (board.subjects.get(entry.subject)?.settlement.phase === "settled") return;
  for (const match of index.matches(entry)) board.agenda.add(ksarOf(entry, match));
}

// --- statements ---

function propose(
  board: Board,
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
  drafts.forEach((draft, at) => {
    const made = contributionOf(draft, `${id}/${at}`, speaker, facts);
    if ("refusal" in made) {
      const { author } = speaker;
      board.effects.push({ type: "refuse", author, entry: draft.entry, reason: made.refusal });
    } else if (!board.contributionIds.has(made.id)) {
      board.contributionIds.add(made.id);
      board.proposed.set(made.entry, made.subject);
      contributions.push(made);
    }
  });
  if (contributions.length === 0 && ksar === undefined) return;
  board.proposals.push({ contributions, ...(ksar === undefined ? {} : { ksar }) });
}

function noteContribution(board: Board, key: string, drafts: readonly Draft[], cost: number): void {
  const running = board.inFlight.get(key);
  if (running === undefined) return;
  const { ksar } = running;
  endActivation(board, key);
  board.agenda.release(ksar);
  const speaker = {
    author: ksar.source,
    writes: board.sources.get(ksar.source)?.declaration.writes ?? [],
    occasion: { entry: ksar.entry, subject: ksar.subject },
  };
  const outcome = drafts.length === 0 ? "silent" : "contributed";
  propose(board, key, speaker, drafts, { key, record: { v: 1, outcome, cost } });
}

function noteLoss(board: Board, key: string, reason: string): void {
  const running = board.inFlight.get(key);
  if (running === undefined) return;
  const { ksar } = running;
  endActivation(board, key);
  if (ksar.attempt < board.maxAttempts) {
    board.agenda.giveBack(ksar);
    return;
  }
  board.agenda.release(ksar);
  const record: StoredKsar = { v: 1, outcome: "lost", cost: 0, reason };
  board.proposals.push({ contributions: [], ksar: { key, record } });
}

function endActivation(board: Board, key: string): void {
  const running = board.inFlight.get(key);
  if (running === undefined) return;
  board.inFlight.delete(key);
  const instances = board.sources.get(running.ksar.source)?.instances;
  const inHand = instances?.get(running.instance);
  if (inHand !== undefined) instances?.set(running.instance, inHand - 1);
}

// --- the bucket ---

function commitNext(board: Board): void {
  if (board.batch !== undefined || board.proposals.length === 0) return;
  const proposals = board.proposals.splice(0, fitting(board.proposals));
  board.batch = batchOf(++board.batches, proposals, board.levels, board.entries);
  board.effects.push({ type: "commit", batch: board.batch });
}

function noteCommit(board: Board, number: number, revision: number): void {
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
      if (contribution.type === "post") board.effects.push({ type: "announce", contribution });
    }
  }
}

function noteReread(board: Board, number: number, stored: readonly KeyValueEntry[]): void {
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

function read(board: Board, stored: readonly KeyValueEntry[]): void {
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

function noteKsar(board: Board, key: string, record: StoredKsar): void {
  board.ksars.set(key, record);
  board.spent += record.cost;
  if (record.outcome === "lost") board.lost++;
}

/** An entry stands in the bucket: sources, goals and readers see it from now on. */
function stand(board: Board, standing: StandingEntry): void {
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

function subjectOf(board: Board, name: string): Subject {
  let subject = board.subjects.get(name);
  if (subject === undefined) {
    subject = { name, entries: [], settlement: { phase: "none" } };
    board.subjects.set(name, subject);
  }
  return subject;
}

function dropWork(board: Board, subject: string): void {
  board.agenda.drop(subject);
  for (const [key, { ksar }] of [...board.inFlight]) {
    if (ksar.subject !== subject) continue;
    endActivation(board, key);
    board.agenda.release(ksar);
    board.effects.push({ type: "withdraw", ksar: key });
  }
}

// --- goal ---

function settleChanged(board: Board): void {
  for (const subject of board.changed) trySettle(board, subject, false);
  board.changed.clear();
}

function trySettle(board: Board, subject: Subject, quiet: boolean): void {
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

function viewOf(board: Board, subject: Subject, quiet: boolean): SubjectView {
  const entries = entriesOf(board, subject).filter((entry) => entry.phase === "live");
  return { subject: subject.name, entries, quiet };
}

function entriesOf(board: Board, subject: Subject): readonly Entry[] {
  const entries: Entry[] = [];
  for (const id of subject.entries) {
    const standing = board.entries.get(id);
    if (standing !== undefined) entries.push(standing.entry);
  }
  return entries;
}

// --- activations ---

function activate(board: Board): void {
  let reserved = 0;
  for (const { ksar } of board.inFlight.values()) reserved += ksar.cost;
  while (board.inFlight.size < board.maxInFlight) {
    const ksar = board.agenda.take(
      (source) => freeInstance(board, source) !== undefined,
      (due) => board.spent + reserved + due.cost <= board.budget,
    );
    const instance = ksar && freeInstance(board, ksar.source);
    if (ksar === undefined || instance === undefined) return;
    reserved += ksar.cost;
    board.phase = { is: "working" };
    board.inFlight.set(ksar.key, { ksar, instance });
    const registration = board.sources.get(ksar.source);
    const standing = board.entries.get(ksar.entry);
    if (registration === undefined || standing === undefined) {
      throw new RangeError(`the agenda names what is not on the board: ${ksar.key}`);
    }
    registration.instances.set(instance, (registration.instances.get(instance) ?? 0) + 1);
    const { entry } = standing;
    const context = contextOf(board, registration.declaration, entry);
    board.effects.push({ type: "activate", ksar, instance, entry, context });
  }
}

/** The instance with the fewest activations in hand, when one has room and the source is on. */
function freeInstance(board: Board, source: string): Address | undefined {
  const registration = board.sources.get(source);
  if (registration === undefined || board.off.has(source)) return undefined;
  let best: Address | undefined;
  let fewest = registration.declaration.concurrency;
  for (const [instance, inHand] of registration.instances) {
    if (inHand >= fewest) continue;
    fewest = inHand;
    best = instance;
  }
  return best;
}

function contextOf(board: Board, source: KnowledgeSource, entry: Entry): readonly Entry[] {
  const subject = board.subjects.get(entry.subject);
  if (subject === undefined) return [];
  return entriesOf(board, subject).filter(
    (one) => one.id !== entry.id && one.phase === "live" && maySee(source, one.level),
  );
}

// --- rest ---

function rest(board: Board, waitedOut: boolean): void {
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

function isIdle(board: Board): boolean {
  if (board.batch !== undefined || board.inFlight.size > 0) return false;
  if (!board.patient) return true;
  if (board.expects.some((name) => !isUsable(board, name) && !board.off.has(name))) return false;
  return !board.agenda.hasDue((due) => !isUsable(board, due.source) && !board.off.has(due.source));
}

/** Whether a source is on and has an instance. */
function isUsable(board: Board, source: string): boolean {
  const registration = board.sources.get(source);
  return registration !== undefined && registration.instances.size > 0 && !board.off.has(source);
}

function close(board: Board, outcome: BoardOutcome): void {
  board.phase = { is: "closed", outcome };
  board.effects.push({ type: "close", outcome });
}

// --- reading ---

/** A board in numbers. Cost: O(sources). */
export function statusOf(blackboard: Blackboard): BoardStatus {
  const board = blackboard as Board;
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
  const board = blackboard as Board;
  const all = [...board.subjects.values()];
  const subjects = all.slice(from, from + limit).map((subject) => reportOf(board, subject));
  return { subjects, ...(from + limit < all.length ? { next: from + limit } : {}) };
}

function reportOf(board: Board, { name, entries, settlement: end }: Subject): SubjectReport {
  const shown = entries.flatMap((id) => board.entries.get(id)?.entry ?? []);
  const settled = end.phase === "settled" ? board.entries.get(end.id)?.entry : undefined;
  return {
    subject: name,
    phase: settled === undefined ? "open" : "settled",
    ...(settled === undefined ? {} : { settlement: settled }),
    entries: shown,
  };
}

/** An entry with its contributions, when it is on the board. */
export function standingOf(blackboard: Blackboard, id: EntryId): StandingEntry | undefined {
  return (blackboard as Board).entries.get(id);
}

/** Whether everything that was said so far is in the bucket. */
export function isCommitted(blackboard: Blackboard): boolean {
  const board = blackboard as Board;
  return board.batch === undefined && board.proposals.length === 0;
}
