/**
 * The generations of an actor: one starts, fails, is taken down, and the next one starts.
 *
 * Owns: the order of these steps. Whether there is a next one is the supervisor's decision
 * (`children.ts`); the end for good is `ending.ts`.
 *
 * S8: the ref and the queue stay. S10: `init` may be async, messages wait meanwhile; a first start
 *     that fails rejects `ready`.
 * I1: a generation that is gone changes nothing any more: its late `init` is fenced.
 */

import { LifeEvent, Phase } from "../lifecycle.ts";
import { readable } from "../troupe-error.ts";
import { Fatal, startFailed } from "./ask-error.ts";
import type { Cell } from "./cell.ts";
import { Context } from "./context.ts";
import { Deferred } from "./deferred.ts";
import { drain, end } from "./ending.ts";
import { goOn, hasQueued, wake } from "./queue.ts";
import { takeDown } from "./take-down.ts";
import { isThenable, promiseOf } from "./thenable.ts";

/** Starts a generation: makes its context and runs `init`. */
export function begin(cell: Cell): void {
  const context = new Context(cell, undefined);
  cell.context = context;
  cell.noteStart();
  cell.kernel.current = context;
  let state: unknown;
  let promise: Promise<unknown> | undefined;
  try {
    state = cell.behavior.definition.init(cell.input, context);
    promise = isThenable(state) ? promiseOf(state) : undefined;
  } catch (error) {
    notStarted(cell, context, error);
    return;
  }
  if (promise === undefined) {
    started(cell, context, state);
    return;
  }
  cell.addBusy();
  promise.then(
    (made) => started(cell, context, made),
    (error) => notStarted(cell, context, error),
  );
}

function started(cell: Cell, context: Context, state: unknown): void {
  if (cell.isLate(context)) return;
  cell.clearBusy();
  if (cell.phase === Phase.starting) {
    context.state = state;
    cell.noteState();
    cell.step(LifeEvent.started);
    const { events } = cell.kernel.ports;
    if (events.watched) {
      events.emit({ type: "actor.started", path: cell.path, generation: cell.generation });
    }
    cell.announceStart();
    if (cell.drainsNext) drain(cell);
  }
  if (cell.isAwaited || hasQueued(cell) || cell.isPooled) goOn(cell);
}

function notStarted(cell: Cell, context: Context, thrown: unknown): void {
  const error = readable(thrown);
  if (cell.isLate(context)) return;
  cell.clearBusy();
  const { holdings } = cell;
  if (cell.phase === Phase.starting) {
    holdings.startError ??= error;
    cell.step(LifeEvent.failed);
    if (!cell.hasStarted) holdings.ready?.reject(startFailed(cell.address, holdings.startError));
    cell.parent?.children.childExited(cell, exitOf(error), "init", error);
    holdings.startup?.resolve();
  }
  holdings.wait?.finish(true);
}

/** It cannot go on as it is; whoever supervises it decides. */
export function failed(
  cell: Cell,
  reason: "failed" | "intensity",
  operation: string,
  error: unknown,
): void {
  const before = cell.phase;
  cell.step(LifeEvent.failed);
  if (cell.phase === before) return;
  if (reason === "intensity") cell.holdings.exitReason = reason;
  if (cell.phase === Phase.failed) {
    cell.parent?.children.childExited(cell, exitOf(error), operation, error);
    return;
  }
  cell.log.error({ operation, err: error }, "actor failed while draining");
  cell.holdings.exitReason ??= reason;
  void end(cell, "stop");
}

/** The supervisor lets the failed generation go on. */
export function resume(cell: Cell): void {
  cell.step(LifeEvent.resume);
  cell.ownHoldings?.standIn?.resumed();
  if (cell.drainsNext) drain(cell);
  wake(cell);
}

/** Ends the present generation for a restart; the queue stays. */
export async function takeDownForRestart(cell: Cell): Promise<void> {
  cell.step(LifeEvent.restart);
  if (cell.phase !== Phase.restarting) return;
  await takeDown(cell, "restart");
  // A stop that came meanwhile finishes by itself.
  if (cell.phase === Phase.restarting) cell.step(LifeEvent.tornDown);
}

/** Starts the next generation; resolves when its `init` succeeded or failed. */
export function startAgain(cell: Cell): Promise<void> {
  if (cell.phase !== Phase.waiting) return Promise.resolve();
  cell.step(LifeEvent.due);
  const { holdings } = cell;
  holdings.exitReason = undefined;
  holdings.startup = new Deferred<void>();
  wake(cell);
  return holdings.startup.promise;
}

function exitOf(error: unknown): "fatal" | "failed" {
  return error instanceof Fatal ? "fatal" : "failed";
}
