/**
 * What waits for a cell: the ways in and out of its queue.
 *
 * Owns: when a message lies in the cell's own field and when in a mailbox, and what becomes of one that
 * finds no room. The order in a mailbox is `mailbox.ts`, taking a message to its handler `turn.ts`.
 *
 * I1: every message that was accepted is handled, or becomes a dead letter, or its asker is told.
 * I2: the message in hand stays at the front until it is released: in `first`, or at the head of the
 *     mailbox. I3: once there is a mailbox, everything goes through it.
 */
import { Phase } from "../lifecycle.ts";
import type { Cell } from "./cell.ts";
import { BUSY, Flag } from "./cell-word.ts";
import { Mailbox } from "./mailbox.ts";
import type { Message } from "./message.ts";
import { drop } from "./message-outcome.ts";

/** Queues a message; a refused one is accounted for before this returns `false`. */
export function accept(cell: Cell, message: Message): boolean {
  const mailbox = cell.mailbox;
  if ((cell.word & Flag.refuses) !== 0) return refuse(cell, message);
  if (mailbox !== undefined) {
    if (mailbox.length >= cell.options.capacity) return acceptFull(cell, mailbox, message);
    mailbox.push(message);
  } else if (cell.first === undefined) cell.first = message;
  else if (!acceptSecond(cell, message)) return false;
  if ((cell.word & Flag.scheduled) === 0) schedule(cell);
  return true;
}

function refuse(cell: Cell, message: Message): boolean {
  if (cell.ownHoldings?.tenancy?.cameLate(message) === true) return true;
  drop(cell, message, "stopped");
  return false;
}

function acceptSecond(cell: Cell, message: Message): boolean {
  const mailbox = ownMailbox(cell);
  if (mailbox.length >= cell.options.capacity) return acceptFull(cell, mailbox, message);
  mailbox.push(message);
  return true;
}

function acceptFull(cell: Cell, mailbox: Mailbox, incoming: Message): boolean {
  switch (cell.options.onFull) {
    case "reject":
    case "drop-newest":
      drop(cell, incoming, "mailbox-full");
      return false;
    case "drop-oldest": {
      const oldest = mailbox.shift();
      // In this order: whoever hears of the letter may send another message.
      mailbox.push(incoming);
      wake(cell);
      if (oldest !== undefined) drop(cell, oldest, "mailbox-full");
      return true;
    }
  }
}

/**
 * Queues what the actor or its runtime sends to itself, whatever the mailbox's bound; `false`, and
 * nothing else, when the actor is ending.
 */
export function acceptOwn(cell: Cell, message: Message): boolean {
  if (cell.phase > Phase.draining) return false;
  ownMailbox(cell).push(message);
  wake(cell);
  return true;
}

/** Queues a message of the runtime, before all others. */
export function acceptSystem(cell: Cell, message: () => unknown): void {
  if (cell.phase > Phase.draining) return;
  ownMailbox(cell).pushSystem(message);
  cell.word |= Flag.hasSystem;
  wake(cell);
}

/** Puts messages that were taken before back in front of those that wait. */
export function putInFront(cell: Cell, messages: readonly Message[]): void {
  const mailbox = ownMailbox(cell);
  for (let i = messages.length - 1; i >= 0; i--) mailbox.unshift(messages[i] as Message);
  wake(cell);
}

/** There may be something to do. */
export function wake(cell: Cell): void {
  if ((cell.word & Flag.scheduled) === 0) schedule(cell);
}

/** What was awaited is over: the next message need not wait for another turn. */
export function goOn(cell: Cell): void {
  if (cell.word < BUSY) cell.ownHoldings?.wait?.finish(true);
  if ((cell.word & Flag.scheduled) !== 0) return;
  cell.word |= Flag.scheduled;
  cell.kernel.dispatcher.resume(cell);
}

function schedule(cell: Cell): void {
  cell.word |= Flag.scheduled;
  cell.kernel.dispatcher.schedule(cell);
}

/** Takes the oldest message in hand. */
export function begin(cell: Cell): Message | undefined {
  const mailbox = cell.mailbox;
  if (mailbox !== undefined) return mailbox.begin();
  const first = cell.first;
  if (first !== undefined) cell.word |= Flag.firstInHand;
  return first;
}

/** The message whose handler runs; absent in a cell that runs several. */
export function inHand(cell: Cell): Message | undefined {
  if (isFirstInHand(cell)) return cell.first;
  return cell.mailbox === undefined ? undefined : cell.mailbox.inHand;
}

/** The message in hand is done with. */
export function release(cell: Cell): void {
  if (isFirstInHand(cell)) {
    cell.first = undefined;
    cell.word &= ~Flag.firstInHand;
  } else if (cell.mailbox !== undefined) {
    cell.mailbox.release();
  }
}

/** Takes out the oldest message that waits. */
export function shift(cell: Cell): Message | undefined {
  if (cell.mailbox !== undefined) return cell.mailbox.shift();
  if (isFirstInHand(cell)) return undefined;
  const first = cell.first;
  cell.first = undefined;
  return first;
}

/** Takes out the oldest message that waits and may run beside others. */
export function shiftInterleaving(cell: Cell): Message | undefined {
  const { interleave } = cell.options;
  if (interleave.size === 0 || !hasQueued(cell)) return undefined;
  return ownMailbox(cell).take((message) => interleave.has(message.handler.operation));
}

/** Takes out the oldest message of the runtime. */
export function shiftSystem(cell: Cell): (() => unknown) | undefined {
  const message = cell.mailbox?.shiftSystem();
  if (systemQueued(cell) === 0) cell.word &= ~Flag.hasSystem;
  return message;
}

/** How many user messages wait. */
export function queued(cell: Cell): number {
  if (cell.mailbox !== undefined) return cell.mailbox.length;
  return cell.first === undefined || isFirstInHand(cell) ? 0 : 1;
}

/** How many messages of the runtime wait. */
export function systemQueued(cell: Cell): number {
  return cell.mailbox === undefined ? 0 : cell.mailbox.systemLength;
}

/** A message waits, of whichever lane. */
export function hasQueued(cell: Cell): boolean {
  return queued(cell) > 0 || systemQueued(cell) > 0;
}

/** A message waits that may run beside others. */
export function hasInterleaving(cell: Cell): boolean {
  const { interleave } = cell.options;
  if (interleave.size === 0 || !hasQueued(cell)) return false;
  return ownMailbox(cell).some((message) => interleave.has(message.handler.operation));
}

/** Another message may be queued, and nobody waits for that. */
export function hasRoom(cell: Cell): boolean {
  return queued(cell) < cell.options.capacity && (cell.ownHoldings?.offers?.size ?? 0) === 0;
}

/** From now on the queue is a mailbox; what lies in the field moves there, in hand or not. */
function ownMailbox(cell: Cell): Mailbox {
  if (cell.mailbox !== undefined) return cell.mailbox;
  const mailbox = new Mailbox();
  cell.mailbox = mailbox;
  if (cell.first === undefined) return mailbox;
  mailbox.push(cell.first);
  if (isFirstInHand(cell)) mailbox.begin();
  cell.first = undefined;
  cell.word &= ~Flag.firstInHand;
  return mailbox;
}

function isFirstInHand(cell: Cell): boolean {
  return (cell.word & Flag.firstInHand) !== 0;
}
