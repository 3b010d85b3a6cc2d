/**
 * The order of turns, as a port.
 *
 * Owns: when a ready dispatcher runs. Its neighbour `clock.ts` owns the passing of time.
 */

/** Runs work soon: in this turn's microtasks or in a turn of its own. */
export interface Scheduler {
  /** Runs `turn` after the current job, before any I/O. */
  microtask(turn: () => void): void;
  /** Runs `turn` after pending I/O has had its chance. */
  macrotask(turn: () => void): void;
  /**
   * Chooses which of `ready` actors, counted from the longest waiting, has the next turn. Where it
   * is given, a dispatcher handles one message per turn and schedules the next one as a microtask;
   * absent, the first come is the first served.
   *
   * @param ready - 1 or more
   * @returns 0 to `ready - 1`
   */
  readonly pick?: (ready: number) => number;
}

const resolved: Promise<void> = Promise.resolve();

/** The process's own queues. */
export const systemScheduler: Scheduler = {
  // `queueMicrotask` keeps an async resource for each call, which costs more than a turn of an actor.
  microtask: (turn) => {
    void resolved.then(turn);
  },
  macrotask: (turn) => {
    setImmediate(turn);
  },
};
