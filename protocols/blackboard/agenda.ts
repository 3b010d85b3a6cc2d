/**
 * The agenda: activations that are due, best first.
 *
 * Owns: rating, boosts, and that no activation is handed out twice. Its neighbours: `trigger.ts` says
 * what is due, `blackboard.ts` what may run now and what came of it.
 *
 * AG1: a key is handed out once, unless it is given back as lost.
 * AG2: a subject is busy from `take` to `release`, so that the next activation is rated with what the
 *      last one said.
 * AG3: `take` returns the best rated of those that may run; ties go by arrival.
 * AG4: a newer version of the same source and entry replaces the one that still waits.
 * AG5: a source is activated for one entry at most 16 times, so that two that answer each other end.
 *
 * Rating = benefit × credibility ÷ cost × boosts, where the benefit is the trigger's, times what is
 * still unsure of the entry. Written by its owner only.
 *
 * Cost: O(log n) per item in and out, O(sources) per take; a boost rates all anew, O(n log n).
 * Source: the agenda of BB1 (Hayes-Roth 1985).
 */
import type { Entry } from "./entry.ts";
import type { EntryId } from "./entry-id.ts";
import { PriorityQueue } from "./priority-queue.ts";
import type { Match } from "./trigger.ts";

/** A knowledge source activation record: this source is to look at this entry. Plain data. */
export interface Ksar {
  /** `source.entry.version`; unique on its board. */
  readonly key: string;
  readonly source: string;
  readonly entry: EntryId;
  readonly subject: string;
  readonly level: string;
  /** 0, or the entry's number of contributions that triggered it. */
  readonly version: number;
  /** Before boosts. */
  readonly rating: number;
  /** Expected; the source's. */
  readonly cost: number;
  /** 1 at first; more after a loss. */
  readonly attempt: number;
}

/** Control knowledge: prefers, or with a factor below 1 puts back, what it names. */
export interface Boost {
  readonly source?: string;
  readonly level?: string;
  readonly subject?: string;
  /** More than 0. */
  readonly factor: number;
}

/** The activation that a match makes due. */
export function ksarOf(entry: Entry, match: Match): Ksar {
  const { source, version, benefit } = match;
  // Even of a sure entry there is something to learn, so that nothing is rated 0 and never ordered.
  const unsure = Math.max(1 - entry.confidence, LEAST_UNSURE);
  return {
    key: `${source.name}.${entry.id}.${version}`,
    source: source.name,
    entry: entry.id,
    subject: entry.subject,
    level: entry.level,
    version,
    rating: (benefit * unsure * source.credibility) / source.cost,
    cost: source.cost,
    attempt: 1,
  };
}

const LEAST_UNSURE = 0.05;
const MOST_ACTIVATIONS = 16;

interface Item {
  readonly ksar: Ksar;
  readonly rating: number;
  readonly arrival: number;
}

/** See the head of this file. */
export class Agenda {
  readonly #queues = new Map<string, PriorityQueue<Item>>();
  /** What waits, by key; an item in a queue that is not here was dropped or replaced. */
  readonly #waiting = new Map<string, Item>();
  /** The key that waits for a source and entry. */
  readonly #pairs = new Map<string, string>();
  readonly #bySubject = new Map<string, Set<string>>();
  /** Items passed over because their subject was busy; back in the queues when it is not. */
  readonly #parked = new Map<string, Item[]>();
  readonly #busy = new Set<string>();
  readonly #handedOut = new Set<string>();
  /** How often a source was activated for an entry. */
  readonly #activations = new Map<string, number>();
  readonly #boosts: Boost[] = [];
  #arrivals = 0;

