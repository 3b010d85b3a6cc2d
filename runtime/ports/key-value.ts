/**
 * A bucket of versioned keys, as a port: the shared memory of a cluster.
 *
 * K1: revisions grow strictly over the whole bucket.
 * K2: `get` reads from the leader: it sees every write that was acknowledged before it.
 * K3: a write whose acknowledgement timed out is looked up before it is reported: the caller learns
 *     what happened, or the call rejects with `store.unavailable`.
 * K4: a watch is a hint. It may be late or silent; correctness never rests on it.
 *
 * Keys and filters have the form of `key-filter.ts`. Values are plain data; what a method returns is
 * shared with other readers and must not be changed.
 */
import type { Cancel } from "./clock.ts";

/** A key's present value. */
export interface KeyValueEntry {
  readonly key: string;
  readonly value: unknown;
  readonly revision: number;
  /** When it was written, by the store's wall clock, where a read says so; a hint. */
  readonly atMs?: number;
}

/** How long a written value lives. */
export interface PutOptions {
  /** It vanishes after this long, 1 s or more, rounded up to seconds; a later write decides anew. */
  readonly ttlMs?: number;
}

/** The outcome of a conditional write. */
export type Put =
  | { readonly ok: true; readonly revision: number }
  /** `current` is absent when the key does not exist, or when a batch cannot tell which key moved. */
  | { readonly ok: false; readonly conflict: { readonly current: KeyValueEntry | undefined } };

/** One write of an atomic batch. */
export interface KeyValueWrite {
  readonly key: string;
  readonly value: unknown;
  /** The revision the key must have: 0 = it must not exist; absent = any. */
  readonly expected?: number;
}

/** A watched change. */
export type KeyValueChange =
  | ({ readonly type: "put" } & KeyValueEntry)
  | { readonly type: "delete"; readonly key: string; readonly revision: number };

/** A bucket. All methods reject with `store.unavailable` when the store does not answer in time. */
export interface KeyValue {
  readonly bucket: string;
  /** The key's present value, read from the leader (K2). */
  get(key: string): Promise<KeyValueEntry | undefined>;
  /** Writes unless the key exists. */
  create(key: string, value: unknown, options?: PutOptions): Promise<Put>;
  /** Writes when the key's revision is `expected`; 0 = it must not exist. */
  update(key: string, value: unknown, expected: number, options?: PutOptions): Promise<Put>;
  /** Writes in any case; returns the new revision. */
  put(key: string, value: unknown): Promise<number>;
  /** Deletes, when `expected` is given only at that revision. */
  delete(key: string, expected?: number): Promise<Put>;
  /**
   * Commits all writes or none; the revision is the last write's.
   *
   * @param writes - 1 to 1,000, each of another key
   */
  commit(writes: readonly KeyValueWrite[]): Promise<Put>;
  /** The present entries that match, in order of revision. */
  entries(filter: string): Promise<readonly KeyValueEntry[]>;
  /** First the present entries that match, in order of revision, then every change. */
  watch(filter: string, listener: (change: KeyValueChange) => void): Promise<Cancel>;
}

/** What a bucket is created with; an existing bucket keeps what it has. */
export interface BucketOptions {
  /** Every value vanishes this long after it was written, 1 s or more; watchers see a delete. */
  readonly ttlMs?: number;
}

/** Opens buckets by name (letters, digits, `_`, `-`), creating them when they do not exist. */
export interface KeyValues {
  /** The bucket of that name, created when there is none. */
  open(bucket: string, options?: BucketOptions): Promise<KeyValue>;
}
