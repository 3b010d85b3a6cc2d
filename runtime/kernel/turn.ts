/**
 * A cell's turn: which of what waits is handled next, and when the turn is over.
 *
 * Owns: the order: messages of the runtime, then users' in theirs. Who has a turn is `dispatcher.ts`;
 * actors that run several handlers at a time have `concurrency.ts`, pools `pool-turn.ts`.
 *
 * S1: one handler at a time, awaits included. S3: the system lane before the user lane.
 *
 * Cost: allocates nothing.
 */
import { Phase } from "../lifecycle.ts";
import type { Cell } from "./cell.ts";
import { BUSY, Flag, NEXT_MASK } from "./cell-word.ts";
import { runConcurrently } from "./concurrency.ts";
import type { Context } from "./context.ts";
import { begin as start } from "./generation.ts";
import { handle, handleSystem } from "./handling.ts";
import { runPool } from "./pool-turn.ts";
import { begin, release, shiftSystem } from "./queue.ts";
import { turnEnds } from "./turn-end.ts";

/** Handles up to `limit` messages and returns how many. */
export function run(cell: Cell, limit: number): number {
  const context = cell.context;
  if (context === undefined || !cell.options.isSerial) return runOtherwise(cell, limit);
  const kernel = cell.kernel;
  kernel.current = context;
  let handled = 0;
  while (handled < limit) {
    if ((cell.word & NEXT_MASK) !== Flag.handles) {
      if (!handlesSystem(cell, context)) break;
    } else {
      const message = begin(cell);
      if (message === undefined) break;
      handle(cell, context, message);
      if (cell.word < BUSY) release(cell);
    }
    handled++;
  }
  kernel.current = undefined;
  // What stopped this turn short stops the next one too, until something wakes the cell.
  if (handled < limit && cell.ownHoldings === undefined) cell.word &= ~Flag.scheduled;
  else turnEnds(cell);
  return handled;
}

function handlesSystem(cell: Cell, context: Context): boolean {
  if ((cell.word & Flag.handles) === 0 || cell.word >= BUSY) return false;
  handleSystem(cell, context, shiftSystem(cell));
  return true;
}

/** A turn of a cell that is not serial, or that starts. */
function runOtherwise(cell: Cell, limit: number): number {
  if (cell.behavior.isPool) return runPool(cell, limit);
  if (cell.options.isConcurrent) return runConcurrently(cell, limit);
  if (cell.phase === Phase.starting && cell.busy === 0) {
    start(cell);
    cell.kernel.current = undefined;
    if (limit > 1 && cell.context !== undefined) return 1 + run(cell, limit - 1);
    turnEnds(cell);
    return 1;
  }
  turnEnds(cell);
  return 0;
}