  /** How many activations wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Whether one waits that `mayRun` lets run, busy subjects included. */
  hasDue(mayRun: (ksar: Ksar) => boolean): boolean {
    for (const { ksar } of this.#waiting.values()) if (mayRun(ksar)) return true;
    return false;
  }

  /** Adds an activation; `false` when its key was handed out or waits already. */
  add(ksar: Ksar): boolean {
    if (this.#handedOut.has(ksar.key) || this.#waiting.has(ksar.key)) return false;
    const pair = pairOf(ksar);
    if ((this.#activations.get(pair) ?? 0) >= MOST_ACTIVATIONS) return false;
    const older = this.#pairs.get(pair);
    if (older !== undefined) this.#forget(older);
    this.#pairs.set(pair, ksar.key);
    this.#enqueue({ ksar, rating: this.#rated(ksar), arrival: this.#arrivals++ });
    return true;
  }

  /** Marks a key as handed out before, so that it is never again. */
  recall(key: string): void {
    this.#forget(key);
    this.#handedOut.add(key);
  }

  /**
   * The best rated activation that may run; its subject is busy until `release`.
   *
   * @param hasRoom - whether the source can take one more; asked once per source
   * @param mayRun - anything else that must hold of the best of a source
   */
  take(hasRoom: (source: string) => boolean, mayRun: (ksar: Ksar) => boolean): Ksar | undefined {
    let best: Item | undefined;
    for (const [source, queue] of this.#queues) {
      if (!hasRoom(source)) continue;
      const item = this.#firstFree(queue);
      if (item === undefined || !mayRun(item.ksar)) continue;
      if (best === undefined || before(item, best)) best = item;
    }
    if (best === undefined) return undefined;
    const { ksar } = best;
    this.#queues.get(ksar.source)?.take();
    this.#forget(ksar.key);
    this.#handedOut.add(ksar.key);
    const pair = pairOf(ksar);
    this.#activations.set(pair, (this.#activations.get(pair) ?? 0) + 1);
    this.#busy.add(ksar.subject);
    return ksar;
  }

  /** An activation has ended: its subject is free. */
  release(ksar: Ksar): void {
    this.#busy.delete(ksar.subject);
    const parked = this.#parked.get(ksar.subject) ?? [];
    this.#parked.delete(ksar.subject);
    for (const item of parked) {
      if (this.#waiting.get(item.ksar.key) === item) this.#queueOf(item).add(item);
    }
  }

  /** An activation was lost: it waits again, one attempt on. */
  giveBack(ksar: Ksar): void {
    this.#handedOut.delete(ksar.key);
    this.release(ksar);
    this.add({ ...ksar, attempt: ksar.attempt + 1 });
  }

  /** Drops all that waits for a subject. */
  drop(subject: string): void {
    for (const key of [...(this.#bySubject.get(subject) ?? [])]) this.#forget(key);
    this.#parked.delete(subject);
  }

  /** Prefers or puts back what it names from now on. */
  boost(boost: Boost): void {
    this.#boosts.push(boost);
    for (const queue of this.#queues.values()) {
      for (const item of queue.takeAll()) {
        if (this.#waiting.get(item.ksar.key) !== item) continue;
        this.#enqueue({ ...item, rating: this.#rated(item.ksar) });
      }
    }
    for (const [subject, items] of this.#parked) {
      const rated = items.map((item) => ({ ...item, rating: this.#rated(item.ksar) }));
      for (const item of rated) this.#waiting.set(item.ksar.key, item);
      this.#parked.set(subject, rated);
    }
  }

  #firstFree(queue: PriorityQueue<Item>): Item | undefined {
    for (let item = queue.first(); item !== undefined; item = queue.first()) {
      const waits = this.#waiting.get(item.ksar.key) === item;
      if (waits && !this.#busy.has(item.ksar.subject)) return item;
      queue.take();
      if (waits) this.#park(item);
    }
    return undefined;
  }

  #park(item: Item): void {
    const parked = this.#parked.get(item.ksar.subject);
    if (parked === undefined) this.#parked.set(item.ksar.subject, [item]);
    else parked.push(item);
  }

  #enqueue(item: Item): void {
    const { key, subject } = item.ksar;
    this.#waiting.set(key, item);
    const keys = this.#bySubject.get(subject);
    if (keys === undefined) this.#bySubject.set(subject, new Set([key]));
    else keys.add(key);
    this.#queueOf(item).add(item);
  }

  #queueOf(item: Item): PriorityQueue<Item> {
    const { source } = item.ksar;
    let queue = this.#queues.get(source);
    if (queue === undefined) {
      queue = new PriorityQueue(before);
      this.#queues.set(source, queue);
    }
    return queue;
  }

  #forget(key: string): void {
    const item = this.#waiting.get(key);
    if (item === undefined) return;
    this.#waiting.delete(key);
    this.#bySubject.get(item.ksar.subject)?.delete(key);
    this.#pairs.delete(pairOf(item.ksar));
  }

  #rated(ksar: Ksar): number {
    let rating = ksar.rating;
    for (const { source, level, subject, factor } of this.#boosts) {
      if (source !== undefined && source !== ksar.source) continue;
      if (level !== undefined && level !== ksar.level) continue;
      if (subject !== undefined && subject !== ksar.subject) continue;
      rating *= factor;
    }
    return rating;
  }
}

function before(a: Item, b: Item): boolean {
  return a.rating === b.rating ? a.arrival < b.arrival : a.rating > b.rating;
}

function pairOf(ksar: Ksar): string {
  return `${ksar.source}.${ksar.entry}`;
}
