/**
 * A scheduler that stops turning once this node may no longer act.
 *
 * Owns: nothing but the question before each turn. A process that was stopped for longer than its
 * lease wakes up with turns already queued; this is what keeps them from running.
 */
import type { Scheduler } from "../../runtime/ports/scheduler.ts";

/**
 * Runs the turns of `scheduler` while `standing` holds, and drops them afterwards.
 *
 * Cost: one closure and one reading of the clock per turn, not per message.
 */
export function fencedScheduler(scheduler: Scheduler, standing: () => boolean): Scheduler {
  const guarded = (turn: () => void) => () => {
    if (standing()) turn();
  };
  return {
    microtask: (turn) => scheduler.microtask(guarded(turn)),
    macrotask: (turn) => scheduler.macrotask(guarded(turn)),
  };
}
