/**
 * What a node that stops finishes before its parts end: work in hand, then streams that others read.
 *
 * Owns: who is told to take nothing more, and how much of the time that is left each may have.
 *
 * I1: each gets half of what is left; the rest is for the steps after it.
 * I2: a fenced node finishes nothing: its tasks are put back at once, and nobody is told.
 */
import { awaitedClock, type Clock } from "../../runtime/ports/clock.ts";
import type { System } from "../../runtime/system.ts";
import type { Entrances } from "./entrances.ts";
import type { TrackedTasks } from "./tracked-tasks.ts";

/** Of the time that is left, how much a step may take. */
const SHARE = 0.5;
/** How often to look whether the streams have ended. */
const LOOK_MS = 20;

/** What {@link Drain} is made of. */
export interface DrainParts {
  readonly system: Pick<System, "streamsOut">;
  readonly entrances: Pick<Entrances, "drain" | "inHand">;
  readonly workers: Pick<TrackedTasks, "end">;
  /** Tells the other nodes that this one takes no more. */
  readonly announce: () => void;
  readonly isFenced: () => boolean;
}

/** A node's last work; see the file's header. */
export class Drain {
  readonly #parts: DrainParts;

  constructor(parts: DrainParts) {
    this.#parts = parts;
  }

  /** Refuses new work; tasks in hand are finished, or put back when their time is over. */
  async work(leftMs: number): Promise<void> {
    const { entrances, workers, announce, isFenced } = this.#parts;
    if (!isFenced()) announce();
    entrances.drain();
    await workers.end(isFenced() ? 0 : leftMs * SHARE);
  }

  /** Lets streams that others read, and answers that they wait for, end. */
  async streams(leftMs: number): Promise<void> {
    const { system, entrances, isFenced } = this.#parts;
    const isRead = (): boolean => system.streamsOut + entrances.inHand > 0;
    if (!isFenced()) await whileHolds(isRead, awaitedClock, leftMs * SHARE);
  }
}

/** Resolves once `condition` no longer holds, or after `withinMs`. */
async function whileHolds(condition: () => boolean, clock: Clock, withinMs: number): Promise<void> {
  const untilMs = clock.monotonicMs() + withinMs;
  while (condition() && clock.monotonicMs() < untilMs)
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
}
