/**
 * Sending to a cell of this process: the checks that come before its mailbox.
 *
 * Owns: finding the operation, validating the request, refusing cycles, deadlines that shrink. What
 * happens in the mailbox is the cell's business.
 *
 * R1: `tell` never throws. S2: an ask to an actor that waits for this very ask is refused at once.
 * S15: the deadline of an ask is never later than that of the message it is made for.
 */
import type { AskOptions } from "../actor-ref.ts";
import type { DeadLetterReason } from "../dead-letter.ts";
import { durationMs } from "../duration.ts";
import type { Operation } from "../protocol.ts";
import type { TroupeError } from "../troupe-error.ts";
import { cycleTo } from "./ask-chain.ts";
import { askCycle, cancelled, neverRan, timedOut } from "./ask-error.ts";
import type { OperationHandler } from "./behavior.ts";
import type { Cell } from "./cell.ts";
import type { Context } from "./context.ts";
import { IncomingStream } from "./incoming-stream.ts";
import type { Kernel } from "./kernel.ts";
import { Message, type ReplyTo } from "./message.ts";
import { messageTypeOf } from "./message-type.ts";
import { PendingReply } from "./pending-reply.ts";
import { validated } from "./validation.ts";

/** How long an ask or a stream may take when its options do not say. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** Who sends: the actor that a reference is bound to, or else the one that runs now. */
export function senderOn(kernel: Kernel, owner: Context | undefined): Context | undefined {
  return owner === undefined ? kernel.current : owner;
}

/** Whether a generation that is gone tries to send; counted. */
export function isFenced(kernel: Kernel, sender: Context | undefined): boolean {
  if (sender === undefined || sender.isCurrent) return false;
  kernel.fenced++;
  return true;
}

/** Sends a message without an answer. */
export function tellCell(
  cell: Cell,
  owner: Context | undefined,
  operation: string,
  payload: unknown,
): boolean {
  const kernel = cell.kernel;
  const sender = owner === undefined ? kernel.current : owner;
  if (sender !== undefined && !sender.isCurrent) {
    kernel.fenced++;
    return false;
  }
  const handler = cell.behavior.find(operation);
  if (handler === undefined || handler.kind !== "tell") {
    return undeliverable(cell, sender, operation, payload, "no-handler");
  }
  let body = payload;
  if (handler.request !== undefined) {
    const checked = validated(handler.request, payload);
    if (!checked.ok) return undeliverable(cell, sender, operation, payload, "undecodable");
    body = checked.value;
  }
  const span = kernel.spanUnder(sender?.message);
  return cell.accept(new Message(handler, body, sender?.cell, undefined, span));
}

/** Sends a message and returns the promise of its answer. */
export function askCell(
  cell: Cell,
  owner: Context | undefined,
  operation: string,
  payload: unknown,
  options: AskOptions | undefined,
): Promise<unknown> {
  const call = new LocalCall(cell, owner, "ask", operation, payload, options);
  if (call.error !== undefined || call.handler === undefined) return Promise.reject(call.error);
  const { handler, sender, signal } = call;
  const reply = new PendingReply(cell.kernel.replies, handler.type, cell, sender?.message, signal);
  reply.open(call.nowMs, call.timeoutMs);
  call.post(handler, reply);
  return reply.promise;
}

/** Opens a stream. */
export function streamCell(
  cell: Cell,
  owner: Context | undefined,
  operation: string,
  payload: unknown,
  options: AskOptions | undefined,
): IncomingStream {
  const call = new LocalCall(cell, owner, "stream", operation, payload, options);
  const { handler, sender, signal } = call;
  const type = handler?.type ?? operation;
  const stream = new IncomingStream(cell.kernel.replies, type, cell, sender, signal);
  stream.open(call.nowMs, call.timeoutMs);
  if (call.error !== undefined || handler === undefined) stream.reject(call.error);
  else call.post(handler, stream);
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
  const wantedMs =
    options?.timeout === undefined ? DEFAULT_TIMEOUT_MS : durationMs(options.timeout);
  const deadlineMs = cause?.reply?.deadlineMs ?? 0;
  return deadlineMs === 0 ? wantedMs : Math.max(0, Math.min(wantedMs, deadlineMs - nowMs));
}

/** What asks and streams have in common until they are posted. */
class LocalCall {
  readonly cell: Cell;
  readonly sender: Context | undefined;
  readonly handler: OperationHandler | undefined;
  readonly signal: AbortSignal | undefined;
  readonly nowMs: number;
  readonly timeoutMs: number;
  readonly error: TroupeError | undefined;
  readonly #payload: unknown;

  constructor(
    cell: Cell,
    owner: Context | undefined,
    kind: Operation["kind"],
    operation: string,
    payload: unknown,
    options: AskOptions | undefined,
  ) {
    const kernel = cell.kernel;
    this.cell = cell;
    this.sender = senderOn(kernel, owner);
    this.signal = options?.signal;
    this.nowMs = kernel.nowMs();
    this.timeoutMs = timeoutMsOf(options, this.sender?.message, this.nowMs);
    this.#payload = payload;
    const handler = cell.behavior.find(operation);
    if (handler === undefined || handler.kind !== kind) {
      const type = messageTypeOf(cell.behavior.definition.protocol.name, operation);
      this.error = neverRan("actor.no-handler", `${cell.address} has no ${kind} ${type}`);
      return;
    }
    this.handler = handler;
    if (isFenced(kernel, this.sender)) {
      this.error = neverRan("actor.stopped", "the asking actor was restarted or stopped");
      return;
    }
    if (this.signal?.aborted === true) {
      this.error = cancelled(handler.type, cell.address, true);
      return;
    }
    if (this.timeoutMs <= 0) {
      this.error = timedOut(handler.type, cell.address, true);
      return;
    }
    if (this.sender !== undefined) {
      const path = cycleTo(cell, this.sender);
      if (path !== undefined) {
        this.error = askCycle(path);
        return;
      }
    }
    if (handler.request === undefined) return;
    const checked = validated(handler.request, payload);
    if (checked.ok) this.#payload = checked.value;
    else this.error = neverRan("ask.invalid", `the request of ${handler.type}: ${checked.error}`);
  }

  post(handler: OperationHandler, reply: ReplyTo): void {
    const { cell, sender } = this;
    const span = cell.kernel.spanUnder(sender?.message);
    cell.accept(new Message(handler, this.#payload, sender?.cell, reply, span));
  }
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
