/**
 * A bucket of versioned keys, as a port: the shared memory of a cluster.
 *
 * K1: revisions grow strictly over the whole bucket.
 * K2: `get` reads from the leader: it sees every write that was acknowledged before it.
 * K3: a write whose acknowledgement timed out is looked up before it is reported: the caller learns
 *     what happened, or the call rejects with `store.unavailable`.
 * K4: a watch is a hint. It may be late or silent; correctness never rests on it.
 *
 * Keys are tokens of letters, digits, `_`, `-` and `=`, joined by `.`; filters may use `*` for one
 * token and a final `>` for the rest. Values are plain data.
 */
import type { Cancel } from "./clock.ts";

/** A key's present value. */
export interface KeyValueEntry {
  readonly key: string;
  readonly value: unknown;
  readonly revision: number;
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
  get(key: string): Promise<KeyValueEntry | undefined>;
  /** Writes unless the key exists. */
  create(key: string, value: unknown): Promise<Put>;
  /** Writes when the key's revision is `expected`. */
  update(key: string, value: unknown, expected: number): Promise<Put>;
  /** Writes in any case; returns the new revision. */
  put(key: string, value: unknown): Promise<number>;
  /** Deletes, when `expected` is given only at that revision. */
  delete(key: string, expected?: number): Promise<Put>;
  /** Commits all writes or none; at most 1,000. */
  commit(writes: readonly KeyValueWrite[]): Promise<Put>;
  /** The present entries that match, in order of revision. */
  entries(filter: string): Promise<readonly KeyValueEntry[]>;
  /** First the present entries that match, in order of revision, then every change. */
  watch(filter: string, listener: (change: KeyValueChange) => void): Promise<Cancel>;
}

/** Opens buckets by name, creating them when they do not exist. */
export interface KeyValues {
  open(bucket: string): Promise<KeyValue>;
}
