/**
 * One actor's log and snapshots, as one of its generations reaches them.
 *
 * Owns: reading, claiming, appending, and when a snapshot is taken. Forms are in `journal-entry.ts`; what
 * events do to the state is the actor's `apply`.
 *
 * J1: a generation appends a claim before it uses what it read, under the end that it read: from then on
 *     the appends of the one before are refused, and nothing was read too early.
 * J2: every append names the end of the log. A conflict means that another has claimed: nothing was
 *     appended, and this one is stale.
 * J3: a snapshot replaces only one of an earlier place, and old entries are removed only after it stands:
 *     a stale generation cannot put back a snapshot whose entries are gone.
 * J4: a snapshot that cannot be written is tried again with the next one due; no message fails for it.
 *
 * Cost: a start takes a read of the snapshot, a read of the entries since, and an append; a message with
 * events one append.
 */
import type { Activation } from "../activation.ts";
import { Stale, Unsaved } from "../kernel/ask-error.ts";
import type { Log } from "../log.ts";
import type { Append, EventLog } from "../ports/event-log.ts";
import type { KeyValue } from "../ports/key-value.ts";
import type { Ports } from "../ports/ports.ts";
import { messageOf, TroupeError } from "../troupe-error.ts";
import {
  BEGINNING,
  claimEntry,
  entryAfter,
  eventEntry,
  type JournalEntry,
  type Position,
  parseSnapshot,
  type Snapshot,
  snapshotAt,
  unreadable,
} from "./journal-entry.ts";
import type { PersistenceId } from "./persistence-id.ts";

/** What a journal is opened with. */
export interface JournalSetting {
  readonly id: PersistenceId;
  readonly activation: Activation | undefined;
  readonly ports: Ports;
  readonly log: Log;
  /** The version of events and states that this program writes. */
  readonly schema: number;
  readonly snapshotEvery: number;
  readonly keep: "everything" | "since-snapshot";
  /** The state begins anew, or with a snapshot; `false` = not with this one. */
  readonly begin: (snapshot: Snapshot | undefined) => boolean;
  /** An event that stands in the log. */
  readonly replay: (event: { readonly schema: number; readonly value: unknown }) => void;
}

/** The bucket of snapshots. */
const BUCKET = "snapshots";
const MOST_CLAIMS = 8;

/** A claimed log. */
export class Journal {
  readonly #setting: JournalSetting;
  readonly #events: EventLog;
  readonly #snapshots: KeyValue;
  #at: Position = BEGINNING;
  /** How many entries came after the snapshot that stands. */
  #since = 0;
  #snapshotRevision = 0;

  private constructor(setting: JournalSetting, events: EventLog, snapshots: KeyValue) {
    this.#setting = setting;
    this.#events = events;
    this.#snapshots = snapshots;
  }

  /**
   * Reads the log and claims it (J1).
   *
   * @throws {Stale} when a later activation has claimed it
   * @throws {TroupeError} `store.unavailable` or `state.unreadable`
   * @throws {TypeError} when the system has no event logs
   */
  static async claim(setting: JournalSetting): Promise<Journal> {
    const { id, ports } = setting;
    if (ports.eventLogs === undefined)
      throw new TypeError(`${id.name} is event-sourced, and this system was given no event logs`);
    const [events, snapshots] = await Promise.all([
      ports.eventLogs.open(`actor.${id.key}`),
      ports.keyValues.open(BUCKET),
    ]);
    const journal = new Journal(setting, events, snapshots);
    await journal.#load();
    await journal.#claim();
    return journal;
  }

