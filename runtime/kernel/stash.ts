/**
 * Messages that an actor has put aside until it can handle them.
 *
 * Owns: the stash and the ways in and out. Its messages are the cell's `holdings.stash`.
 *
 * H1: a stashed message is neither answered nor lost; put back it is handled before what waits, in the
 *     order of its stashing. H2: at most as many are stashed as the mailbox has room.
 * H3: S8: a restart puts all back. H4: a message whose handler throws after stashing it has failed, and
 *     does not come back.
 */

import type { Cell } from "./cell.ts";
import type { Context } from "./context.ts";
import { drop } from "./message-outcome.ts";
import { putInFront } from "./queue.ts";

/**
 * Puts the message in hand aside.
 *
 * @returns `false` when the stash is full: the message is refused instead
 * @throws {TypeError} when no message is in hand
 */
export function putAside(cell: Cell, context: Context): boolean {
  const message = context.message;
  if (message === undefined) throw new TypeError("stash: no message is in hand");
  if (message.handler.isStream) throw new TypeError("stash: a stream has begun with its handler");
  const { holdings } = cell;
  holdings.stash ??= [];
  context.release();
  // Also when it is refused: a failure that follows is one of this message's handler.
  context.aside = message;
  if (holdings.stash.length >= cell.options.capacity) {
    drop(cell, message, "mailbox-full");
    return false;
  }
  holdings.stash.push(message);
  if (message.reply !== undefined) {
    holdings.stashed ??= new WeakSet();
    holdings.stashed.add(message.reply);
  }
  return true;
}

/** Puts all back before what waits. */
export function putBack(cell: Cell): void {
  const { holdings } = cell;
  const { stash } = holdings;
  if (stash === undefined || stash.length === 0) return;
  holdings.stash = undefined;
  putInFront(cell, stash);
}
