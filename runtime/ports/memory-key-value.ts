/**
 * Buckets in this process's memory: the twin of the NATS ones, with their ugly sides as switches.
 *
 * Owns: revisions, markers, ages and watches as JetStream has them. The rules K1–K4 are the port's
 * (`key-value.ts`).
 *
 * I1: a delete leaves a marker with a revision of its own, as JetStream does.
 * I2: writes take effect in the order of their calls; watchers hear of them later, in order.
 * I3: values are copied on the way in.
 *
 * Cost: O(1) for single keys, O(keys) for `entries`; ages are swept when the bucket is touched and by
 * one timer per bucket with a time to live.
 */

import { messageOf, TroupeError } from "../troupe-error.ts";
import { type Cancel, type Clock, systemClock } from "./clock.ts";
import { checkedBucket, checkedFilter, checkedKey, filterMatches } from "./key-filter.ts";
import type {
  BucketOptions,
  KeyValue,
  KeyValueChange,
  KeyValueEntry,
  KeyValues,
  KeyValueWrite,
  Put,
  PutOptions,
} from "./key-value.ts";

/** What can go wrong with a store; all off at first, changed by tests while it runs. */
export interface MemoryKeyValueFaults {
  /** Every call rejects with `store.unavailable` and has no effect. */
  unavailable: boolean;
  /** The next so many writes are stored, yet reject with `store.unavailable`. */
  storedButTimedOut: number;
  /** Watches are told nothing; what they missed comes with the first change after it is off. */
  watchesSilent: boolean;
}

/** Options of {@link memoryKeyValues}. */
export interface MemoryKeyValuesOptions {
  /** Tells the age of values; default the process's clock. */
  readonly clock?: Clock;
}

/** Buckets in memory, with their faults. */
export interface MemoryKeyValues extends KeyValues {
  readonly faults: MemoryKeyValueFaults;
}

const MOST_WRITES = 1_000;

/** Buckets that live as long as the returned object. */
export function memoryKeyValues(options: MemoryKeyValuesOptions = {}): MemoryKeyValues {
  const clock = options.clock ?? systemClock;
  const faults = { unavailable: false, storedButTimedOut: 0, watchesSilent: false };
  const buckets = new Map<string, MemoryKeyValue>();
  return {
    faults,
    open: async (name, bucketOptions = {}) => {
      failIfUnavailable(faults);
      const known = buckets.get(checkedBucket(name));
      if (known !== undefined) return known;
      const bucket = new MemoryKeyValue(name, bucketOptions, clock, faults);
      buckets.set(name, bucket);
      return bucket;
    },
  };
}

/** A key's last message; without a value it is a delete marker. */
interface Slot {
  readonly key: string;
  readonly revision: number;
  readonly value: { readonly of: unknown } | undefined;
  readonly diesAtMs: number;
}

interface Watcher {
  readonly filter: string;
  readonly listener: (change: KeyValueChange) => void;
  readonly missed: KeyValueChange[];
}

class MemoryKeyValue implements KeyValue {
  readonly bucket: string;
  readonly #ttlMs: number;
  readonly #clock: Clock;
  readonly #faults: MemoryKeyValueFaults;
  readonly #slots = new Map<string, Slot>();
  readonly #watchers = new Set<Watcher>();
  #revision = 0;
  #sweepAtMs = Infinity;
  #cancelSweep: Cancel = () => {};

  constructor(name: string, options: BucketOptions, clock: Clock, faults: MemoryKeyValueFaults) {
    this.bucket = name;
    this.#ttlMs = options.ttlMs ?? Infinity;
    this.#clock = clock;
    this.#faults = faults;
  }

