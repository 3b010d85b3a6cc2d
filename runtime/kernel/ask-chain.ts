/**
 * Who waits for whom: the chain of asks that a message is part of.
 *
 * Owns: finding a cycle before it becomes a dead-lock. Within a process the chain is the messages
 * themselves; between nodes it travels as addresses.
 *
 * S2: an ask to an actor that is already in the chain would never be answered, since that actor
 *     handles one message at a time. One that handles n at a time must be in it n times; an interleaving
 *     operation waits for nobody and closes no cycle. An actor that asked outside any message, for example after it
 *     returned a deferred reply, is free to answer and closes no cycle.
 * I1: a chain is followed for at most 32 links.
 */
import type { Address } from "../address.ts";
import type { OperationHandler } from "./behavior.ts";
import type { Cell } from "./cell.ts";
import type { Context } from "./context.ts";
import { contextsInHand } from "./in-hand.ts";
import type { Message } from "./message.ts";
import { senderOf } from "./message.ts";

const MOST_LINKS = 32;

/** The addresses from `target` to the asker and back, when an ask for `handler` would close a cycle. */
export function cycleTo(
  target: Cell,
  { operation }: OperationHandler,
  asker: Context,
): readonly Address[] | undefined {
  const { interleave, concurrency } = target.options;
  if (interleave.has(operation)) return undefined;
  const { crew } = target.behavior.isPool ? target.holdings : {};
  let free = crew?.concurrency ?? concurrency;
  const links: Address[] = [];
  let cell: Cell | Address | undefined = asker.cell;
  let message: Message | undefined = asker.message;
  for (let i = 0; i < MOST_LINKS; i++) {
    const isBusy = cell === target || (crew !== undefined && isWorkerOf(target, cell));
    if (isBusy && takesPlace(cell as Cell, message) && --free === 0) {
      return [target.address, ...links.reverse(), target.address];
    }
    const reply = message?.reply;
    if (message === undefined || reply === undefined) return undefined;
    links.push(typeof cell === "string" ? cell : (cell?.address ?? ""));
    if (reply.chain !== undefined) {
      const at = reply.chain.indexOf(target.address);
      if (at < 0) return undefined;
      return [...reply.chain.slice(at), ...links.reverse(), target.address];
    }
    cell = message.from;
    message = reply.cause;
  }
  return undefined;
}

/** The chain that an ask takes along to another node: who waits for it, outermost first. */
export function chainOf(asker: Context): readonly Address[] {
  const { cell, message } = asker;
  return isHeldBy(cell, message) ? waitingFor(message, [cell.address]) : [];
}

/**
 * Who waits for what comes of `last`, outermost first.
 *
 * @param links - who comes after them, innermost first; added to
 */
export function waitingFor(last: Message | undefined, links: Address[] = []): readonly Address[] {
  let message = last;
  for (let i = links.length; i < MOST_LINKS && message?.reply !== undefined; i++) {
    const { chain, cause } = message.reply;
    if (chain !== undefined) return [...chain, ...links.reverse()].slice(-MOST_LINKS);
    const from = senderOf(message);
    if (from === "") break;
    links.push(from);
    message = cause;
  }
  return links.reverse();
}

function isWorkerOf(pool: Cell, cell: Cell | Address | undefined): boolean {
  return typeof cell === "object" && cell.parent === pool;
}

/** Whether `message` is one of those that a cell handles only so many of at a time. */
function takesPlace(cell: Cell, message: Message | undefined): boolean {
  const interleaves =
    message !== undefined && cell.options.interleave.has(message.handler.operation);
  return !interleaves && isHeldBy(cell, message);
}

/** Whether a cell can handle nothing else before `message` is done; without one, before its init is. */
function isHeldBy(cell: Cell, message: Message | undefined): boolean {
  if (message === undefined) return cell.context !== undefined && !cell.hasState;
  return contextsInHand(cell).some((context) => context.message === message);
}
