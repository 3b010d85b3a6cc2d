/**
 * The way between a node and the stores, which ends with the node's lease.
 *
 * Owns: nothing but the question before each call. The stores themselves are fenced by revisions and
 * tokens; this is for what carries none: a write that does not care what it overwrites, an
 * acknowledgement, a task that is queued. A handler that was under way when its process was stopped goes
 * on when it wakes, past the turns that `fenced-scheduler.ts` drops; it must not get far.
 */
import type { StoreLine } from "../../runtime/ports/node-stores.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";

/**
 * A line that is open while `standing` holds.
 *
 * Cost: one reading of the clock per call of a store.
 */
export function fencedLine(name: string, standing: () => boolean): StoreLine {
  return {
    reach: async (store, call) => {
      if (standing()) return call();
      throw new TroupeError("node.fenced", `node ${name} has no lease and uses no ${store}`, {
        data: { name },
        outcome: "never-ran",
      });
    },
    hear: (_store, news) => {
      if (standing()) news();
    },
    get isOpen() {
      return standing();
    },
  };
}
