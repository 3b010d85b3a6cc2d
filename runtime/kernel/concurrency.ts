/**
 * A turn of an actor that opted out of being serial: each handler has a context of its own.
 *
 * Owns: starting them. Which message may start is `in-hand.ts`, what a handler's end means the cell's
 * business.
 */

import { Phase } from "../lifecycle.ts";
import type { Cell } from "./cell.ts";
import { Context } from "./context.ts";
import { begin } from "./generation.ts";
import { handle, handleSystem } from "./handling.ts";
import { InHand } from "./in-hand.ts";
import { shiftSystem } from "./queue.ts";
import { turnEnds } from "./turn-end.ts";

/** Starts up to `limit` handlers and returns how many. */
export function runConcurrently(cell: Cell, limit: number): number {
  const { kernel } = cell;
  let handled = 0;
  while (handled < limit) {
    const root = cell.context;
    const phase = cell.phase;
    if (root === undefined || (phase !== Phase.running && phase !== Phase.draining)) {
      if (root !== undefined || phase !== Phase.starting || cell.busy > 0) break;
      begin(cell);
      handled++;
      continue;
    }
    const { holdings } = cell;
    holdings.inHand ??= new InHand();
    const { inHand } = holdings;
    const system = shiftSystem(cell);
    const message = system === undefined ? inHand.next(cell) : undefined;
    if (system === undefined && message === undefined) break;
    handled++;
    const context = new Context(cell, root, message);
    inHand.add(context, message);
    const { busy } = cell;
    kernel.current = context;
    if (message === undefined) handleSystem(cell, context, system);
    else handle(cell, context, message);
    if (cell.busy > busy) continue;
    // It ended within this turn.
    inHand.remove(context);
    context.release();
  }
  kernel.current = undefined;
  turnEnds(cell);
  return handled;
}
