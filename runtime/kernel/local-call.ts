/**
 * Sending to a cell of this process: the checks that come before its mailbox.
 *
 * Owns: finding the operation, validating the request, refusing cycles, deadlines that shrink. What
 * happens in the mailbox is the cell's business.
 *
 * R1: `tell` never throws; an `offer` waits for room where a tell is refused.
 * S2: an ask to an actor that waits for this very ask is refused at once.
 * S15: the deadline of an ask is never later than that of the message it is made for.
 */

import type { AskOptions, StreamOptions } from "../actor-ref.ts";
import type { DeadLetterReason } from "../dead-letter.ts";
import { durationMs } from "../duration.ts";
import type { Operation } from "../protocol.ts";
import { err, ok, type Result } from "../result.ts";
import type { TroupeError } from "../troupe-error.ts";
import { cycleTo } from "./ask-chain.ts";
import { askCycle, cancelled, neverRan, timedOut } from "./ask-error.ts";
import type { OperationHandler } from "./behavior.ts";
import type { Cell } from "./cell.ts";
import type { Context } from "./context.ts";
import { IncomingStream } from "./incoming-stream.ts";
import { Message } from "./message.ts";
import { messageTypeOf } from "./message-type.ts";
import { Offers } from "./offers.ts";
import { PendingReply } from "./pending-reply.ts";
import { hasRoom } from "./queue.ts";
import { isFenced, senderOn } from "./sender.ts";
import { validated } from "./validation.ts";

/** How long an ask or a stream may take when its options do not say. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** Sends a message without an answer. */
export function tellCell(
  cell: Cell,
  owner: Context | undefined,
  operation: string,
  payload: unknown,
): boolean {
  const kernel = cell.kernel;
  const sender = owner === undefined ? kernel.current : owner;
  const handler = cell.behavior.find(operation);
  // Kept small, so that engines inline it into the handler that tells. Whose handler runs is current.
  if (
    handler?.isPlainTell !== true ||
    kernel.copyMessage !== undefined ||
    owner?.isCurrent === false
  ) {
    return tellCarefully(cell, sender, operation, payload);
  }
  const watched = kernel.samples ? kernel.watchedTell(owner) : undefined;
  return cell.accept(new Message(handler, payload, sender?.cell, watched));
}

function tellCarefully(
  cell: Cell,
  sender: Context | undefined,
  operation: string,
  payload: unknown,
): boolean {
  const { kernel } = cell;
  if (isFenced(kernel, sender)) return false;
  const checked = tellable(cell, sender, operation, payload);
  if (checked === undefined) return false;
  const { handler, body } = checked;
  const watched = kernel.watchedTell(sender);
  return cell.accept(new Message(handler, body, sender?.cell, watched));
}

/** Sends a message, waiting for room in the mailbox; resolves to whether it was queued. */
export function offerCell(
  cell: Cell,
  owner: Context | undefined,
  operation: string,
  payload: unknown,
  options: AskOptions | undefined,
): Promise<boolean> {
  const { kernel } = cell;
  const timeoutMs = plainTimeoutMs(options);
  if (hasRoom(cell) || cell.hasStopped || options?.signal?.aborted === true) {
    return Promise.resolve(tellCell(cell, owner, operation, payload));
  }
  const sender = senderOn(kernel, owner);
  if (isFenced(kernel, sender)) return Promise.resolve(false);
  const checked = tellable(cell, sender, operation, payload);
  if (checked === undefined) return Promise.resolve(false);
  const { handler, body } = checked;
  const watched = kernel.watchedTell(sender);
  const message = new Message(handler, body, sender?.cell, watched);
  const { holdings } = cell;
  holdings.offers ??= new Offers();
  const { offers } = holdings;
  if (offers.size >= cell.options.capacity) return Promise.resolve(cell.accept(message));
  const waitMs = timeLeftMs(timeoutMs, sender?.message, kernel.nowMs());
  return offers.add(cell, { message, sender }, waitMs, options?.signal);
}

