/**
 * Whether an actor has nothing to do, and nobody waits for it.
 *
 * Owns: what counts. Timers do not: an actor that must be woken is no idle one by its own word only.
 */
import { Phase } from "../lifecycle.ts";
import type { Cell } from "./cell.ts";
import { contextsInHand } from "./in-hand.ts";
import { hasQueued } from "./queue.ts";

/** Nothing waits, runs or is owed; it may be ended without anybody noticing. */
export function isIdle(cell: Cell): boolean {
  if (cell.phase !== Phase.running || cell.busy > 0 || hasQueued(cell)) return false;
  const holdings = cell.ownHoldings;
  if (holdings === undefined) return true;
  return (
    contextsInHand(cell).length === 0 &&
    (holdings.tasks?.size ?? 0) === 0 &&
    (holdings.deferred?.size ?? 0) === 0 &&
    (holdings.stash?.length ?? 0) === 0 &&
    (holdings.streams?.size ?? 0) === 0 &&
    (holdings.offers?.size ?? 0) === 0
  );
}
