/**
 * The handlers that run now.
 *
 * Owns: which contexts are in hand, and which message may join them. A serial actor has at most the one
 * that its root context names; an actor that opted out of being serial has a set of them.
 *
 * S1: at most `concurrency` handlers run at a time; an interleaving operation runs beside any of them,
 *     also past messages that wait. All other messages start in their order.
 * I1: at most as many interleaving handlers run at a time as the mailbox has room for messages.
 * I2: messages of the runtime never wait for a handler.
 */

import type { Cell } from "./cell.ts";
import type { Context } from "./context.ts";
import type { Message, ReplyTo } from "./message.ts";
import { hasInterleaving, hasQueued, shift, shiftInterleaving, systemQueued } from "./queue.ts";

/** The handlers of one generation that run now. */
export class InHand {
  readonly #contexts = new Map<Context, "serial" | "interleaving" | "system">();
  #serial = 0;
  #interleaving = 0;

  contexts(): Iterable<Context> {
    return this.#contexts.keys();
  }

  add(context: Context, message: Message | undefined): void {
    if (message === undefined) {
      this.#contexts.set(context, "system");
      return;
    }
    const interleaves = context.cell.options.interleave.has(message.handler.operation);
    this.#contexts.set(context, interleaves ? "interleaving" : "serial");
    if (interleaves) this.#interleaving++;
    else this.#serial++;
  }

  remove(context: Context): void {
    const kind = this.#contexts.get(context);
    this.#contexts.delete(context);
    if (kind === "serial") this.#serial--;
    if (kind === "interleaving") this.#interleaving--;
  }

  /** Whether a message that waits may start beside those in hand. */
  hasRoomFor(cell: Cell): boolean {
    if (systemQueued(cell) > 0) return true;
    if (this.#mayInterleave(cell) && hasInterleaving(cell)) return true;
    return this.#serial < cell.options.concurrency && hasQueued(cell);
  }

  /** Takes the message that may start beside those in hand. */
  next(cell: Cell): Message | undefined {
    if (this.#serial < cell.options.concurrency) return shift(cell);
    return this.#mayInterleave(cell) ? shiftInterleaving(cell) : undefined;
  }

  #mayInterleave(cell: Cell): boolean {
    return this.#interleaving < cell.options.capacity;
  }
}

/** The contexts whose handlers run now. */
export function contextsInHand(cell: Cell): readonly Context[] {
  if (cell.options.isConcurrent) return [...(cell.holdings.inHand?.contexts() ?? [])];
  return cell.context === undefined || cell.context.message === undefined ? [] : [cell.context];
}

/** The context that handles the message whose asker is `reply`. */
export function inHandFor(cell: Cell, reply: ReplyTo): Context | undefined {
  return contextsInHand(cell).find((context) => context.message?.reply === reply);
}
