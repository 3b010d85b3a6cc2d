/**
 * One message and its handler, from its call to its end.
 *
 * Owns: what the end of a handler means: a reply, a refusal, the echo of a cancel, a failure. What becomes
 * of the message then is `message-outcome.ts`, of the actor `generation.ts`; which message comes next
 * `turn.ts`.
 *
 * S1: a handler that awaits keeps the actor busy until it is over. S8: what a generation that is gone
 *     returns is fenced and counted.
 * I1: what a handler or a hook throws never gets past here.
 */
import { readable, type TroupeError } from "../troupe-error.ts";
import { Fatal, handlerFailed, Refusal, refused, timedOut, Unsaved } from "./ask-error.ts";
import { TaskFailed } from "./background-task.ts";
import type { Cell } from "./cell.ts";
import { BUSY } from "./cell-word.ts";
import type { Context } from "./context.ts";
import { failed } from "./generation.ts";
import type { ChunkSink, Message, ReplyTo } from "./message.ts";
import { complete, emitHandled, fail } from "./message-outcome.ts";
import { goOn } from "./queue.ts";
import { type ChunkGenerator, StreamProducer } from "./stream-producer.ts";
import { isThenable, promiseOf } from "./thenable.ts";
import { isOverrun, TimeLimit } from "./time-limit.ts";

/** Runs a message's handler, to its end or to its first await. Small, so that engines inline it. */
export function handle(cell: Cell, context: Context, message: Message): void {
  if (message.reply !== undefined) {
    handleCall(cell, context, message, message.reply);
    return;
  }
  try {
    const result = message.handler.run(context, message.payload);
    if (result !== undefined && isThenable(result)) awaited(cell, context, result);
  } catch (error) {
    threw(cell, context, error);
  }
}

/** Somebody waits for what comes of it, or watches. */
function handleCall(cell: Cell, context: Context, message: Message, reply: ReplyTo): void {
  if (isMoot(cell, message, reply)) return;
  const { handler } = message;
  const { span } = reply;
  if (span !== undefined) {
    span.receivedAtMs = cell.kernel.dispatcher.wallMs;
    cell.kernel.span = span;
    cell.kernel.sampling.isOpen = true;
  }
  let result: unknown;
  try {
    result = handler.run(context, message.payload);
    if (handler.isStream && result !== undefined) {
      const producer = new StreamProducer(handler, result as ChunkGenerator, reply as ChunkSink);
      result = producer.run(cell.kernel, context);
    }
    if (isThenable(result)) {
      awaited(cell, context, result);
      return;
    }
  } catch (error) {
    threw(cell, context, error);
    return;
  } finally {
    if (span !== undefined) {
      cell.kernel.span = undefined;
      cell.kernel.sampling.settle();
    }
  }
  if (context.message === message) complete(cell, message, result);
}

/** Nobody waits for it any more, or its deadline has passed: it is skipped. */
function isMoot(cell: Cell, message: Message, reply: ReplyTo): boolean {
  if (reply.settled) return true;
  if (!reply.isPast(cell.kernel.dispatcher.readMs)) return false;
  const neverRan = cell.ownHoldings?.stashed?.has(reply) !== true;
  reply.reject(timedOut(message.handler.type, cell.address, neverRan));
  return true;
}

/** Runs a message of the runtime, serially like any other. */
export function handleSystem(
  cell: Cell,
  context: Context,
  message: (() => unknown) | undefined,
): void {
  // What an earlier handler stashed is none of this one's business.
  context.aside = undefined;
  try {
    const result = message?.();
    if (isThenable(result)) awaited(cell, context, result);
  } catch (error) {
    threw(cell, context, error);
  }
}

function awaited(cell: Cell, context: Context, result: PromiseLike<unknown>): void {
  promiseOf(result).then(context.onResolved, context.onRejected);
  // After `then`, which may throw: the callbacks come in a later turn.
  cell.word += BUSY;
  if (cell.options.timeLimitMs > 0) context.limit = new TimeLimit(context);
}

/** An asynchronous handler ended well. */
export function resolved(cell: Cell, context: Context, value: unknown): void {
  if (!isOver(cell, context)) return;
  const message = context.message;
  if (message !== undefined) complete(cell, message, value);
  context.release();
  goOn(cell);
}

/** An asynchronous handler threw. */
export function rejected(cell: Cell, context: Context, error: unknown): void {
  if (!isOver(cell, context)) return;
  threw(cell, context, error);
  goOn(cell);
}

/** What was awaited is over; `false` when its generation is gone. */
function isOver(cell: Cell, context: Context): boolean {
  if (cell.isLate(context)) return false;
  cell.word -= BUSY;
  if (context.limit !== undefined) context.limit.lift();
  if (context.root !== context) cell.ownHoldings?.inHand?.remove(context);
  return true;
}

/** A handler ran past its limit: its message is accounted for, and the actor has failed. */
export function overran(cell: Cell, context: Context, error: TroupeError): void {
  if (cell.context === context.root) threw(cell, context, error);
}

/** A handler or a hook threw: is it a refusal, the echo of a cancel, or a failure? */
function threw(cell: Cell, context: Context, thrown: unknown): void {
  const error = readable(thrown);
  const { aside } = context;
  const message = context.message ?? unstashed(cell, aside);
  context.release();
  if (message === undefined) {
    const isTask = error instanceof TaskFailed;
    const operation = isTask ? error.operation : (aside?.handler.operation ?? "terminated");
    failed(cell, "failed", operation, isTask ? error.cause : error);
    return;
  }
  const { reply, handler } = message;
  if (error instanceof Refusal) {
    fail(cell, message, refused(error), "refused");
    return;
  }
  if (reply?.settled === true && !endsGeneration(error)) {
    emitHandled(cell, message, "cancelled");
    return;
  }
  fail(cell, message, handlerFailed(handler.type, cell.address, error), "failed");
  failed(cell, "failed", handler.operation, error);
}

/** It is no echo of a cancel, whoever gave up meanwhile. */
function endsGeneration(error: unknown): boolean {
  return error instanceof Fatal || error instanceof Unsaved || isOverrun(error);
}

/** Takes a message off the stash; `undefined` when it was put back meanwhile. */
function unstashed(cell: Cell, message: Message | undefined): Message | undefined {
  return message !== undefined && cell.ownHoldings?.unstashed(message) === true
    ? message
    : undefined;
}
