/**
 * One timer wheel per system: every deadline, actor timer and pause hangs on it.
 *
 * Owns: when something is due. It holds at most one timer of the clock, however many entries hang
 * here. What happens then is the entry's own business.
 *
 * W1: an entry expires once, no earlier than due and at the clock's next firing after it.
 * W2: entries of one millisecond expire in the order of their adding.
 * W3: an entry that was removed does not expire.
 * W4: an entry that was only noted is due from the next `stamp` on, which the dispatcher makes with each
 *     reading of the clock; whoever reads its deadline earlier makes one.
 *
 * Cost: add and remove O(1), no allocation; an entry further away than one turn of the wheel
 * (8.2 s) is looked at once a turn. Source: Varghese and Lauck 1987, scheme 6.
 */
import type { Cancel, Clock } from "../ports/clock.ts";

const SLOT_MS = 16;
const SLOTS = 512;
/** How many may be noted before they are looked through. */
const MOST_NOTED = 256;

/** What hangs on the wheel; the links are the wheel's. */
export interface Timed {
  /** On the monotonic clock; whole milliseconds. Below 0: not stamped yet, due so long after it is. */
  dueMs: number;
  before: Timed | undefined;
  after: Timed | undefined;
  /** Called when due; may add and remove entries. */
  expire(): void;
}

/** What may be noted: it says itself when it is over, and need not be removed. */
export interface Noted extends Timed {
  readonly settled: boolean;
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
  /** Noted since they were last hung up; the first `#stamped` of them have their time. */
  readonly #noted: (Noted | undefined)[] = new Array<Noted | undefined>(MOST_NOTED).fill(undefined);
  #notedCount = 0;
  #stamped = 0;
  #size = 0;
  /** Slots up to this one were swept. */
  #swept: number;
  /** When the clock will wake the wheel; `Infinity` when it will not. */
  #wakeMs = Infinity;
  #cancel: Cancel | undefined;
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
    // What is noted may be due before now: its slot must not be taken for one that was swept.
    if (this.#size === 0 && this.#notedCount === 0) this.#swept = Math.floor(nowMs / SLOT_MS);
    this.#size++;
    this.#hang(entry, nowMs, delayMs);
  }

  /**
   * Notes an entry that is due `delayMs`, at least 1 ms, after the next reading of the clock. It is hung up
   * when the stretch ends, unless it is over by then, as most are.
   */
  note(entry: Noted, delayMs: number): void {
    entry.dueMs = delayMs > 1 ? -delayMs : -1;
    if (this.#notedCount === MOST_NOTED) {
      this.stamp(this.#clock.monotonicMs());
      this.hangNoted();
    }
    this.#noted[this.#notedCount++] = entry;
  }

  /** The clock was read: what was noted since is due from now on. */
  stamp(nowMs: number): void {
    const count = this.#notedCount;
    for (let i = this.#stamped; i < count; i++) {
      const entry = this.#noted[i] as Noted;
      const dueMs = Math.ceil(nowMs - entry.dueMs);
      entry.dueMs = dueMs;
      if (dueMs < this.#wakeMs) this.#arm(dueMs, nowMs);
    }
    this.#stamped = count;
  }

  /** Something waits for the clock to be read. */
  get hasUnstamped(): boolean {
    return this.#stamped < this.#notedCount;
  }

  /** Hangs up what was noted and stamped and is not over. */
  hangNoted(): void {
    const count = this.#stamped;
    if (count === 0 || this.hasUnstamped) return;
    for (let i = 0; i < count; i++) {
      const entry = this.#noted[i] as Noted;
      // So that it can be collected.
      this.#noted[i] = undefined;
      if (entry.settled) continue;
      link(entry, this.#slotOf(entry.dueMs));
      this.#size++;
    }
    this.#notedCount = 0;
    this.#stamped = 0;
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
    this.stamp(nowMs);
    this.hangNoted();
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
    for (const entry of due) {
      // An entry that expired before this one may have removed it, or hung it up anew.
      if (entry.after === undefined || entry.dueMs > nowMs) continue;
      this.remove(entry);
      entry.expire();
    }
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