  /**
   * Appends events, all or none.
   *
   * @throws {Stale} when the log is another's by now
   * @throws {Unsaved} when nobody knows whether they were appended
   */
  async append(events: readonly unknown[]): Promise<void> {
    const { activation, id, schema } = this.#setting;
    if (activation?.holds() === false) throw new Stale(`${id.name} has moved`);
    const { n, token } = this.#at;
    const entries = events.map((event, i) => eventEntry(n + 1 + i, token, schema, event));
    let append: Append;
    try {
      append = await this.#events.append(entries, this.#at.sequence);
    } catch (cause) {
      if (!(cause instanceof TroupeError && cause.code === "store.unavailable")) throw cause;
      throw new Unsaved(`the log of ${id.name}: ${messageOf(cause)}`, cause);
    }
    if (!append.ok) throw new Stale(`${id.name} was claimed by another activation`);
    this.#moved(append.sequence, entries);
  }

  /** Takes a snapshot when one is due; `state` is as of the last append (J4). */
  async snapshotIfDue(state: () => unknown): Promise<void> {
    const { keep, log, schema, snapshotEvery } = this.#setting;
    if (this.#since < snapshotEvery) return;
    try {
      const snapshot = snapshotAt(this.#at, schema, state());
      if (!(await this.#keepSnapshot(snapshot))) return;
      if (keep === "since-snapshot") await this.#events.trim(snapshot.sequence + 1);
    } catch (error) {
      log.warn({ reason: messageOf(error) }, "no snapshot was taken; the next is due as usual");
    }
    this.#since = 0;
  }

  async #load(): Promise<void> {
    const { begin, id } = this.#setting;
    const entry = await this.#snapshots.get(id.key);
    const snapshot = entry === undefined ? undefined : parseSnapshot(id.name, entry.value);
    this.#snapshotRevision = entry?.revision ?? 0;
    if (snapshot !== undefined && begin(snapshot)) {
      const { sequence, n, token } = snapshot;
      this.#at = { sequence, n, token };
    } else {
      begin(undefined);
    }
    await this.#readOn();
  }

  /** Reads what comes after the position. */
  async #readOn(): Promise<void> {
    const { id, replay } = this.#setting;
    for (;;) {
      const entries = await this.#events.read(this.#at.sequence + 1);
      if (entries.length === 0) return;
      for (const stored of entries) {
        const entry = entryAfter(id.name, this.#at, stored);
        if (entry.event !== undefined) replay(entry.event);
        this.#moved(stored.sequence, [entry]);
      }
    }
  }

  async #claim(): Promise<void> {
    const { activation, id } = this.#setting;
    for (let tries = 0; tries < MOST_CLAIMS; tries++) {
      const { n, sequence, token } = this.#at;
      const own = activation?.token ?? token;
      if (token > own)
        throw new Stale(
          `${id.name} was claimed under token ${token}, and this activation has ${own}`,
        );
      const entry = claimEntry(n + 1, own);
      const append = await this.#events.append([entry], sequence);
      if (append.ok) {
        this.#moved(append.sequence, [entry]);
        return;
      }
      if (append.conflict.last < sequence)
        throw unreadable(id.name, `it ends at ${append.conflict.last}, before its snapshot`);
      await this.#readOn();
    }
    throw new TroupeError("store.unavailable", `the log of ${id.name} could not be claimed`);
  }

  #moved(sequence: number, entries: readonly JournalEntry[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    this.#at = { sequence, n: last.n, token: Math.max(this.#at.token, last.token) };
    this.#since += entries.length;
  }

  /** Writes a snapshot over an earlier one; `false` when a later one stands. */
  async #keepSnapshot(snapshot: Snapshot): Promise<boolean> {
    const { id } = this.#setting;
    const put = await this.#snapshots.update(id.key, snapshot, this.#snapshotRevision);
    if (put.ok) {
      this.#snapshotRevision = put.revision;
      return true;
    }
    const { current } = put.conflict;
    this.#snapshotRevision = current?.revision ?? 0;
    // A later one is somebody else's, and this generation is stale: its next append will tell it.
    if (current !== undefined && parseSnapshot(id.name, current.value).n >= snapshot.n)
      return false;
    const again = await this.#snapshots.update(id.key, snapshot, this.#snapshotRevision);
    if (again.ok) this.#snapshotRevision = again.revision;
    return again.ok;
  }
}
