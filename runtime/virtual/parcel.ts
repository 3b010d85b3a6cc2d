/**
 * A message from this node to a virtual actor, wherever that is.
 *
 * Owns: its ways: into an activation here, or onto the link to another node, and again when it comes
 * back. Which way, and when, is `router.ts`.
 *
 * P1: an ask or a stream keeps its promise, its deadline and its asker through every way that it takes.
 * P2: what nobody waits for any more takes no further way.
 */
import type { Address } from "../address.ts";
import { askCycle, neverRan } from "../kernel/ask-error.ts";
import type { Cell } from "../kernel/cell.ts";
import { IncomingStream } from "../kernel/incoming-stream.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Message, type ReplyTo } from "../kernel/message.ts";
import { parseMessageType } from "../kernel/message-type.ts";
import { PendingReply } from "../kernel/pending-reply.ts";
import { traceparentOf } from "../kernel/span.ts";
import { validated } from "../kernel/validation.ts";
import type { Owner } from "../placement/ownership.ts";
import type { Unit } from "../placement/unit.ts";
import type { Operation, OperationSchemas } from "../protocol.ts";
import { EnvelopeKind } from "../remote/envelope.ts";
import { RemoteCallee } from "../remote/remote-callee.ts";
import type { RemoteCalls } from "../remote/remote-calls.ts";
import type { TroupeError } from "../troupe-error.ts";
import { refusalOf } from "./arrival.ts";
import type { Item, RefusalReason } from "./item.ts";

/** What a parcel says. */
export interface Contents {
  readonly address: Address;
  readonly key: string;
  readonly kind: Operation["kind"];
  /** The message's. */
  readonly type: string;
  readonly body: unknown;
  readonly from: Cell | Address | undefined;
  readonly reply: ReplyTo | undefined;
  /** Of the answer. */
  readonly schemas: OperationSchemas | undefined;
  readonly askChain?: readonly Address[] | undefined;
  readonly traceparent?: string | undefined;
  /** Of a signed operation: this node signs it on every way that it takes. */
  readonly isSigned: boolean;
  /** As it lay in a mailbox here: its body has been checked. */
  readonly message?: Message;
}

/** Whoever sends a parcel again. */
export interface Sender {
  readonly calls: RemoteCalls;
  again(unit: Unit, parcel: Parcel, owner: Owner | undefined): void;
}

/** A message on its way from here. */
export class Parcel implements Item {
  readonly contents: Contents;
  /** When it was sent first, on the monotonic clock. */
  readonly atMs: number;
  token = 0;
  readonly #sender: Sender;

  constructor(sender: Sender, contents: Contents, atMs: number) {
    this.#sender = sender;
    this.contents = contents;
    this.atMs = atMs;
  }

  get key(): string {
    return this.contents.key;
  }

  /** Nobody waits for it any more (P2). */
  get isOver(): boolean {
    return this.contents.reply?.settled === true;
  }

  /** Until when somebody waits for an answer, on the monotonic clock; `undefined` for a tell. */
  get deadlineMs(): number | undefined {
    const { reply } = this.contents;
    return isCall(reply) ? reply.deadlineMs : undefined;
  }

  deliver(cell: Cell): void {
    if (this.isOver) return;
    const { message, reply } = this.contents;
    const made =
      message !== undefined && message.handler === cell.behavior.find(message.handler.operation)
        ? message
        : this.#messageFor(cell);
    if (made === undefined) return;
    reply?.redirect(cell);
    cell.accept(made);
  }

  /** Puts it on the link to a node; `false` when that refused it, which is accounted for. */
  sendTo(owner: Owner): boolean {
    if (this.isOver) return true;
    const { kind, reply } = this.contents;
    const sent = kind === "tell" ? this.#tell(owner) : this.#call(owner, reply);
    if (!sent) this.refuse("disconnected");
    return sent;
  }

  refuse(reason: RefusalReason): void {
    const { type, address } = this.contents;
    this.#fail(reason, refusalOf(type, address, reason));
  }

  moveOn(unit: Unit, owner: Owner | undefined): void {
    this.#sender.again(unit, this, owner);
  }

