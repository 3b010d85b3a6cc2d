/**
 * One timer wheel per system: every deadline, actor timer and pause hangs on it.
 *
 * Owns: when something is due. It holds at most one timer of the clock, however many entries hang
 * here. What happens then is the entry's own business.
 *
 * W1: an entry expires once, no earlier than due and at the clock's next firing after it.
 * W2: entries of one millisecond expire in the order of their adding.
 * W3: an entry that was removed does not expire.
 * W4: an entry added without a time is due from the next `stamp` on, which the dispatcher makes with
 *     each reading of the clock; whoever reads its deadline earlier makes one.
 *
 * Cost: add and remove O(1), no allocation; an entry further away than one turn of the wheel
 * (8.2 s) is looked at once a turn. Source: Varghese and Lauck 1987, scheme 6.
 */
import type { Cancel, Clock } from "../ports/clock.ts";

const SLOT_MS = 16;
const SLOTS = 512;

/** What hangs on the wheel; the links are the wheel's. */
export interface Timed {
  /** On the monotonic clock; whole milliseconds. Below 0: not stamped yet, due so long after it is. */
  dueMs: number;
  before: Timed | undefined;
  after: Timed | undefined;
  /** Called when due; may add and remove entries. */
  expire(): void;
}

/** The end of a slot's list. */
class Anchor implements Timed {
  dueMs = 0;
  before: Timed | undefined = this;
  after: Timed | undefined = this;
  expire(): void {}
}

/** A hashed timer wheel on a clock. */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #slots: readonly Anchor[] = Array.from({ length: SLOTS }, () => new Anchor());
  readonly #unstamped = new Anchor();
  #size = 0;
  /** Slots up to this one were swept. */
  #swept: number;
  /** When the clock will wake the wheel; `Infinity` when it will not. */
  #wakeMs = Infinity;
  #cancel: Cancel | undefined;
  /** What is due expires now; the clock is set again afterwards. */
  #isSweeping: boolean = false;
  readonly #wake = (): void => this.#sweep();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#swept = Math.floor(clock.monotonicMs() / SLOT_MS);
  }

  /** How many entries hang here. */
  get size(): number {
    return this.#size;
  }

  /** Hangs an entry up, due `delayMs` after `nowMs` (monotonic), rounded up to a millisecond. */
  add(entry: Timed, nowMs: number, delayMs: number): void {
    if (this.#size === 0) this.#swept = Math.floor(nowMs / SLOT_MS);
    this.#size++;
    this.#hang(entry, nowMs, delayMs);
  }

  /** Hangs an entry up, due `delayMs` after the next reading of the clock; at least 1 ms. */
  addUnstamped(entry: Timed, delayMs: number): void {
    entry.dueMs = -Math.max(1, delayMs);
    link(entry, this.#unstamped);
    this.#size++;
  }

  /** The clock was read: what was added since is due from now on. */
  stamp(nowMs: number): void {
    const anchor = this.#unstamped;
    let entry = anchor.after as Timed;
    if (entry === anchor) return;
    // Nothing else hangs here: the slots before now hold nothing that must be looked at.
    if (this.#wakeMs === Infinity && !this.#isSweeping) this.#swept = Math.floor(nowMs / SLOT_MS);
    while (entry !== anchor) {
      const after = entry.after as Timed;
      this.#hang(entry, nowMs, -entry.dueMs);
      entry = after;
    }
    anchor.before = anchor;
    anchor.after = anchor;
  }

  /** Something waits for the clock to be read. */
  get hasUnstamped(): boolean {
    return this.#unstamped.after !== this.#unstamped;
  }

  #hang(entry: Timed, nowMs: number, delayMs: number): void {
    const dueMs = Math.ceil(nowMs + delayMs);
    entry.dueMs = dueMs;
    link(entry, this.#slotOf(dueMs));
    if (dueMs < this.#wakeMs) this.#arm(dueMs, nowMs);
  }

  /** Takes an entry down; harmless when it does not hang here. */
  remove(entry: Timed): void {
    const { before, after } = entry;
    if (before === undefined || after === undefined) return;
    before.after = after;
    after.before = before;
    entry.before = undefined;
    entry.after = undefined;
    this.#size--;
  }

  /** Calls the clock off; nothing expires any more. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#wakeMs = -Infinity;
  }

  #slotOf(dueMs: number): Anchor {
    return this.#slots[Math.floor(dueMs / SLOT_MS) & (SLOTS - 1)] as Anchor;
  }

  #arm(wakeMs: number, nowMs: number): void {
    this.#cancel?.();
    this.#wakeMs = wakeMs;
    this.#cancel = this.#clock.after(Math.max(0, wakeMs - nowMs), this.#wake);
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#cancel = undefined;
    this.#wakeMs = Infinity;
    const last = Math.floor(nowMs / SLOT_MS);
    // After a long pause every slot is looked at once, not once per turn that was missed.
    const first = Math.max(this.#swept, last - SLOTS + 1);
    const due: Timed[] = [];
    for (let slot = first; slot <= last; slot++) {
      const anchor = this.#slots[slot & (SLOTS - 1)] as Anchor;
      for (let entry = anchor.after; entry !== undefined && entry !== anchor; entry = entry.after) {
        if (entry.dueMs <= nowMs) due.push(entry);
      }
    }
    this.#swept = last;
    due.sort((a, b) => a.dueMs - b.dueMs);
    this.#isSweeping = true;
    for (const entry of due) {
      // An entry that expired before this one may have removed it, or hung it up anew.
      if (entry.after === undefined || entry.dueMs > nowMs) continue;
      this.remove(entry);
      entry.expire();
    }
    this.#isSweeping = false;
    if (this.#size > 0) this.#armForNext(this.#clock.monotonicMs());
  }

  /** Wakes at the earliest entry within one turn, or after a turn when all are further away. */
  #armForNext(nowMs: number): void {
    const first = this.#swept;
    for (let slot = first; slot < first + SLOTS; slot++) {
      const endMs = (slot + 1) * SLOT_MS;
      const anchor = this.#slots[slot & (SLOTS - 1)] as Anchor;
      let earliestMs = Infinity;
      for (let entry = anchor.after; entry !== undefined && entry !== anchor; entry = entry.after) {
        if (entry.dueMs < endMs && entry.dueMs < earliestMs) earliestMs = entry.dueMs;
      }
      if (earliestMs < Infinity) {
        if (earliestMs < this.#wakeMs) this.#arm(earliestMs, nowMs);
        return;
      }
    }
    const turnMs = (first + SLOTS) * SLOT_MS;
    if (turnMs < this.#wakeMs) this.#arm(turnMs, nowMs);
  }
}

/** Hangs an entry at the end of a list. */
function link(entry: Timed, anchor: Timed): void {
  const last = anchor.before as Timed;
  entry.before = last;
  entry.after = anchor;
  last.after = entry;
  anchor.before = entry;
}
