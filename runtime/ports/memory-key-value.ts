/**
 * Buckets in this process's memory: the twin of the NATS ones, with their ugly sides as switches.
 *
 * Owns: revisions, markers and ages as JetStream has them. Watches are `memory-watches.ts`; the rules K1–K4
 * are the port's (`key-value.ts`).
 *
 * I1: a delete leaves a marker with a revision of its own, as JetStream does. In a bucket with a time to live
 *     whatever is past its time, a writer's marker too, is replaced by a marker of the server's, which
 *     vanishes after a minute. In another bucket a value or marker past its time vanishes without a trace.
 * I2: writes take effect in the order of their calls.
 * I3: values are copied on the way in.
 * I4: after a power cut revisions are given anew, as the server does.
 *
 * Cost: O(1) for single keys, O(keys) for `entries`; ages are swept when the bucket is touched and by
 * one timer per bucket with a time to live.
 */

import { type Cancel, type Clock, systemClock } from "./clock.ts";
import { type DelayRange, drawnMs, happens } from "./faults.ts";
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
import { MemoryWatches } from "./memory-watches.ts";
import type { Random } from "./random.ts";
import {
  type Leadership,
  noStoreFaults,
  type Power,
  StoreCalls,
  type StoreFaults,
} from "./store-faults.ts";
import { storedCopy } from "./stored-copy.ts";

/** What can go wrong with buckets; all off at first, changed by tests while they run. */
export interface MemoryKeyValueFaults extends StoreFaults {
  /** Watches are told nothing; what they missed comes with the first change after it is off. */
  watchesSilent: boolean;
  /** How late watches are told of a change; of what was overwritten meanwhile they are told nothing. */
  watchDelayMs: DelayRange;
  /** For how long watches stay silent after a leader came back. */
  silentAfterLossMs: DelayRange;
  /**
   * The share of `get` and `entries` that answer as of up to 8 writes ago, 0..1.
   * Breaks K2, as a handle that reads from any replica does; conditional writes stay exact.
   */
  staleShare: number;
  /** How long a value outlives its time: a server looks for such values now and then. */
  ttlLateMs: DelayRange;
}

/** Options of {@link memoryKeyValues}. */
export interface MemoryKeyValuesOptions {
  /** Tells the age of values; default the process's clock. */
  readonly clock?: Clock;
  /** Decides what goes wrong; default one that draws the same each time. */
  readonly random?: Random;
  readonly faults?: Partial<MemoryKeyValueFaults>;
}

/** Buckets in memory, with their faults. */
export interface MemoryKeyValues extends KeyValues, Leadership, Power {
  readonly faults: MemoryKeyValueFaults;
}

const MOST_WRITES = 1_000;
/** How long markers last: those of writers, which ask for it, and those of the server. */
const MARKER_LIFE_MS = { writer: 3_600_000, server: 60_000 } as const;
/** How many writes a stale read may be behind. */
const MOST_BEHIND = 8;

/** Buckets that live as long as the returned object. */
export function memoryKeyValues(options: MemoryKeyValuesOptions = {}): MemoryKeyValues {
  const clock = options.clock ?? systemClock;
  const faults: MemoryKeyValueFaults = {
    ...noStoreFaults(),
    watchesSilent: false,
    watchDelayMs: [0, 0],
    silentAfterLossMs: [0, 0],
    staleShare: 0,
    ttlLateMs: [0, 0],
    ...options.faults,
  };
  const calls = new StoreCalls("the store", faults, { clock, random: options.random });
  const store: Store = { clock, faults, calls, silentUntilMs: -Infinity };
  const buckets = new Map<string, MemoryKeyValue>();
  const hearAgain = (): void => {
    for (const bucket of buckets.values()) bucket.tellSoon();
  };
  /** Watches that were broken off tell nothing for a while. */
  const silence = (awayMs: number): number => {
    const silentMs = drawnMs(calls.random, faults.silentAfterLossMs);
    if (silentMs > 0) {
      store.silentUntilMs = clock.monotonicMs() + awayMs + silentMs;
      clock.after(awayMs + silentMs, hearAgain);
    }
    return awayMs;
  };
  return {
    faults,
    open: async (name, bucketOptions = {}) => {
      checkedBucket(name);
      return calls.read(() => {
        const bucket = buckets.get(name) ?? new MemoryKeyValue(name, bucketOptions, store);
        buckets.set(name, bucket);
        return bucket;
      });
    },
    loseLeader: (forMs) => silence(calls.loseLeader(forMs, hearAgain)),
    cutPower: (forMs) => silence(calls.cutPower(forMs, hearAgain)),
  };
}

