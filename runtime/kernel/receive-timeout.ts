/**
 * Tells an actor that it has handled nothing for a while.
 *
 * Owns: the one span of an actor. Activity is noted once per turn, not per message.
 *
 * V1: told once per span without activity; being told is activity. V2: a handler that runs is activity.
 * V3: gone with the generation that set it.
 */

import { type Duration, durationMs } from "../duration.ts";
import { Phase } from "../lifecycle.ts";
import type { OperationHandler } from "./behavior.ts";
import type { Cell } from "./cell.ts";
import { Message } from "./message.ts";
import { acceptOwn, hasQueued } from "./queue.ts";
import type { Timed } from "./timer-wheel.ts";

/** Hangs on the wheel as long as it is set. */
export class ReceiveTimeout implements Timed {
  dueMs = 0;
  before: Timed | undefined = undefined;
  after: Timed | undefined = undefined;
  readonly #cell: Cell;
  readonly #afterMs: number;
  readonly #handler: OperationHandler;
  readonly #payload: unknown;
  #activeMs: number;

  constructor(cell: Cell, afterMs: number, handler: OperationHandler, payload: unknown) {
    this.#cell = cell;
    this.#afterMs = afterMs;
    this.#handler = handler;
    this.#payload = payload;
    this.#activeMs = cell.kernel.nowMs();
    cell.kernel.wheel.add(this, this.#activeMs, afterMs);
  }

  /** The actor had a turn. */
  touch(): void {
    this.#activeMs = this.#cell.kernel.dispatcher.readMs;
  }

  expire(): void {
    const { kernel, busy } = this.#cell;
    const nowMs = kernel.nowMs();
    // One that has failed is silent for another reason (V3).
    const isActive = busy > 0 || this.#cell.phase !== Phase.running || hasQueued(this.#cell);
    const idleMs = isActive ? 0 : nowMs - this.#activeMs;
    if (idleMs < this.#afterMs) {
      kernel.wheel.add(this, nowMs, this.#afterMs - idleMs);
      return;
    }
    this.#activeMs = nowMs;
    kernel.wheel.add(this, nowMs, this.#afterMs);
    const watched = kernel.watchedTell(undefined);
    acceptOwn(this.#cell, new Message(this.#handler, this.#payload, this.#cell, watched));
  }

  cancel(): void {
    this.#cell.kernel.wheel.remove(this);
  }
}

/**
 * Sets, replaces or calls off an actor's receive time-out.
 *
 * @throws {TypeError} unless `operation` is a tell of the actor; {RangeError} below 1 ms
 */
export function setReceiveTimeout(
  cell: Cell,
  after: Duration | undefined,
  operation: string | undefined,
  payload: unknown,
): void {
  const { holdings } = cell;
  let handler: OperationHandler | undefined;
  let afterMs = 0;
  if (after !== undefined) {
    afterMs = durationMs(after);
    if (afterMs < 1) throw new RangeError(`a receive time-out must be 1 ms or more: ${after}`);
    handler = operation === undefined ? undefined : cell.behavior.find(operation);
    if (handler?.isTell !== true) {
      throw new TypeError(`a receive time-out tells; not a tell of this actor: ${operation}`);
    }
  }
  holdings.receiveTimeout?.cancel();
  holdings.receiveTimeout =
    handler === undefined ? undefined : new ReceiveTimeout(cell, afterMs, handler, payload);
}
