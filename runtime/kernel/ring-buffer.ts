/**
 * A first-in-first-out queue in an array whose size is a power of two.
 *
 * Owns: the slots. Whether there may be one more is the mailbox's decision.
 *
 * I1: `shift` returns what was pushed, in order, each once.
 * I2: an emptied slot holds nothing, so that what left can be collected.
 *
 * Cost: O(1) amortized; doubles when full, and lets go of a large array once it is empty.
 */
const FIRST_SLOTS = 8;
/** An array this large is not kept when nothing lies in it. */
const MOST_IDLE_SLOTS = 65_536;

/** A growing ring. `T` must not include `undefined`. */
export class RingBuffer<T> {
  #slots: (T | undefined)[] = new Array<T | undefined>(FIRST_SLOTS).fill(undefined);
  #mask = FIRST_SLOTS - 1;
  #head = 0;
  #length = 0;

  /** How many wait. */
  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length > this.#mask) this.#grow();
    this.#slots[(this.#head + this.#length) & this.#mask] = item;
    this.#length++;
  }

  /** Lets go of everything. */
  clear(): void {
    this.#slots.fill(undefined);
    this.#head = 0;
    this.#length = 0;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const head = this.#head;
    const item = this.#slots[head];
    this.#slots[head] = undefined;
    this.#head = (head + 1) & this.#mask;
    this.#length--;
    if (this.#length === 0 && this.#mask >= MOST_IDLE_SLOTS) this.#shrink();
    return item;
  }

  /** A crowd has passed: its room is given back. */
  #shrink(): void {
    this.#slots = new Array<T | undefined>(FIRST_SLOTS).fill(undefined);
    this.#mask = FIRST_SLOTS - 1;
    this.#head = 0;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Array<T | undefined>(old.length * 2).fill(undefined);
    for (let i = 0; i < this.#length; i++) slots[i] = old[(this.#head + i) & this.#mask];
    this.#slots = slots;
    this.#mask = slots.length - 1;
    this.#head = 0;
  }
}