/** Sends a message and returns the promise of its answer. */
export function askCell(
  cell: Cell,
  owner: Context | undefined,
  operation: string,
  payload: unknown,
  options: AskOptions | undefined,
): Promise<unknown> {
  const kernel = cell.kernel;
  const sender = owner === undefined ? kernel.current : owner;
  const handler = cell.behavior.find(operation);
  const timeoutMs = plainTimeoutMs(options);
  // Kept small for the same reason: a program's ask, watched by nobody.
  if (sender !== undefined || handler?.isPlainAsk !== true || !kernel.isPlain || timeoutMs <= 0) {
    return askCarefully(cell, sender, operation, payload, options);
  }
  const signal = options === undefined ? undefined : options.signal;
  if (signal?.aborted === true) return askCarefully(cell, sender, operation, payload, options);
  const reply = new PendingReply(kernel.replies, handler.type, cell, undefined, signal, undefined);
  reply.openSoon(timeoutMs);
  cell.accept(new Message(handler, payload, undefined, reply));
  return reply.promise;
}

function askCarefully(
  cell: Cell,
  sender: Context | undefined,
  operation: string,
  payload: unknown,
  options: AskOptions | undefined,
): Promise<unknown> {
  const { kernel } = cell;
  const checked = askable(cell, sender, operation, payload, options);
  if (!checked.ok) return Promise.reject(checked.error);
  const { handler, body } = checked.value;
  const cause = sender === undefined ? undefined : sender.message;
  const signal = options === undefined ? undefined : options.signal;
  const span = kernel.spanUnder(cause);
  const reply = new PendingReply(kernel.replies, handler.type, cell, cause, signal, span);
  const timeoutMs = plainTimeoutMs(options);
  const deadlineMs = cause?.reply?.deadlineMs ?? 0;
  if (deadlineMs === 0) {
    reply.openSoon(timeoutMs);
  } else {
    // S15: it may not take longer than the message that it is made for.
    const nowMs = kernel.nowMs();
    const leftMs = Math.min(timeoutMs, deadlineMs - nowMs);
    if (leftMs <= 0) return Promise.reject(timedOut(handler.type, cell.address, true));
    reply.open(nowMs, leftMs);
  }
  cell.accept(new Message(handler, body, sender?.cell, reply));
  return reply.promise;
}

/** The handler of an ask and its request as that will see it, or why it is not even queued. */
export function askable(
  cell: Cell,
  sender: Context | undefined,
  operation: string,
  payload: unknown,
  options?: AskOptions,
): Result<{ readonly handler: OperationHandler; readonly body: unknown }, TroupeError> {
  const handler = cell.behavior.find(operation);
  const error = refusalOf(cell, sender, "ask", operation, handler, options);
  if (error !== undefined || handler === undefined)
    return err(error ?? noHandler(cell, "ask", operation));
  if (handler.isPlainAsk && cell.kernel.copyMessage === undefined) {
    return ok({ handler, body: payload });
  }
  const checked = requested(cell, handler, payload);
  return checked.ok ? ok({ handler, body: checked.value }) : checked;
}

/** Opens a stream. */
export function streamCell(
  cell: Cell,
  owner: Context | undefined,
  operation: string,
  payload: unknown,
  options: StreamOptions | undefined,
): IncomingStream {
  const { kernel } = cell;
  const sender = senderOn(kernel, owner);
  const handler = cell.behavior.find(operation);
  const type = handler?.type ?? operation;
  const stream = new IncomingStream(kernel.replies, type, cell, sender, options);
  const nowMs = kernel.nowMs();
  const timeoutMs = timeoutMsOf(options, sender?.message, nowMs);
  const error =
    refusalOf(cell, sender, "stream", operation, handler, options) ??
    (timeoutMs > 0 ? undefined : timedOut(type, cell.address, true));
  stream.open(nowMs, timeoutMs);
  if (error !== undefined || handler === undefined) {
    stream.reject(error);
    return stream;
  }
  const checked = requested(cell, handler, payload);
  if (!checked.ok) stream.reject(checked.error);
  else {
    stream.span = kernel.spanUnder(sender?.message);
    cell.accept(new Message(handler, checked.value, sender?.cell, stream));
  }
  return stream;
}

