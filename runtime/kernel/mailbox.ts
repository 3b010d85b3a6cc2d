/**
 * The queue of an actor: a lane for the system's messages and one for everybody's.
 *
 * Owns: the order of what waits, and the place of the message in hand. Its owner, the cell, keeps the
 * first message in a slot of its own and makes a mailbox only for the second, so that most actors
 * never own one.
 *
 * M1: the user lane is first in, first out. M2: the system lane is drained before the user lane.
 * M3: the user lane is bounded by its owner's check of `length`; the system lane is not bounded.
 * M4: a message that was begun keeps its place at the front until it is released, and counts as waiting
 *     no more: whatever comes or goes meanwhile does so behind it.
 *
 * Why it stays: storing a new object into an old one is what a message costs most, and the ring has
 * paid for that already.
 *
 * Cost: O(1) amortized; the ring doubles when full and never shrinks.
 */
import type { Message } from "./message.ts";
import { RingBuffer } from "./ring-buffer.ts";

/** Options of an actor's mailbox. */
export interface MailboxOptions {
  /** How many user messages may wait; default 1,024. */
  readonly capacity?: number;
  /** What happens to a message that finds no room; default `reject`. */
  readonly onFull?: "reject" | "drop-oldest" | "drop-newest";
}

/** A message of the runtime itself, run serially like any other. */
export type SystemMessage = () => unknown;

const FIRST_SLOTS = 8;

/** Two lanes. */
export class Mailbox<M = Message> {
  #slots: (M | undefined)[] = new Array<M | undefined>(FIRST_SLOTS).fill(undefined);
  #mask = FIRST_SLOTS - 1;
  #head = 0;
  /** The message in hand included. */
  #count = 0;
  /** 1 while the message at the head is in hand. */
  #inHand = 0;
  #system: RingBuffer<SystemMessage> | undefined = undefined;

  /** How many user messages wait. */
  get length(): number {
    return this.#count - this.#inHand;
  }

  /** How many system messages wait. */
  get systemLength(): number {
    return this.#system === undefined ? 0 : this.#system.length;
  }

  push(message: M): void {
    const count = this.#count;
    if (count > this.#mask) this.#grow();
    this.#slots[(this.#head + count) & this.#mask] = message;
    this.#count = count + 1;
  }

  /** Takes the oldest user message in hand; {@link release} takes it out. */
  begin(): M | undefined {
    if (this.#count === 0) return undefined;
    this.#inHand = 1;
    return this.#slots[this.#head];
  }

  /** The user message in hand. */
  get inHand(): M | undefined {
    return this.#inHand === 0 ? undefined : this.#slots[this.#head];
  }

  /** The message in hand, if there is one, is done. */
  release(): void {
    if (this.#inHand === 0) return;
    const head = this.#head;
    // So that it can be collected.
    this.#slots[head] = undefined;
    this.#head = (head + 1) & this.#mask;
    this.#count--;
    this.#inHand = 0;
  }

  /** Takes out the oldest user message that waits. */
  shift(): M | undefined {
    if (this.length === 0) return undefined;
    const head = this.#head;
    const oldest = (head + this.#inHand) & this.#mask;
    const message = this.#slots[oldest];
    if (this.#inHand === 1) this.#slots[oldest] = this.#slots[head];
    this.#slots[head] = undefined;
    this.#head = (head + 1) & this.#mask;
    this.#count--;
    return message;
  }

  /** Puts a user message before all others that wait. */
  unshift(message: M): void {
    if (this.#count > this.#mask) this.#grow();
    const before = (this.#head - 1) & this.#mask;
    if (this.#inHand === 1) {
      this.#slots[before] = this.#slots[this.#head];
      this.#slots[this.#head] = message;
    } else {
      this.#slots[before] = message;
    }
    this.#head = before;
    this.#count++;
  }

  /** Whether any user message that waits passes. O(n). */
  some(passes: (message: M) => boolean): boolean {
    for (let i = this.#inHand; i < this.#count; i++) {
      if (passes(this.#slots[(this.#head + i) & this.#mask] as M)) return true;
    }
    return false;
  }

  /** Takes out the oldest user message that passes; the others keep their order. O(n). */
  take(passes: (message: M) => boolean): M | undefined {
    for (let i = this.#inHand; i < this.#count; i++) {
      const message = this.#slots[(this.#head + i) & this.#mask] as M;
      if (!passes(message)) continue;
      for (let j = i; j > 0; j--) {
        this.#slots[(this.#head + j) & this.#mask] = this.#slots[(this.#head + j - 1) & this.#mask];
      }
      this.#slots[this.#head] = undefined;
      this.#head = (this.#head + 1) & this.#mask;
      this.#count--;
      return message;
    }
    return undefined;
  }

  pushSystem(message: SystemMessage): void {
    this.#system ??= new RingBuffer<SystemMessage>();
    this.#system.push(message);
  }

  shiftSystem(): SystemMessage | undefined {
    return this.#system === undefined ? undefined : this.#system.shift();
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Array<M | undefined>(old.length * 2).fill(undefined);
    for (let i = 0; i < this.#count; i++) slots[i] = old[(this.#head + i) & this.#mask];
    this.#slots = slots;
    this.#mask = slots.length - 1;
    this.#head = 0;
  }
}
