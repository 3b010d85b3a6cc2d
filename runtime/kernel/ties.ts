/**
 * What ties an actor to others beside messages: whose end it waits for, which topics it hears.
 *
 * Owns: the actor's side of both. All ties end with the generation that made them.
 *
 * S12: told once per watch, never after `unwatch`, also when the news was already queued.
 */

import type { Address } from "../address.ts";
import type { Cell } from "./cell.ts";
import { Watch } from "./death-watch.ts";
import { acceptSystem } from "./queue.ts";

/** Waits for the end of whoever lives at `target`; watching it again changes nothing. */
export function watch(cell: Cell, target: Address): void {
  const { holdings } = cell;
  holdings.watching ??= new Map();
  if (holdings.watching.has(target)) return;
  const made: Watch = new Watch(target, (ended) => {
    acceptSystem(cell, () => {
      if (holdings.watching?.get(target) !== made || cell.context === undefined) return;
      holdings.watching.delete(target);
      return cell.behavior.definition.hooks.terminated?.(cell.context, ended);
    });
  });
  holdings.watching.set(target, made);
  cell.kernel.outward.watch(made);
}

/** Waits no more. */
export function unwatch(cell: Cell, target: Address): void {
  const { watching } = cell.holdings;
  const made = watching?.get(target);
  if (made === undefined) return;
  watching?.delete(target);
  made.end();
  cell.kernel.outward.unwatch(made);
}

/**
 * Hears a topic as `operation`.
 *
 * @throws {TypeError} unless that is a tell of the actor
 */
export function subscribe(cell: Cell, topic: string, operation: string): void {
  const handler = cell.behavior.find(operation);
  if (handler === undefined || handler.kind !== "tell") {
    throw new TypeError(`a topic tells; not a tell of this actor: ${operation}`);
  }
  const { holdings } = cell;
  holdings.topics ??= new Set();
  holdings.topics.add(topic);
  cell.kernel.outward.subscribe(topic, cell, handler);
}

/** Hears it no more. */
export function unsubscribe(cell: Cell, topic: string): void {
  if (cell.holdings.topics?.delete(topic) !== true) return;
  cell.kernel.outward.unsubscribe(topic, cell);
}