/** What the buckets of one store share. */
interface Store {
  readonly clock: Clock;
  readonly faults: MemoryKeyValueFaults;
  readonly calls: StoreCalls;
  silentUntilMs: number;
}

/** A key's last message; without a value it is a delete marker. */
interface Slot {
  readonly key: string;
  readonly revision: number;
  readonly value: { readonly of: unknown } | undefined;
  readonly by: "writer" | "server";
  readonly diesAtMs: number;
}

/** A write that a stale read may not have seen yet. */
interface Replaced {
  readonly key: string;
  readonly slot: Slot | undefined;
}

class MemoryKeyValue implements KeyValue {
  readonly bucket: string;
  readonly #ttlMs: number;
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #calls: StoreCalls;
  readonly #slots = new Map<string, Slot>();
  readonly #watches: MemoryWatches;
  /** The latest writes with what they replaced, oldest first; kept while reads may be stale. */
  readonly #replaced: Replaced[] = [];
  #revision = 0;
  #sweepAtMs = Infinity;
  #cancelSweep: Cancel = () => {};

  constructor(name: string, options: BucketOptions, store: Store) {
    this.bucket = name;
    this.#ttlMs = options.ttlMs ?? Infinity;
    this.#clock = store.clock;
    this.#store = store;
    this.#calls = store.calls;
    this.#watches = new MemoryWatches({
      clock: store.clock,
      isDeaf: () => this.#isDeaf,
      delayMs: () => drawnMs(this.#calls.random, store.faults.watchDelayMs),
    });
  }

  async get(key: string): Promise<KeyValueEntry | undefined> {
    checkedKey(key);
    return this.#calls.read(() => {
      this.#sweep();
      return entryOf(this.#slotsAsRead().get(key));
    });
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
    const put = await this.#write([{ key, value }], {});
    return put.ok ? put.revision : 0;
  }

  async delete(key: string, expected?: number): Promise<Put> {
    checkedKey(key);
    return this.#changing(() => {
      if (expected !== undefined && !this.#fits(key, expected)) return this.#conflict(key);
      this.#set(key, undefined, MARKER_LIFE_MS.writer);
      return { ok: true, revision: this.#revision };
    });
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
    return this.#calls.read(() => {
      this.#sweep();
      return matching(this.#slotsAsRead(), filter);
    });
  }

  async watch(filter: string, listener: (change: KeyValueChange) => void): Promise<Cancel> {
    checkedFilter(filter);
    return this.#calls.read(() => {
      this.#sweep();
      const present = matching(this.#slots, filter);
      return this.#watches.add(filter, listener, present);
    });
  }

  /** Tells watchers what they missed, unless they are silent. */
  tellSoon(): void {
    this.#watches.tellSoon();
  }

  get #isDeaf(): boolean {
    const { faults, silentUntilMs } = this.#store;
    return faults.watchesSilent || this.#calls.isAway || this.#clock.monotonicMs() < silentUntilMs;
  }

  /** All writes or none, in one step: nothing else runs in between. */
  #write(writes: readonly KeyValueWrite[], options: PutOptions): Promise<Put> {
    for (const write of writes) checkedKey(write.key);
    const values = writes.map(({ key, value }) => ({
      of: storedCopy(value, `the value of ${key}`),
    }));
    const { ttlMs } = options;
    const lifeMs = ttlMs === undefined ? Infinity : Math.max(1, Math.ceil(ttlMs / 1_000)) * 1_000;
    return this.#changing(() => {
      const stale = writes.find(
        ({ key, expected }) => expected !== undefined && !this.#fits(key, expected),
      );
      if (stale !== undefined) {
        if (writes.length === 1) return this.#conflict(stale.key);
        return { ok: false, conflict: { current: undefined } };
      }
      for (let at = 0; at < writes.length; at++) {
        this.#set(writes[at]?.key ?? "", values[at], lifeMs);
      }
      return { ok: true, revision: this.#revision };
    });
  }

  #changing(effect: () => Put): Promise<Put> {
    return this.#calls.write(effect, (put) => put.ok);
  }

  /** @param forMs - how long it lives, in a bucket with a time to live at most that */
  #set(key: string, value: Slot["value"], forMs: number): void {
    this.#change(key, value, this.#deathMs(Math.min(this.#ttlMs, forMs)), "writer");
  }

  #change(key: string, value: Slot["value"], diesAtMs: number, by: Slot["by"]): void {
    this.#keepReplaced(key);
    this.#undoable(key);
    this.#revision++;
    this.#slots.set(key, { key, revision: this.#revision, value, by, diesAtMs });
    this.#sweepBy(diesAtMs);
    this.#watches.changed(
      value === undefined
        ? { type: "delete", key, revision: this.#revision }
        : { type: "put", key, value: value.of, revision: this.#revision },
    );
  }

  #deathMs(lifeMs: number): number {
    if (lifeMs === Infinity) return Infinity;
    const lateMs = drawnMs(this.#calls.random, this.#store.faults.ttlLateMs);
    return this.#clock.monotonicMs() + lifeMs + lateMs;
  }

  /** What stands under the key comes back, should the power go before the next sync. */
  #undoable(key: string): void {
    const slot = this.#slots.get(key);
    const revision = this.#revision;
    this.#calls.changed(() => {
      if (slot === undefined) this.#slots.delete(key);
      else this.#slots.set(key, slot);
      this.#sweepBy(slot?.diesAtMs ?? Infinity);
      this.#revision = revision;
      this.#replaced.length = 0;
      this.#watches.rollBack(revision);
    });
  }

  #keepReplaced(key: string): void {
    if (this.#store.faults.staleShare <= 0) {
      this.#replaced.length = 0;
      return;
    }
    this.#replaced.push({ key, slot: this.#slots.get(key) });
    if (this.#replaced.length > MOST_BEHIND) this.#replaced.shift();
  }

  /** The keys as a read sees them: as they are, or as they were a few writes ago. */
  #slotsAsRead(): ReadonlyMap<string, Slot> {
    const { random } = this.#calls;
    const { length } = this.#replaced;
    if (length === 0 || !happens(random, this.#store.faults.staleShare)) return this.#slots;
    const slots = new Map(this.#slots);
    for (const { key, slot } of this.#replaced.slice(random.int(length)).reverse()) {
      if (slot === undefined) slots.delete(key);
      else slots.set(key, slot);
    }
    return slots;
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
    return entryOf(this.#slots.get(key));
  }

  #sweepBy(atMs: number): void {
    if (atMs >= this.#sweepAtMs) return;
    this.#sweepAtMs = atMs;
    this.#cancelSweep();
    this.#cancelSweep = this.#clock.after(atMs - this.#clock.monotonicMs(), () => this.#sweep());
  }

  /** Takes away what is past its time, oldest first (I1). */
  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#sweepAtMs) return;
    this.#sweepAtMs = Infinity;
    const dead = [...this.#slots.values()].filter((slot) => slot.diesAtMs <= nowMs);
    for (const slot of dead.sort((a, b) => a.diesAtMs - b.diesAtMs || a.revision - b.revision))
      this.#expire(slot);
    let nextMs = Infinity;
    for (const slot of this.#slots.values()) nextMs = Math.min(nextMs, slot.diesAtMs);
    this.#sweepBy(nextMs);
  }

  #expire({ key, by }: Slot): void {
    if (this.#ttlMs < Infinity && by === "writer") {
      this.#change(key, undefined, this.#deathMs(MARKER_LIFE_MS.server), "server");
      return;
    }
    this.#keepReplaced(key);
    this.#undoable(key);
    this.#slots.delete(key);
  }
}

function entryOf(slot: Slot | undefined): KeyValueEntry | undefined {
  return slot?.value && { key: slot.key, value: slot.value.of, revision: slot.revision };
}

function matching(slots: ReadonlyMap<string, Slot>, filter: string): KeyValueEntry[] {
  const entries: KeyValueEntry[] = [];
  for (const slot of slots.values()) {
    const entry = filterMatches(filter, slot.key) ? entryOf(slot) : undefined;
    if (entry !== undefined) entries.push(entry);
  }
  return entries.sort((a, b) => a.revision - b.revision);
}
