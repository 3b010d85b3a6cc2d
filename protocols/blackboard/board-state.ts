/**
 * The state of one board, written in place by `blackboard.ts` and `board-activation.ts` only.
 *
 * Owns: what is remembered, and nothing of what is decided. Whoever holds a {@link Blackboard} passes it
 * to `step` and goes on with the one returned.
 */
import type { Address } from "../../runtime/address.ts";
import type { Ksar } from "./agenda.ts";
import { Agenda } from "./agenda.ts";
import type { Batch, Proposal, StandingEntry } from "./board-batch.ts";
import type { BoardEffect } from "./board-event.ts";
import type { StoredKsar } from "./board-key.ts";
import type { BoardOutcome } from "./board-status.ts";
import type { Entry } from "./entry.ts";
import type { EntryId } from "./entry-id.ts";
import type { Goal } from "./goal.ts";
import type { KnowledgeSource } from "./knowledge-source.ts";
import type { Level } from "./level.ts";
import { levelsByName } from "./level.ts";
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

/** A source with its instances. */
export interface Registration {
  declaration: KnowledgeSource;
  /** Activations in hand by instance, in order of joining. */
  readonly instances: Map<Address, number>;
}

/** What is known of one subject. */
export interface Subject {
  readonly name: string;
  /** In the order in which they came, the settlement left out. */
  readonly entries: EntryId[];
  settlement: { readonly phase: "none" | "proposed" } | { readonly phase: "settled"; id: EntryId };
}

/** A board's state; opaque, and owned by whoever holds it. */
export interface Blackboard {
  readonly board: string;
}

/** See the head of this file. */
export class BoardState implements Blackboard {
  readonly board: string;
  readonly levels: ReadonlyMap<string, Level>;
  readonly goal: Goal | undefined;
  readonly budget: number;
  readonly expects: readonly string[];
  readonly maxInFlight: number;
  readonly maxAttempts: number;
  readonly off: Set<string>;
  readonly agenda: Agenda = new Agenda();
  readonly entries: Map<EntryId, StandingEntry> = new Map();
  readonly contributionIds: Set<string> = new Set();
  readonly subjects: Map<string, Subject> = new Map();
  readonly ksars: Map<string, StoredKsar> = new Map();
  readonly sources: Map<string, Registration> = new Map();
  readonly inFlight: Map<string, { readonly ksar: Ksar; readonly instance: Address }> = new Map();
  /** Activations that ended and whose record is not in the bucket; their subjects stay busy. */
  readonly ended: Map<string, Ksar> = new Map();
  /** Said and not yet on its way into the bucket, oldest first. */
  readonly proposals: Proposal[] = [];
  /** Subjects of entries that are proposed for the first time. */
  readonly proposed: Map<EntryId, string> = new Map();
  /** Subjects to put to the goal. */
  readonly changed: Set<Subject> = new Set();
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
  /** Activations whose cost is in `spent`. */
  readonly paid: Set<string> = new Set();
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

/** A subject by name; a new one when there is none. */
export function subjectOf(board: BoardState, name: string): Subject {
  let subject = board.subjects.get(name);
  if (subject === undefined) {
    subject = { name, entries: [], settlement: { phase: "none" } };
    board.subjects.set(name, subject);
  }
  return subject;
}

/** The entries of a subject, in the order in which they came. */
export function entriesOf(board: BoardState, subject: Subject): readonly Entry[] {
  const entries: Entry[] = [];
  for (const id of subject.entries) {
    const standing = board.entries.get(id);
    if (standing !== undefined) entries.push(standing.entry);
  }
  return entries;
}

/** Whether a source is on and has an instance. */
export function isUsable(board: BoardState, source: string): boolean {
  const registration = board.sources.get(source);
  return registration !== undefined && registration.instances.size > 0 && !board.off.has(source);
}
