/**
 * Taking one generation of an actor down, for a restart or for good.
 *
 * Owns: the order and its waits. What follows is the cell's business.
 *
 * S8, S9: the handler is given time, then its signal aborts; children end in reverse order; the
 * `stopping` hook runs; timers, watches, topics and the streams it consumes go.
 * I1: no wait is longer than the actor's `shutdown`, or for a stop the deadline of the message in
 *     hand; `holdings.inHurry` ends all waits.
 */

import { TroupeError } from "../troupe-error.ts";
import { streamAborted } from "./ask-error.ts";
import type { Cell } from "./cell.ts";
import type { Context } from "./context.ts";
import { Delay } from "./delay.ts";
import { contextsInHand } from "./in-hand.ts";
import type { Message } from "./message.ts";
import { deadLetter } from "./message-outcome.ts";
import { release } from "./queue.ts";
import { putBack } from "./stash.ts";
import { isThenable } from "./thenable.ts";
import { unsubscribe, unwatch } from "./ties.ts";

/** A stop lets the message in hand finish; a restart and a kill abort it. */
export type DownMode = "restart" | "stop" | "kill";

/**
 * Takes down what runs; resolves when nothing of the generation acts for the actor any more. While
 * that is under way a further call, whatever its mode, joins it.
 */
export function takeDown(cell: Cell, mode: DownMode): Promise<void> {
  const { holdings } = cell;
  holdings.takingDown ??= takeDownInOrder(cell, mode).then(() => {
    holdings.takingDown = undefined;
  });
  return holdings.takingDown;
}

async function takeDownInOrder(cell: Cell, mode: DownMode): Promise<void> {
  const context = cell.context;
  const holdings = cell.holdings;
  // Asked for by its own handler: whether that one awaits shows when it has returned.
  if (mode === "stop" && cell.kernel.current?.cell === cell) await undefined;
  if (mode === "stop" && cell.busy > 0) await handlerEnded(cell, graceMs(cell));
  context?.abort();
  leaveStreams(cell);
  const { shutdownMs } = cell.options;
  // Most actors that end have nothing to wait for, and pay for no more than this one turn.
  if (cell.busy > 0) await handlerEnded(cell, shutdownMs);
  else await undefined;
  if (holdings.tasks !== undefined && !holdings.inHurry) {
    await holdings.tasks.allEnded(cell, shutdownMs);
  }
  if (holdings.children !== undefined) await stopChildren(cell);
  if (cell.busy > 0) abandon(cell);
  else if (context !== undefined && hasHook(cell)) await runStopping(cell, context);
  // From here on the generation is gone: what still runs of it can begin nothing more.
  cell.context = undefined;
  if (holdings.children !== undefined) await stopChildren(cell);
  holdings.timers?.end();
  holdings.timers = undefined;
  holdings.receiveTimeout?.cancel();
  holdings.receiveTimeout = undefined;
  if ((holdings.tasks?.size ?? 0) > 0) {
    cell.log.warn({ tasks: holdings.tasks?.size }, "abandoned background tasks");
  }
  holdings.tasks = undefined;
  leaveStreams(cell);
  if (holdings.watching !== undefined) {
    for (const address of [...holdings.watching.keys()]) unwatch(cell, address);
  }
  if (holdings.topics !== undefined) {
    for (const topic of [...holdings.topics]) unsubscribe(cell, topic);
  }
  holdings.deferred?.rejectAll(`${cell.address} was stopped or restarted before it answered`);
  holdings.inHand = undefined;
  holdings.crew = undefined;
  release(cell);
  cell.clearBusy();
  putBack(cell);
}

async function stopChildren({ holdings: { children, inHurry } }: Cell): Promise<void> {
  if (children !== undefined && children.size > 0)
    await children.stopAll(inHurry ? "kill" : "stop");
}

/** S16: the end of a consumer cancels its producers. A handler may open more until it ends. */
function leaveStreams(cell: Cell): void {
  const { streams } = cell.holdings;
  if (streams === undefined) return;
  for (const stream of [...streams]) stream.abandon();
}

/** How long a stop waits before it aborts: an ask has its deadline, others as long as a restart. */
function graceMs(cell: Cell): number {
  const nowMs = cell.kernel.nowMs();
  const graces = contextsInHand(cell).map(({ message }) => {
    const deadlineMs = message?.reply?.deadlineMs ?? 0;
    return deadlineMs === 0 ? cell.options.shutdownMs : Math.max(0, deadlineMs - nowMs);
  });
  return graces.length === 0 ? cell.options.shutdownMs : Math.max(...graces);
}

async function handlerEnded(cell: Cell, limitMs: number): Promise<void> {
  const { kernel, holdings } = cell;
  if (cell.busy === 0 || holdings.inHurry) return;
  const wait = new Delay(kernel.wheel, kernel.nowMs(), limitMs);
  holdings.wait = wait;
  await wait.over;
  holdings.wait = undefined;
}

function hasHook(cell: Cell): boolean {
  const { stopping } = cell.behavior.definition.hooks;
  return stopping !== undefined && cell.hasState && !cell.holdings.inHurry;
}

async function runStopping(cell: Cell, context: Context): Promise<void> {
  const { stopping } = cell.behavior.definition.hooks;
  if (stopping === undefined) return;
  const { kernel, holdings } = cell;
  try {
    const result = stopping(context);
    if (!isThenable(result)) return;
    const limitMs = holdings.standIn?.leaveMs ?? cell.options.shutdownMs;
    const wait = new Delay(kernel.wheel, kernel.nowMs(), limitMs);
    holdings.wait = wait;
    const ended = Promise.resolve(result).then(() => wait.finish(true));
    await Promise.race([ended, wait.over]);
  } catch (error) {
    cell.log.error({ err: error }, "the stopping hook threw");
  } finally {
    holdings.wait?.finish(false);
    holdings.wait = undefined;
  }
}

/** Handlers did not end in time: whoever waits for them is told, their results will be fenced. */
function abandon(cell: Cell): void {
  const contexts = contextsInHand(cell);
  if (contexts.length === 0) cell.log.warn({ operation: "init" }, "abandoned a handler");
  for (const { message } of contexts) {
    cell.log.warn({ operation: message?.handler.operation ?? "a hook" }, "abandoned a handler");
    if (message !== undefined) abandonMessage(cell, message);
  }
}

function abandonMessage(cell: Cell, message: Message): void {
  const { type, kind } = message.handler;
  const why = `${cell.address} was stopped or restarted while it handled ${type}`;
  switch (kind) {
    case "stream":
      message.reply?.reject(streamAborted(type, why, 0));
      return;
    case "ask":
      message.reply?.reject(new TroupeError("actor.stopped", why, { outcome: "unknown" }));
      return;
    case "tell":
      deadLetter(cell, message, "stopped");
      return;
  }
}
