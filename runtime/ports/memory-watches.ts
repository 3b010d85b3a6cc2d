/**
 * The watches of a bucket in memory: who is told of which change, and when.
 *
 * Owns: what each watch was told and has yet to be told. What changed is `memory-key-value.ts`'s.
 *
 * W1: changes are told later, in the order of their revisions, each at most once.
 * W2: a watch that is late is told of each key what stands, not what stood: a bucket keeps one message a key.
 * W3: after a power cut a watch is told nothing up to the last revision that it was told, although
 *     revisions are given anew: a consumer begins after what it has seen.
 */
import type { Cancel, Clock } from "./clock.ts";
import { filterMatches } from "./key-filter.ts";
import type { KeyValueChange, KeyValueEntry } from "./key-value.ts";

/** What {@link MemoryWatches} are made of. */
export interface MemoryWatchesSetting {
  readonly clock: Clock;
  /** Whether nothing reaches a watch now. */
  readonly isDeaf: () => boolean;
  /** How late watches are told of the next change. */
  readonly delayMs: () => number;
}

interface Watch {
  readonly filter: string;
  readonly listener: (change: KeyValueChange) => void;
  missed: KeyValueChange[];
  /** The last revision that it was told. */
  told: number;
}

/** The watches of one bucket. */
export class MemoryWatches {
  readonly #setting: MemoryWatchesSetting;
  readonly #watches = new Set<Watch>();

  constructor(setting: MemoryWatchesSetting) {
    this.#setting = setting;
  }

  /** @param present - what there is, in order of revision */
  add(filter: string, listener: Watch["listener"], present: readonly KeyValueEntry[]): Cancel {
    const missed = present.map((entry) => ({ type: "put" as const, ...entry }));
    const watch: Watch = { filter, listener, missed, told: 0 };
    this.#watches.add(watch);
    this.tellSoon();
    return () => {
      this.#watches.delete(watch);
    };
  }

  changed(change: KeyValueChange): void {
    if (this.#watches.size === 0) return;
    for (const watch of this.#watches) {
      if (filterMatches(watch.filter, change.key)) watch.missed.push(change);
    }
    const delayMs = this.#setting.delayMs();
    if (delayMs <= 0) this.tellSoon();
    else this.#setting.clock.after(delayMs, () => this.tellSoon());
  }

  /** What came after a revision never was. */
  rollBack(revision: number): void {
    for (const watch of this.#watches)
      watch.missed = watch.missed.filter((change) => change.revision <= revision);
  }

  /** Tells what is yet to be told, unless nothing reaches a watch. */
  tellSoon(): void {
    queueMicrotask(() => {
      if (this.#setting.isDeaf()) return;
      for (const watch of this.#watches) this.#tell(watch);
    });
  }

  #tell(watch: Watch): void {
    for (const change of newest(watch.missed.splice(0))) {
      if (change.revision <= watch.told || !this.#watches.has(watch)) continue;
      watch.told = change.revision;
      watch.listener(change);
    }
  }
}

/** The changes without those that a later one of the same key has overwritten (W2). */
function newest(changes: readonly KeyValueChange[]): readonly KeyValueChange[] {
  if (changes.length <= 1) return changes;
  const last = new Map(changes.map((change) => [change.key, change]));
  return changes.filter((change) => last.get(change.key) === change);
}
