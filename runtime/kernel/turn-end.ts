/**
 * The end of a cell's turn: does it want another one, and was that all there was to drain?
 *
 * Owns: who is told that there is room: senders that wait, and the pool that a worker belongs to.
 */
import { Phase } from "../lifecycle.ts";
import type { Cell } from "./cell.ts";
import { Flag } from "./cell-word.ts";
import { endNow } from "./ending.ts";
import { hasQueued, systemQueued, wake } from "./queue.ts";

/** After the last message of a turn. */
export function turnEnds(cell: Cell): void {
  const holdings = cell.ownHoldings;
  if (holdings !== undefined) {
    if (holdings.offers !== undefined) holdings.offers.admit(cell);
    if (holdings.receiveTimeout !== undefined) holdings.receiveTimeout.touch();
    if (holdings.isPooled && cell.busy < cell.options.concurrency && cell.parent !== undefined) {
      wake(cell.parent);
    }
  }
  if (hasWork(cell)) cell.word |= Flag.scheduled;
  else cell.word &= ~Flag.scheduled;
  if (cell.phase !== Phase.draining || cell.busy > 0 || hasQueued(cell)) return;
  // Nothing is left, unless it was handed to workers that are not done with it.
  if (holdings?.crew?.isIdle !== false) endNow(cell, "stop", "normal");
}

/** There is something to do that need not wait for a handler's end. */
function hasWork(cell: Cell): boolean {
  const { phase } = cell;
  if (phase === Phase.starting) return cell.context === undefined && cell.busy === 0;
  if (phase !== Phase.running && phase !== Phase.draining) return false;
  if (cell.busy === 0) return hasQueued(cell) && canHandOn(cell);
  return cell.options.isConcurrent && cell.ownHoldings?.inHand?.hasRoomFor(cell) === true;
}

/** A pool's message waits until a worker has room for it. */
function canHandOn(cell: Cell): boolean {
  if (!cell.behavior.isPool || systemQueued(cell) > 0) return true;
  return cell.ownHoldings?.crew?.withRoom() !== undefined;
}
