/**
 * Work that an actor has running beside its mailbox.
 *
 * Owns: one task from its start until its result is a message. S1's explicit opt-out: the work runs
 * while other messages are handled, its result is handled in its turn.
 *
 * B1: what it resolves to is told to the actor, whatever the mailbox's bound; a rejection fails the
 *     actor as a handler's would. B2: of a generation that is gone it is fenced and counted; of an
 *     actor that is ending it is a dead letter.
 * B3: at most as many tasks run as the mailbox has room.
 */

import { readable, TroupeError } from "../troupe-error.ts";
import type { Cell } from "./cell.ts";
import { Delay } from "./delay.ts";
import { Message } from "./message.ts";
import { drop } from "./message-outcome.ts";
import { acceptOwn, acceptSystem } from "./queue.ts";

/** The tasks of one generation. */
export class BackgroundTasks {
  #running = 0;
  #wait: Delay | undefined = undefined;

  get size(): number {
    return this.#running;
  }

  began(): void {
    this.#running++;
  }

  ended(): void {
    this.#running--;
    if (this.#running === 0) this.#wait?.finish(true);
  }

  /** Waits until none runs, at most `limitMs`. */
  async allEnded(cell: Cell, limitMs: number): Promise<void> {
    if (this.#running === 0) return;
    this.#wait = new Delay(cell.kernel.wheel, cell.kernel.nowMs(), limitMs);
    await this.#wait.over;
    this.#wait = undefined;
  }

  /** Nobody waits for them any longer. */
  hurry(): void {
    this.#wait?.finish(false);
  }
}

/**
 * Starts a task.
 *
 * @throws {TypeError} unless `operation` is a tell of the actor
 * @throws {TroupeError} `mailbox.full` when too many run
 */
export function startTask(
  cell: Cell,
  signal: AbortSignal,
  run: (signal: AbortSignal) => unknown,
  operation: string,
): void {
  const handler = cell.behavior.find(operation);
  if (handler === undefined || !handler.isTell) {
    throw new TypeError(`a task tells its result; not a tell of this actor: ${operation}`);
  }
  const { holdings, context } = cell;
  holdings.tasks ??= new BackgroundTasks();
  const { tasks } = holdings;
  if (tasks.size >= cell.options.capacity) {
    const why = `${cell.address} has ${tasks.size} tasks running, as many as its mailbox holds`;
    throw new TroupeError("mailbox.full", why, { outcome: "never-ran" });
  }
  const isLate = (): boolean => {
    tasks.ended();
    return context === undefined || cell.isLate(context);
  };
  tasks.began();
  void started(run, signal).then(
    (value) => {
      if (isLate()) return;
      const message = new Message(handler, value, cell, cell.kernel.watchedTell(undefined));
      if (!acceptOwn(cell, message)) drop(cell, message, "stopped");
    },
    (error) => {
      if (isLate() || signal.aborted) return;
      acceptSystem(cell, () => {
        throw new TaskFailed(operation, readable(error));
      });
    },
  );
}

/** A task rejected; names whose result never came. */
export class TaskFailed extends Error {
  override readonly name: string = "TaskFailed";
  readonly operation: string;

  constructor(operation: string, cause: unknown) {
    super(`the task of ${operation} failed`, { cause });
    this.operation = operation;
  }
}

async function started(
  run: (signal: AbortSignal) => unknown,
  signal: AbortSignal,
): Promise<unknown> {
  return await run(signal);
}
