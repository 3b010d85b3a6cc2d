/**
 * The ledger's records in their bucket.
 *
 * Owns: reading, compare-and-set and the time terminal records are kept. What is written is decided in
 * `ledger.ts`.
 *
 * The happy path of a task costs two round trips: a create for the claim, an update for the end.
 */

import type { Log } from "../log.ts";
import type { Cancel } from "../ports/clock.ts";
import type { KeyValue, KeyValueEntry, KeyValues, Put } from "../ports/key-value.ts";
import {
  type LedgerEntry,
  type LedgerRecord,
  parseLedgerRecord,
  type TerminalRecord,
} from "./ledger.ts";

const BUCKET = "tasks";

/** A write of the ledger: the revision it made, or what stands instead. */
export type LedgerWrite =
  | { readonly ok: true; readonly revision: number }
  | { readonly ok: false; readonly current: Standing };

/** What stands under a task's id; `foreign` is a record of a version that this node cannot read. */
export type Standing = LedgerEntry | undefined | "foreign";

/** The ledger of a cluster. Its methods reject with `store.unavailable`. */
export class LedgerStore {
  readonly #keyValues: KeyValues;
  readonly #log: Log;
  readonly #keepMs: number;
  #opened: Promise<KeyValue> | undefined;

  constructor(keyValues: KeyValues, log: Log, keepMs: number) {
    this.#keyValues = keyValues;
    this.#log = log;
    this.#keepMs = keepMs;
  }

  async read(id: string): Promise<Standing> {
    return this.#standing(await (await this.#bucket()).get(id));
  }

  /** Writes over `revision`; 0 = there must be no record. */
  async write(id: string, record: LedgerRecord, revision: number): Promise<LedgerWrite> {
    const bucket = await this.#bucket();
    const options = record.phase === "terminal" ? { ttlMs: this.#keepMs } : {};
    const put: Put =
      revision === 0
        ? await bucket.create(id, record, options)
        : await bucket.update(id, record, revision, options);
    return put.ok ? put : { ok: false, current: this.#standing(put.conflict.current) };
  }

  /** The terminal records of a job. */
  async terminalsOf(job: string): Promise<readonly { id: string; record: TerminalRecord }[]> {
    const entries = await (await this.#bucket()).entries(`${job}.>`);
    return entries.flatMap((entry) => this.#terminal(entry));
  }

  /** The tasks of a job that nodes of that name have claimed and not ended. */
  async claimedOf(job: string, node: string): Promise<readonly string[]> {
    const entries = await (await this.#bucket()).entries(`${job}.>`);
    return entries.flatMap((entry) => {
      const standing = this.#standing(entry);
      if (standing === undefined || standing === "foreign") return [];
      const { record } = standing;
      return record.phase === "claimed" && record.owner.name === node ? [entry.key] : [];
    });
  }

  /** Tells of every record of a job, those present first. A hint: it may be late or silent. */
  async watch(job: string, listener: (id: string, record: LedgerRecord) => void): Promise<Cancel> {
    return (await this.#bucket()).watch(`${job}.>`, (change) => {
      if (change.type === "delete") return;
      const standing = this.#standing(change);
      if (standing !== undefined && standing !== "foreign") listener(change.key, standing.record);
    });
  }

  #terminal(entry: KeyValueEntry): { id: string; record: TerminalRecord }[] {
    const standing = this.#standing(entry);
    if (standing === undefined || standing === "foreign") return [];
    const { record } = standing;
    return record.phase === "terminal" ? [{ id: entry.key, record }] : [];
  }

  #standing(entry: KeyValueEntry | undefined): Standing {
    if (entry === undefined) return undefined;
    const parsed = parseLedgerRecord(entry.value);
    if (parsed.ok) return { record: parsed.value, revision: entry.revision };
    this.#log.warn({ task: entry.key, reason: parsed.error }, "unreadable ledger record");
    return "foreign";
  }

  #bucket(): Promise<KeyValue> {
    this.#opened ??= this.#keyValues.open(BUCKET).catch((thrown: unknown) => {
      this.#opened = undefined; // the next caller tries again
      throw thrown;
    });
    return this.#opened;
  }
}
