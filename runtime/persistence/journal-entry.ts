/**
 * What stands in an actor's log, and what its snapshot says: pure.
 *
 * Owns: the forms, and that nothing is missing between them.
 *
 * E1: entries are numbered from 1 without a gap, claims included; a snapshot says up to which number it
 *     tells. An entry that is missing is noticed, also when old ones were removed.
 * E2: a claim is an entry of its own: it moves the end of the log, so whoever claimed before finds
 *     another end and appends no more.
 */
import type { LogEntry } from "../ports/event-log.ts";
import { TroupeError } from "../troupe-error.ts";

/** The format of entries and snapshots. */
const FORMAT = 1;

/** An entry of an actor's log. */
export interface JournalEntry {
  readonly v: typeof FORMAT;
  /** Its number (E1). */
  readonly n: number;
  /** Of the activation that appended it; 0 = it has none. */
  readonly token: number;
  /** Absent in a claim. */
  readonly event?: { readonly schema: number; readonly value: unknown };
}

/** A snapshot of an actor's state. */
export interface Snapshot {
  readonly v: typeof FORMAT;
  /** The version of the state. */
  readonly schema: number;
  readonly token: number;
  /** Up to which entry it tells: its place in the log, and its number. */
  readonly sequence: number;
  readonly n: number;
  readonly state: { readonly value: unknown };
}

/** How far a log was read. */
export interface Position {
  readonly sequence: number;
  readonly n: number;
  /** The highest token so far. */
  readonly token: number;
}

/** Before the first entry. */
export const BEGINNING: Position = { sequence: 0, n: 0, token: 0 };

/** The entry that claims a log. */
export function claimEntry(n: number, token: number): JournalEntry {
  return { v: FORMAT, n, token };
}

/** The entry of an event. */
export function eventEntry(n: number, token: number, schema: number, value: unknown): JournalEntry {
  return { v: FORMAT, n, token, event: { schema, value } };
}

/** A snapshot of the state at a position. */
export function snapshotAt(at: Position, schema: number, value: unknown): Snapshot {
  return { v: FORMAT, schema, ...at, state: { value } };
}

/**
 * The entry that follows a position.
 *
 * @throws {TroupeError} `state.unreadable` when it is none, or not the next one (E1)
 */
export function entryAfter(
  name: string,
  at: Position,
  { sequence, event }: LogEntry,
): JournalEntry {
  const entry = (event ?? {}) as Partial<JournalEntry>;
  if (entry.v !== FORMAT)
    throw unreadable(name, `entry ${sequence} has format version ${String(entry.v)}`);
  if (entry.n !== at.n + 1)
    throw unreadable(name, `entry ${at.n + 1} is missing before the one at ${sequence}`);
  return entry as JournalEntry;
}

/**
 * The snapshot that a stored value is.
 *
 * @throws {TroupeError} `state.unreadable`
 */
export function parseSnapshot(name: string, value: unknown): Snapshot {
  const snapshot = (value ?? {}) as Partial<Snapshot>;
  if (snapshot.v !== FORMAT)
    throw unreadable(name, `its snapshot has format version ${String(snapshot.v)}`);
  return snapshot as Snapshot;
}

/** What is stored cannot be understood. */
export function unreadable(name: string, why: string): TroupeError {
  return new TroupeError("state.unreadable", `the log of ${name} cannot be read: ${why}`);
}
