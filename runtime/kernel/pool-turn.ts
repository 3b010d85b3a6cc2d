/**
 * A turn of a pool: hands messages that wait to workers that have room.
 *
 * Owns: who gets the next message. The pool's queue is its mailbox, so that a full pool refuses like any
 * actor; its workers are its children, supervised like any. `pool.ts` is what programs see.
 *
 * S5: a message is handed out only against a worker's free concurrency, never ahead of it.
 * I1: the pool keeps no message: sender, asker and deadline go with it, and the worker answers.
 *
 * Cost: O(workers) to find one with room, starting after the one found last.
 */
import { Phase } from "../lifecycle.ts";
import type { Cell } from "./cell.ts";
import { begin } from "./generation.ts";
import { handleSystem } from "./handling.ts";
import { Message } from "./message.ts";
import { drop } from "./message-outcome.ts";
import { queued, shift, shiftSystem } from "./queue.ts";
import { turnEnds } from "./turn-end.ts";

/** The workers of one generation of a pool. */
export class Crew {
  readonly #workers: readonly Cell[];
  #next = 0;

  constructor(workers: readonly Cell[]) {
    this.#workers = workers;
    for (const worker of workers) worker.holdings.isPooled = true;
  }

  /** How many messages its workers may handle at a time. */
  get concurrency(): number {
    return this.#workers.reduce((sum, { options }) => sum + options.concurrency, 0);
  }

  /** A worker with room, none twice in a row while others have. */
  withRoom(): Cell | undefined {
    const workers = this.#workers;
    for (let i = 0; i < workers.length; i++) {
      const at = (this.#next + i) % workers.length;
      const worker = workers[at] as Cell;
      if (!hasRoom(worker)) continue;
      this.#next = at + 1;
      return worker;
    }
    return undefined;
  }

  /** Everything that was handed out is done. */
  get isIdle(): boolean {
    return this.#workers.every((worker) => worker.busy === 0 && queued(worker) === 0);
  }
}

function hasRoom(worker: Cell): boolean {
  const { concurrency, capacity } = worker.options;
  const waiting = queued(worker);
  if (worker.phase !== Phase.running || waiting >= capacity) return false;
  return worker.busy + waiting < concurrency;
}

/** Hands out up to `limit` messages and returns how many. */
export function runPool(cell: Cell, limit: number): number {
  let handled = 0;
  while (handled < limit && cell.busy === 0) {
    const { context, phase } = cell;
    if (context === undefined || (phase !== Phase.running && phase !== Phase.draining)) {
      if (context !== undefined || phase !== Phase.starting) break;
      begin(cell);
      handled++;
      continue;
    }
    const system = shiftSystem(cell);
    if (system !== undefined) {
      handleSystem(cell, context, system);
      handled++;
      continue;
    }
    const worker = cell.holdings.crew?.withRoom();
    const message = worker === undefined ? undefined : shift(cell);
    if (worker === undefined || message === undefined) break;
    handled++;
    const { handler, payload, from, reply } = message;
    const own = worker.behavior.find(handler.operation);
    if (own === undefined) drop(cell, message, "no-handler");
    else if (reply?.settled !== true) {
      reply?.redirect(worker);
      worker.accept(new Message(own, payload, from, reply));
    }
  }
  cell.kernel.current = undefined;
  turnEnds(cell);
  return handled;
}
