/**
 * The end of an actor, however it comes about.
 *
 * Owns: the three ways to stop, and what happens when nothing runs any more. Taking the generation
 * down is `take-down.ts`.
 *
 * S9: `stop` finishes the current message, `drain` what is queued first, `kill` aborts now; what is
 *     left over is accounted for. S12: watchers are told once it has ended.
 * I1: whatever is asked of an actor that ends already, it ends once; a `kill` only hurries it.
 * I2: an actor that is to be drained while it starts or is restarted handles its queue first all the same.
 */

import type { AnyActorRef } from "../actor-ref.ts";
import { nodeOf, pathOf } from "../address.ts";
import type { ExitReason } from "../exit-reason.ts";
import { LifeEvent, Phase } from "../lifecycle.ts";
import { startFailed } from "./ask-error.ts";
import type { Cell } from "./cell.ts";
import { Deferred } from "./deferred.ts";
import { drop } from "./message-outcome.ts";
import { acceptSystem, release, shift, wake } from "./queue.ts";
import { takeDown } from "./take-down.ts";

/** How an actor is made to end. */
export type StopHow = "stop" | "drain" | "kill";

/** Ends an actor; resolves when it has ended. */
export function stop(cell: Cell, how: StopHow, reason?: ExitReason): Promise<void> {
  if (cell.phase === Phase.stopped) return Promise.resolve();
  const { holdings } = cell;
  holdings.ended ??= new Deferred<void>();
  const { promise } = holdings.ended;
  if (how === "drain") drain(cell);
  else endNow(cell, how, reason ?? (how === "kill" ? "killed" : "normal"));
  return promise;
}

/** Ends it by its own wish, after the current message; a permanent actor is started again. */
export function stopSelf(cell: Cell): void {
  if (cell.options.restart !== "permanent" || cell.parent === undefined) {
    cell.holdings.endsByItself = true;
    endNow(cell, "stop", "normal");
    return;
  }
  const { children } = cell.parent;
  acceptSystem(cell, () => children.childExited(cell, "normal", "stop", undefined));
}

/**
 * Ends a child of `cell`; one that has ended already is none any more.
 *
 * @throws {TypeError} when it never was a child
 */
export function stopChild(cell: Cell, child: AnyActorRef): void {
  // Who has an address is listed by name.
  const path = pathOf(child.address);
  const within = `${cell.path}/`;
  const found = path.startsWith(within) ? cell.children.find(path.slice(within.length)) : undefined;
  if (found !== undefined && nodeOf(child.address) === cell.kernel.node) void stop(found, "stop");
  else if (path.startsWith(within)) return;
  else throw new TypeError(`not a child of ${cell.path}: ${child.address}`);
}

/** Ends it after what is queued; when no generation runs, the next one sees to that. */
export function drain(cell: Cell): void {
  cell.step(LifeEvent.drain);
  cell.ownHoldings?.standIn?.drained();
  if (cell.phase === Phase.draining) wake(cell);
  else cell.holdings.drainsNext = true;
}

/** Begins the end, or hurries one that has begun. */
export function endNow(cell: Cell, how: "stop" | "kill", reason: ExitReason): void {
  if (cell.phase === Phase.stopping) {
    if (how === "kill") hurry(cell);
    return;
  }
  if (cell.phase === Phase.stopped) return;
  cell.step(LifeEvent.stop);
  cell.holdings.exitReason ??= reason;
  if (how === "kill") hurry(cell);
  if (how === "stop" && isBare(cell)) void turnOver.then(() => endBare(cell));
  else void end(cell, how);
}

/** The present turn, and with it the handler that may have asked for the end, is over. */
const turnOver: Promise<void> = Promise.resolve();

/**
 * Most actors that end have nothing to take down and nobody to wait for: theirs is over in one step.
 */
function endBare(cell: Cell): void {
  if (!isBare(cell)) {
    void end(cell, "stop");
    return;
  }
  cell.context?.abort();
  cell.context = undefined;
  release(cell);
  close(cell);
}

/** It holds nothing that must be given back in order, and no handler or hook of it runs on. */
function isBare(cell: Cell): boolean {
  if (cell.busy > 0 || !cell.options.isSerial) return false;
  return cell.behavior.definition.hooks.stopping === undefined && cell.holdings.isEmpty;
}

function hurry(cell: Cell): void {
  const { holdings } = cell;
  holdings.inHurry = true;
  holdings.wait?.finish(false);
  holdings.tasks?.hurry();
  holdings.children?.hurry();
}

/** Takes down what runs and closes the books. The phase is `stopping` already. */
export async function end(cell: Cell, how: "stop" | "kill"): Promise<void> {
  await takeDown(cell, how);
  close(cell);
}

/** Nothing of it runs any more: closes the books and tells whoever waits for that. */
function close(cell: Cell): void {
  cell.step(LifeEvent.tornDown);
  const { holdings } = cell;
  const { tenancy } = holdings;
  const reason = holdings.exitReason ?? "normal";
  for (let left = shift(cell); left !== undefined; left = shift(cell)) {
    if (tenancy?.leftOver(left, reason) !== true) drop(cell, left, "stopped");
  }
  holdings.offers?.refuseAll(cell);
  const { events } = cell.kernel.ports;
  if (events.watched) events.emit({ type: "actor.stopped", path: cell.path, reason });
  cell.parent?.children.ended(cell, holdings.endsByItself);
  for (const watcher of holdings.watchers ?? []) watcher.notify(reason);
  holdings.watchers = undefined;
  holdings.startup?.resolve();
  if (!cell.hasStarted) holdings.ready?.reject(startFailed(cell.address, holdings.startError));
  holdings.ended?.resolve();
  tenancy?.ended(reason);
}