/**
 * The time an ask may take: its own timeout, or what is left of the deadline it is made under.
 *
 * @throws {RangeError} when the timeout is no duration
 */
export function timeoutMsOf(
  options: AskOptions | undefined,
  cause: Message | undefined,
  nowMs: number,
): number {
  return timeLeftMs(plainTimeoutMs(options), cause, nowMs);
}

function timeLeftMs(wantedMs: number, cause: Message | undefined, nowMs: number): number {
  const deadlineMs = cause?.reply?.deadlineMs ?? 0;
  return deadlineMs === 0 ? wantedMs : Math.max(0, Math.min(wantedMs, deadlineMs - nowMs));
}

function plainTimeoutMs(options: AskOptions | undefined): number {
  const timeout = options === undefined ? undefined : options.timeout;
  return timeout === undefined ? DEFAULT_TIMEOUT_MS : durationMs(timeout);
}

/** Why a call is not even queued. */
function refusalOf(
  cell: Cell,
  sender: Context | undefined,
  kind: Operation["kind"],
  operation: string,
  handler: OperationHandler | undefined,
  options: AskOptions | undefined,
): TroupeError | undefined {
  if (handler === undefined || handler.kind !== kind) return noHandler(cell, kind, operation);
  if (options !== undefined) {
    if (options.signal?.aborted === true) return cancelled(handler.type, cell.address, true);
    if (options.timeout !== undefined && plainTimeoutMs(options) <= 0) {
      return timedOut(handler.type, cell.address, true);
    }
  }
  if (sender === undefined) return undefined;
  if (isFenced(cell.kernel, sender)) {
    return neverRan("actor.stopped", "the asking actor was restarted or stopped");
  }
  const path = cycleTo(cell, handler, sender);
  return path === undefined ? undefined : askCycle(path);
}

function noHandler(cell: Cell, kind: Operation["kind"], operation: string): TroupeError {
  const type = messageTypeOf(cell.behavior.definition.protocol.name, operation);
  return neverRan("actor.no-handler", `${cell.address} has no ${kind} ${type}`);
}

/** The request of a call as its handler will see it. */
function requested(
  cell: Cell,
  handler: OperationHandler,
  payload: unknown,
): Result<unknown, TroupeError> {
  const copied = cell.kernel.copied(payload);
  if (!copied.ok) {
    const { code, why } = copied.error;
    return err(neverRan(code, `the request of ${handler.type}: ${why}`));
  }
  const checked = validated(handler.request, copied.value);
  if (checked.ok) return checked;
  return err(neverRan("ask.invalid", `the request of ${handler.type}: ${checked.error}`));
}

/** A tell's handler and its body as that will see it; counts what cannot be delivered. */
function tellable(
  cell: Cell,
  sender: Context | undefined,
  operation: string,
  payload: unknown,
): { readonly handler: OperationHandler; readonly body: unknown } | undefined {
  const handler = cell.behavior.find(operation);
  if (handler === undefined || !handler.isTell) {
    undeliverable(cell, sender, operation, payload, "no-handler");
    return undefined;
  }
  const checked = requested(cell, handler, payload);
  if (checked.ok) return { handler, body: checked.value };
  const isTooLarge = checked.error.code === "payload.too-large";
  undeliverable(cell, sender, operation, payload, isTooLarge ? "too-large" : "undecodable");
  return undefined;
}

function undeliverable(
  cell: Cell,
  sender: Context | undefined,
  operation: string,
  body: unknown,
  reason: DeadLetterReason,
): false {
  const type = messageTypeOf(cell.behavior.definition.protocol.name, operation);
  const from = sender === undefined ? "" : sender.cell.address;
  cell.kernel.deadLetters.add({ to: cell.address, from, type, body, reason });
  return false;
}
