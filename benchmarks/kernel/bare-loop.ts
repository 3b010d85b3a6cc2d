/**
 * The limit for messages: a plain queue and a loop that calls handlers by the operation's name.
 *
 * It makes a new message of four fields for each send, as anything must that calls later, and does
 * nothing else: no bound, no order of lanes, no sender's check, no failure, no trace. No actor
 * runtime in this language can be faster; how close one comes is what it costs.
 *
 * L1: the queue holds at most 2,048 messages; the work here is made so that it fits.
 */

/** Whoever handles messages: any object. */
export interface BareMessage<T> {
  readonly operation: string;
  readonly to: T;
  readonly left: number;
  readonly from: T;
}

/** Handlers by operation. */
export type BareHandlers<T> = Readonly<Record<string, (message: BareMessage<T>) => void>>;

const SLOTS = 2_048;

/** A queue and its loop. */
export class BareLoop<T> {
  readonly #slots: (BareMessage<T> | undefined)[] = new Array(SLOTS).fill(undefined);
  #head = 0;
  #tail = 0;

  send(message: BareMessage<T>): void {
    this.#slots[this.#tail++ & (SLOTS - 1)] = message;
  }

  /** Handles messages until there are none. */
  drain(handlers: BareHandlers<T>): void {
    while (this.#head !== this.#tail) {
      const slot = this.#head++ & (SLOTS - 1);
      const message = this.#slots[slot] as BareMessage<T>;
      this.#slots[slot] = undefined;
      (handlers[message.operation] as (message: BareMessage<T>) => void)(message);
    }
  }
}