  async get(key: string): Promise<KeyValueEntry | undefined> {
    checkedKey(key);
    failIfUnavailable(this.#faults);
    return this.#entryAt(key);
  }

  create(key: string, value: unknown, options: PutOptions = {}): Promise<Put> {
    return this.update(key, value, 0, options);
  }

  async update(
    key: string,
    value: unknown,
    expected: number,
    options: PutOptions = {},
  ): Promise<Put> {
    return this.#write([{ key, value, expected }], options);
  }

  async put(key: string, value: unknown): Promise<number> {
    const put = this.#write([{ key, value }], {});
    return put.ok ? put.revision : 0;
  }

  async delete(key: string, expected?: number): Promise<Put> {
    checkedKey(key);
    failIfUnavailable(this.#faults);
    if (expected !== undefined && !this.#fits(key, expected)) return this.#conflict(key);
    this.#store(key, undefined, Infinity);
    return this.#acknowledged();
  }

  async commit(writes: readonly KeyValueWrite[]): Promise<Put> {
    if (writes.length < 1 || writes.length > MOST_WRITES)
      throw new RangeError(`a batch holds 1 to ${MOST_WRITES} writes: ${writes.length}`);
    if (new Set(writes.map((write) => write.key)).size < writes.length)
      throw new TypeError("a batch writes each key once");
    return this.#write(writes, {});
  }

  async entries(filter: string): Promise<readonly KeyValueEntry[]> {
    checkedFilter(filter);
    failIfUnavailable(this.#faults);
    return this.#matching(filter);
  }

  async watch(filter: string, listener: (change: KeyValueChange) => void): Promise<Cancel> {
    checkedFilter(filter);
    failIfUnavailable(this.#faults);
    const present = this.#matching(filter).map((entry) => ({ type: "put" as const, ...entry }));
    const watcher: Watcher = { filter, listener, missed: present };
    this.#watchers.add(watcher);
    this.#tellSoon();
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  /** All writes or none, in one step: nothing else runs in between. */
  #write(writes: readonly KeyValueWrite[], options: PutOptions): Put {
    for (const write of writes) checkedKey(write.key);
    failIfUnavailable(this.#faults);
    const stale = writes.find(
      ({ key, expected }) => expected !== undefined && !this.#fits(key, expected),
    );
    if (stale !== undefined) {
      if (writes.length === 1) return this.#conflict(stale.key);
      return { ok: false, conflict: { current: undefined } };
    }
    const values = writes.map(({ value }) => ({ of: copyOf(value) }));
    for (let at = 0; at < writes.length; at++) {
      this.#store(writes[at]?.key ?? "", values[at], options.ttlMs ?? Infinity);
    }
    return this.#acknowledged();
  }

  #store(key: string, value: Slot["value"], ttlMs: number): void {
    this.#revision++;
    const lifeMs = Math.min(this.#ttlMs, ttlMs);
    const diesAtMs = value === undefined ? Infinity : this.#clock.monotonicMs() + lifeMs;
    this.#slots.set(key, { key, revision: this.#revision, value, diesAtMs });
    this.#sweepBy(diesAtMs);
    this.#changed(
      value === undefined
        ? { type: "delete", key, revision: this.#revision }
        : { type: "put", key, value: value.of, revision: this.#revision },
    );
  }

  #acknowledged(): Put {
    if (this.#faults.storedButTimedOut > 0) {
      this.#faults.storedButTimedOut--;
      throw new TroupeError("store.unavailable", "the store did not answer in time");
    }
    return { ok: true, revision: this.#revision };
  }

  #fits(key: string, expected: number): boolean {
    const entry = this.#entryAt(key);
    if (expected === 0) return entry === undefined;
    return this.#slots.get(key)?.revision === expected;
  }

  #conflict(key: string): Put {
    return { ok: false, conflict: { current: this.#entryAt(key) } };
  }

  #entryAt(key: string): KeyValueEntry | undefined {
    this.#sweep();
    const slot = this.#slots.get(key);
    return slot?.value && { key, value: slot.value.of, revision: slot.revision };
  }

  #matching(filter: string): KeyValueEntry[] {
    this.#sweep();
    const entries: KeyValueEntry[] = [];
    for (const { key, value, revision } of this.#slots.values()) {
      if (value !== undefined && filterMatches(filter, key))
        entries.push({ key, value: value.of, revision });
    }
    return entries.sort((a, b) => a.revision - b.revision);
  }

  #sweepBy(atMs: number): void {
    if (atMs >= this.#sweepAtMs) return;
    this.#sweepAtMs = atMs;
    this.#cancelSweep();
    this.#cancelSweep = this.#clock.after(atMs - this.#clock.monotonicMs(), () => this.#sweep());
  }

  /** Replaces what is past its time by delete markers, oldest first. */
  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#sweepAtMs) return;
    this.#sweepAtMs = Infinity;
    const dead = [...this.#slots.values()].filter((slot) => slot.diesAtMs <= nowMs);
    for (const slot of dead.sort((a, b) => a.diesAtMs - b.diesAtMs))
      this.#store(slot.key, undefined, Infinity);
    let nextMs = Infinity;
    for (const slot of this.#slots.values()) nextMs = Math.min(nextMs, slot.diesAtMs);
    this.#sweepBy(nextMs);
  }

  #changed(change: KeyValueChange): void {
    for (const watcher of this.#watchers) {
      if (filterMatches(watcher.filter, change.key)) watcher.missed.push(change);
    }
    if (this.#watchers.size > 0) this.#tellSoon();
  }

  #tellSoon(): void {
    queueMicrotask(() => {
      for (const watcher of this.#watchers) {
        if (this.#faults.watchesSilent) return;
        for (const change of watcher.missed.splice(0)) {
          if (this.#watchers.has(watcher)) watcher.listener(change);
        }
      }
    });
  }
}

/** @throws {TypeError} when the value is not plain data */
function copyOf(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch (cause) {
    throw new TypeError(`cannot be carried: ${messageOf(cause)}`, { cause });
  }
}

function failIfUnavailable(faults: MemoryKeyValueFaults): void {
  if (faults.unavailable)
    throw new TroupeError("store.unavailable", "the store did not answer in time");
}
