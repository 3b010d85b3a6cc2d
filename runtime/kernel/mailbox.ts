/**
 * The queue of an actor: a lane for the system's messages and one for everybody's.
 *
 * Owns: the order of what waits. Its owner, the cell, keeps the first message in a slot of its own
 * and makes a mailbox only for the second, so that most actors never own one.
 *
 * M1: the user lane is first in, first out. M2: the system lane is drained before the user lane.
 * M3: the user lane is bounded by its owner's check of `length`; the system lane is not bounded.
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

/** Two lanes. */
export class Mailbox<M = Message> {
  readonly #user: RingBuffer<M> = new RingBuffer<M>();
  #system: RingBuffer<SystemMessage> | undefined;

  /** How many user messages wait. */
  get length(): number {
    return this.#user.length;
  }

  /** How many system messages wait. */
  get systemLength(): number {
    return this.#system === undefined ? 0 : this.#system.length;
  }

  push(message: M): void {
    this.#user.push(message);
  }

  /** The oldest user message. */
  shift(): M | undefined {
    return this.#user.shift();
  }

  pushSystem(message: SystemMessage): void {
    this.#system ??= new RingBuffer<SystemMessage>();
    this.#system.push(message);
  }

  shiftSystem(): SystemMessage | undefined {
    return this.#system === undefined ? undefined : this.#system.shift();
  }
}
