/**
 * Senders that wait until a mailbox has room.
 *
 * Owns: their order and how each wait ends. A tell that finds no room is refused; an offer waits.
 *
 * O1: first come, first served, and a tell of another actor never overtakes an offer: while one waits
 *     there is no room. What an actor tells itself within a turn may take the room it made.
 * O2: every wait ends: with room, with the actor, by its deadline, or when its sender gives up.
 * O3: a message that was not queued is a counted dead letter. O4: at most as many wait as the mailbox
 *     has room for messages. O5: a sender whose generation is gone offers nothing any more.
 */

import type { DeadLetterReason } from "../dead-letter.ts";
import { addAbortListener, removeAbortListener } from "./abort-listeners.ts";
import type { Cell } from "./cell.ts";
import type { Context } from "./context.ts";
import type { Message } from "./message.ts";
import { drop } from "./message-outcome.ts";
import { queued } from "./queue.ts";
import { isFenced } from "./sender.ts";
import type { Timed } from "./timer-wheel.ts";

/** One message that waits. */
class Offer implements Timed {
  dueMs = 0;
  before: Timed | undefined = undefined;
  after: Timed | undefined = undefined;
  readonly message: Message;
  readonly sender: Context | undefined;
  readonly settle: (queued: boolean) => void;
  readonly #offers: Offers;
  readonly #cell: Cell;
  readonly #signal: AbortSignal | undefined;

  constructor(
    offers: Offers,
    cell: Cell,
    of: { readonly message: Message; readonly sender: Context | undefined },
    signal: AbortSignal | undefined,
    settle: (queued: boolean) => void,
  ) {
    this.#offers = offers;
    this.#cell = cell;
    this.message = of.message;
    this.sender = of.sender;
    this.#signal = signal;
    this.settle = settle;
    // Like an ask: the process stays alive while somebody waits.
    cell.kernel.replies.opened();
    if (signal !== undefined) addAbortListener(signal, this);
  }

  expire(): void {
    this.#offers.refuse(this.#cell, this, "mailbox-full");
  }

  /** The sender's signal aborted. */
  handleEvent(): void {
    this.#offers.refuse(this.#cell, this, "mailbox-full");
  }

  release(): void {
    const { wheel, replies } = this.#cell.kernel;
    wheel.remove(this);
    replies.closed();
    if (this.#signal !== undefined) removeAbortListener(this.#signal, this);
  }
}

/** The offers to one actor. */
export class Offers {
  readonly #waiting = new Set<Offer>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves to whether the message was queued. */
  add(
    cell: Cell,
    of: { readonly message: Message; readonly sender: Context | undefined },
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    return new Promise((settle) => {
      const offer = new Offer(this, cell, of, signal, settle);
      this.#waiting.add(offer);
      cell.kernel.wheel.add(offer, cell.kernel.nowMs(), waitMs);
    });
  }

  /** Queues as many as there is room for. */
  admit(cell: Cell): void {
    for (const offer of this.#waiting) {
      if (queued(cell) >= cell.options.capacity) return;
      this.#waiting.delete(offer);
      offer.release();
      const isGone = isFenced(cell.kernel, offer.sender);
      offer.settle(!isGone && cell.accept(offer.message));
    }
  }

  /** One does not wait any longer. */
  refuse(cell: Cell, offer: Offer, reason: DeadLetterReason): void {
    if (!this.#waiting.delete(offer)) return;
    offer.release();
    drop(cell, offer.message, reason);
    offer.settle(false);
  }

  /** The actor has ended. */
  refuseAll(cell: Cell): void {
    for (const offer of [...this.#waiting]) this.refuse(cell, offer, "stopped");
  }
}