  #tell({ node, token }: Owner): boolean {
    const { address, type, body, traceparent, isSigned } = this.contents;
    const trace = traceparent === undefined ? {} : { traceparent };
    const letter = { to: address, from: this.#from, type, body, token, isSigned, ...trace };
    return this.#sender.calls.postbox.send(node, EnvelopeKind.tell, letter);
  }

  #call({ node, token }: Owner, reply: ReplyTo | undefined): boolean {
    if (!isCall(reply)) return false;
    const waiting = reply;
    const { calls } = this.#sender;
    const { address, type, body, schemas, askChain, traceparent, isSigned } = this.contents;
    const callee = new RemoteCallee(calls, address, node);
    waiting.redirect(callee);
    const isStream = waiting instanceof IncomingStream;
    if (isStream) waiting.attach(callee);
    const correlation = calls.open({ node, to: address, type, schemas, waiting });
    if (correlation === undefined) return false;
    callee.correlation = correlation;
    const leftMs = waiting.deadlineMs - this.#kernel.nowMs();
    const sent = calls.postbox.send(node, isStream ? EnvelopeKind.open : EnvelopeKind.ask, {
      to: address,
      from: this.#from,
      type,
      body,
      correlation,
      token,
      isSigned,
      ttlMs: Math.max(1, Math.ceil(leftMs)),
      ...(isStream ? { sequence: callee.granted } : {}),
      ...(askChain === undefined ? {} : { askChain }),
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    if (!sent) calls.take(correlation, node);
    return sent;
  }

  /** As a message for `cell`; what it has no handler for, or may not handle, is refused. */
  #messageFor(cell: Cell): Message | undefined {
    const { kind, type, body, from, reply, askChain = [] } = this.contents;
    const operation = parseMessageType(type)?.operation ?? "";
    const handler = cell.behavior.find(operation);
    if (handler === undefined || handler.type !== type || handler.kind !== kind) {
      this.#fail(
        "no-handler",
        neverRan("actor.no-handler", `${cell.address} has no ${kind} ${type}`),
      );
      return undefined;
    }
    if (handler.isSigned && !this.contents.isSigned) {
      const why = `${cell.address} takes ${type} only signed, and this one came back unsigned`;
      this.#fail("denied", neverRan("signature.refused", why));
      return undefined;
    }
    const at = cell.options.isConcurrent ? -1 : askChain.indexOf(cell.address);
    if (at >= 0) {
      this.#fail("no-handler", askCycle([...askChain.slice(at), cell.address]));
      return undefined;
    }
    const copied = this.#kernel.copied(body);
    const checked = copied.ok ? validated(handler.request, copied.value) : copied;
    if (checked.ok) return new Message(handler, checked.value, from, reply);
    const why = typeof checked.error === "string" ? checked.error : checked.error.why;
    this.#fail("undecodable", neverRan("ask.invalid", `the request of ${type}: ${why}`));
    return undefined;
  }

  #fail(reason: RefusalReason | "no-handler" | "undecodable" | "denied", error: TroupeError): void {
    if (this.isOver) return;
    const { kind, address, type, body, reply } = this.contents;
    reply?.reject(error);
    if (kind !== "tell") return;
    this.#kernel.deadLetters.add({ to: address, from: this.#from, type, body, reason });
  }

  get #from(): Address {
    const { from } = this.contents;
    if (from === undefined) return "";
    return typeof from === "string" ? from : from.address;
  }

  get #kernel(): Kernel {
    return this.#sender.calls.postbox.kernel;
  }
}

/** Whether that is an ask or a stream of this node. */
export function isCall(waiting: unknown): waiting is PendingReply | IncomingStream {
  return waiting instanceof PendingReply || waiting instanceof IncomingStream;
}

/** What an activation of this node has not handled, as a parcel's contents. */
export function contentsOf(address: Address, key: string, message: Message): Contents {
  const { handler, payload, from, reply } = message;
  const { chunk, reply: answer } = handler;
  const span = reply?.span;
  return {
    address,
    key,
    kind: handler.kind,
    type: handler.type,
    body: payload,
    from,
    reply,
    isSigned: handler.isSigned,
    schemas: {
      ...(chunk === undefined ? {} : { chunk }),
      ...(answer === undefined ? {} : { reply: answer }),
    },
    message,
    ...(span === undefined ? {} : { traceparent: traceparentOf(span) }),
  };
}
