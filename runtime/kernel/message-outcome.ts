/**
 * What becomes of a message: its asker is told, or it is a dead letter, and those who watch see it.
 *
 * Owns: that every message ends in one of these ways. When it does is the cell's decision; the one
 * point where `message.handled` is emitted.
 */

import type { DeadLetterReason } from "../dead-letter.ts";
import { DeferredReplies, DeferredReply } from "../deferred-reply.ts";
import { TroupeError } from "../troupe-error.ts";
import { handlerFailed, neverRan } from "./ask-error.ts";
import type { OperationHandler } from "./behavior.ts";
import type { Cell } from "./cell.ts";
import { type Message, type ReplyTo, senderOf } from "./message.ts";
import { isThenable, promiseOf } from "./thenable.ts";
import { validated } from "./validation.ts";

/** It will not be handled. */
export function drop(cell: Cell, message: Message, reason: DeadLetterReason): void {
  const { reply, handler } = message;
  if (reply?.settled === true) return;
  if (reply === undefined || handler.kind === "tell") {
    reply?.reject(undefined);
    deadLetter(cell, message, reason);
    return;
  }
  const isFull = reason === "mailbox-full";
  const why = isFull ? "its mailbox is full" : "it has stopped";
  const code = isFull ? "mailbox.full" : "actor.stopped";
  reply.reject(neverRan(code, `${cell.address} did not take ${handler.type}: ${why}`));
}

/** Its handler ended well. */
export function complete(cell: Cell, message: Message, value: unknown): void {
  const { reply, handler } = message;
  if (reply === undefined) return;
  const outcome = reply.settled ? "cancelled" : "ok";
  if (value instanceof DeferredReply) defer(cell, handler, reply, value);
  else answer(cell, handler, reply, value);
  if (reply.span !== undefined) emitHandled(cell, message, outcome);
}

/** The answer comes later; until then the ask stays open. */
function defer(
  cell: Cell,
  handler: OperationHandler,
  reply: ReplyTo,
  deferred: DeferredReply<unknown>,
): void {
  const { holdings } = cell;
  holdings.deferred ??= new DeferredReplies();
  holdings.deferred.add(deferred, reply, {
    resolve: (later) => {
      if (!isThenable(later)) answer(cell, handler, reply, later);
      else defer(cell, handler, reply, promised(later));
    },
    reject: (error) =>
      reply.reject(
        error instanceof TroupeError ? error : handlerFailed(handler.type, cell.address, error),
      ),
  });
}

/** Settled with a promise itself, an ask would outlive its deadline. */
function promised(later: PromiseLike<unknown>): DeferredReply<unknown> {
  const deferred = new DeferredReply<unknown>();
  promiseOf(later).then(
    (value) => deferred.resolve(value),
    (error) => deferred.reject(error),
  );
  return deferred;
}

function answer(cell: Cell, handler: OperationHandler, reply: ReplyTo, value: unknown): void {
  if (handler.reply === undefined && cell.kernel.copyMessage === undefined) {
    reply.resolve(value);
    return;
  }
  const copied = cell.kernel.copied(value);
  if (!copied.ok) {
    const { code, why } = copied.error;
    const error = new TroupeError(code, `the reply of ${handler.type}: ${why}`, {
      outcome: "unknown",
    });
    reply.reject(error);
    return;
  }
  const checked = validated(handler.reply, copied.value);
  if (checked.ok) {
    reply.resolve(checked.value);
    return;
  }
  const why = `the reply of ${handler.type}: ${checked.error}`;
  reply.reject(new TroupeError("ask.invalid", why, { outcome: "failed" }));
}

/** Its handler threw: `error` is what the asker may know of it. */
export function fail(
  cell: Cell,
  message: Message,
  error: TroupeError,
  outcome: "failed" | "refused",
): void {
  message.reply?.reject(error);
  if (message.handler.kind === "tell") deadLetter(cell, message, "failed");
  emitHandled(cell, message, outcome);
}

/** Counts it as a dead letter. */
export function deadLetter(cell: Cell, message: Message, reason: DeadLetterReason): void {
  const { payload: body, handler } = message;
  const from = senderOf(message);
  cell.kernel.deadLetters.add({ to: cell.address, from, type: handler.type, body, reason });
}

/** Shows its span to those who watch. */
export function emitHandled(
  cell: Cell,
  message: Message,
  outcome: "ok" | "failed" | "refused" | "cancelled",
): void {
  const span = message.reply?.span;
  if (span === undefined) return;
  const { events } = cell.kernel.ports;
  if (!events.watched) return;
  events.emit({
    type: "message.handled",
    trace: span.trace,
    span: span.span,
    parent: span.parent,
    from: senderOf(message),
    to: cell.address,
    message: message.handler.type,
    sentAtMs: span.sentAtMs,
    receivedAtMs: span.receivedAtMs,
    doneAtMs: cell.kernel.dispatcher.wallMs,
    outcome,
    attempt: 1,
  });
}
