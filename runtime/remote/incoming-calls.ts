/**
 * Asks and streams that other nodes opened and actors here answer.
 *
 * Owns: admitting a call, and the way of its answer back. Its neighbour `remote-calls.ts` owns the
 * calls of this node, `remote-reply.ts` that each is answered once.
 *
 * I1: a call is checked against the operation's schema, and for a cycle, before it is queued; a call
 *     that is refused is answered at once: it never ran.
 * I2: an answer that cannot travel becomes an error that can, and so does an error that cannot.
 * I3: once the caller gave up, or its node is down, nothing is kept for it, and its producer ends.
 */
import { type Address, addressOf, isOfRuntime } from "../address.ts";
import { askCycle, neverRan, streamAborted } from "../kernel/ask-error.ts";
import type { OperationHandler } from "../kernel/behavior.ts";
import type { Cell } from "../kernel/cell.ts";
import type { Directory } from "../kernel/local-ref.ts";
import { Message } from "../kernel/message.ts";
import { validated } from "../kernel/validation.ts";
import type { UndeliveredReason } from "../ports/transport.ts";
import { type ErrorRecord, errorRecord, TroupeError } from "../troupe-error.ts";
import { addressHere } from "../virtual/virtual-address.ts";
import { type Envelope, EnvelopeKind, type EnvelopeKindNumber } from "./envelope.ts";
import { handlerOf, senderIn, spanOf } from "./incoming-message.ts";
import type { Postbox } from "./postbox.ts";
import { type Answers, RemoteReply } from "./remote-reply.ts";
import { ReplyTable } from "./reply-table.ts";
import type { SignatureCheck } from "./signature-check.ts";
import { undeliveredCode } from "./undelivered.ts";
import { isBeyond } from "./visible-size.ts";

/** The longest an accepted call of another node may take when it names no limit. */
const MOST_TTL_MS = 86_400_000;

/** How much of an error's message is kept when the whole could not be carried. */
const MOST_OF_MESSAGE = 1_000;

/** A call that may run. */
interface Admitted {
  readonly cell: Cell;
  readonly handler: OperationHandler;
  readonly body: unknown;
}

/** The calls of other nodes under way here. */
export class IncomingCalls implements Answers {
  readonly #postbox: Postbox;
  readonly #directory: Directory;
  readonly #check: SignatureCheck;
  /** By node, then by correlation. */
  readonly #calls = new Map<string, ReplyTable>();

  constructor(postbox: Postbox, directory: Directory, check: SignatureCheck) {
    this.#postbox = postbox;
    this.#directory = directory;
    this.#check = check;
  }

  /** How many streams of programs' actors others still read. Cost: looks at every call under way. */
  get streams(): number {
    let streams = 0;
    for (const calls of this.#calls.values())
      for (const { isStream, cell } of calls.all())
        if (isStream && !isOfRuntime(cell.path)) streams++;
    return streams;
  }

  /** A call arrived. */
  received(from: string, envelope: Envelope): void {
    this.deliver(from, envelope, this.#directory.find(envelope.to));
  }

  /** A call is refused before it was taken in. */
  refuse(from: string, { to, correlation }: Envelope, error: TroupeError): void {
    const body = errorRecord(error);
    const here = this.#here(to);
    this.#postbox.send(from, EnvelopeKind.failure, { to: "", from: here, correlation, body });
  }

  /** A call is not this node's business any more: nothing of it is kept here, and nothing answered. */
  handOver(reply: RemoteReply): void {
    this.#taken(reply.node, reply.correlation);
    reply.settled = true;
  }

  /** A call for `cell`; `origin` is what it can be given back as. */
  deliver(from: string, envelope: Envelope, cell: Cell | undefined, origin?: object): void {
    const { kernel } = this.#postbox;
    const admitted = this.#admitted(from, envelope, cell);
    if (admitted instanceof TroupeError) {
      this.refuse(from, envelope, admitted);
      return;
    }
    const { handler, body } = admitted;
    const ttlMs = envelope.ttlMs > 0 ? Math.min(envelope.ttlMs, MOST_TTL_MS) : MOST_TTL_MS;
    const deadlineMs = kernel.nowMs() + ttlMs;
    const span = spanOf(kernel, envelope);
    const callee = admitted.cell;
    const reply = new RemoteReply(this, from, envelope, callee, deadlineMs, span, origin);
    let calls = this.#calls.get(from);
    if (calls === undefined) {
      calls = new ReplyTable();
      this.#calls.set(from, calls);
    }
    calls.add(reply);
    callee.accept(new Message(handler, body, senderIn(envelope), reply));
  }

  /** A call whose request cannot be had: it never ran. */
  unreadable(from: string, envelope: Envelope, why: string): void {
    const message = `the request of ${envelope.type} was not delivered: ${why}`;
    this.refuse(from, envelope, neverRan("store.unavailable", message));
  }

  /** The caller of a stream has room for more. */
  credited(from: string, { correlation, sequence = 0 }: Envelope): void {
    this.#calls.get(from)?.get(correlation)?.credit(sequence);
  }

  /** The caller gave up. */
  cancelled(from: string, { correlation }: Envelope): void {
    this.#taken(from, correlation)?.abandon();
  }

  /** Frames from `node` are lost: streams to it cannot go on without the credit in them. */
  lost(node: string): void {
    for (const reply of this.#calls.get(node)?.all() ?? []) {
      reply.breakOff(streamAborted(reply.type, `frames from ${node} are lost`, 0));
    }
  }

  nodeDown(node: string): void {
    const calls = this.#calls.get(node);
    this.#calls.delete(node);
    for (const reply of calls?.all() ?? []) reply.abandon();
  }

  /** An answer was accepted by the link but could not be carried. */
  undelivered(to: string, { from, correlation }: Envelope, reason: UndeliveredReason): void {
    this.#taken(to, correlation)?.abandon();
    const why = `the answer could not be carried: ${reason}`;
    const error = new TroupeError(undeliveredCode(reason), why, { outcome: "unknown" });
    const body = errorRecord(error);
    this.#postbox.send(to, EnvelopeKind.failure, { to: "", from, correlation, body });
  }

  /** A failure could not be carried: its code and outcome can, and say what matters. */
  failureUndelivered(
    to: string,
    { from, correlation, body }: Envelope,
    reason: UndeliveredReason,
  ): void {
    if (reason !== "too-large" && reason !== "undecodable") return;
    const { data, message, ...rest } = body as ErrorRecord;
    if (data === undefined && message.length <= MOST_OF_MESSAGE) return;
    const short = { ...rest, message: message.slice(0, MOST_OF_MESSAGE) };
    this.#postbox.send(to, EnvelopeKind.failure, { to: "", from, correlation, body: short });
  }

  // Answers: what the actors here say.

  reply(to: RemoteReply, value: unknown): void {
    this.#taken(to.node, to.correlation);
    this.#answer(to, to.isStream ? EnvelopeKind.end : EnvelopeKind.reply, value);
  }

  failure(to: RemoteReply, error: ErrorRecord): void {
    this.#taken(to.node, to.correlation);
    this.#answer(to, EnvelopeKind.failure, error);
  }

  chunk(to: RemoteReply, sequence: number, value: unknown): void {
    const { mostBodyBytes } = this.#postbox.kernel.ports.transport;
    if (isBeyond(value, mostBodyBytes)) {
      const why = `chunk ${sequence} of ${to.type} has more than ${mostBodyBytes} bytes`;
      to.breakOff(new TroupeError("payload.too-large", why, { outcome: "unknown" }));
      return;
    }
    const { node, correlation, cell } = to;
    if (this.#postbox.chunk(node, cell.address, correlation, sequence, value)) return;
    // A chunk that is missing would only be noticed by the next one; there will be none.
    to.abandon();
    this.#notSent(to, value);
  }

  #answer(to: RemoteReply, kind: EnvelopeKindNumber, body: unknown): void {
    const { node, correlation } = to;
    // Not whoever answered: the caller's node believes this one only what comes from here (S24).
    const from = to.cell.address;
    if (!this.#postbox.send(node, kind, { to: "", from, correlation, body }))
      this.#notSent(to, body);
  }

  /** The link to the caller takes no more. */
  #notSent({ node, cell, type }: RemoteReply, body: unknown): void {
    const { deadLetters } = this.#postbox.kernel;
    const letter = { to: addressOf(node, ""), from: cell.address, type, body };
    deadLetters.add({ ...letter, reason: "disconnected" });
  }

  #taken(node: string, correlation: number): RemoteReply | undefined {
    return this.#calls.get(node)?.take(correlation);
  }

  /** The cell, handler and checked request of a call, or why it is refused. */
  #admitted(from: string, envelope: Envelope, cell: Cell | undefined): Admitted | TroupeError {
    const { to, type, askChain } = envelope;
    const kind = envelope.kind === EnvelopeKind.open ? "stream" : "ask";
    if (cell === undefined) return neverRan("actor.not-found", `nobody lives at ${this.#here(to)}`);
    const handler = handlerOf(cell, type, kind);
    if (handler === undefined) {
      return neverRan("actor.no-handler", `${this.#here(to)} has no ${kind} ${type}`);
    }
    let { body } = envelope;
    if (handler.request !== undefined) {
      const checked = validated(handler.request, body);
      if (!checked.ok) return neverRan("ask.invalid", `the request of ${type}: ${checked.error}`);
      body = checked.value;
    }
    const fault = this.#check.faultOf(from, envelope, handler);
    if (fault !== undefined) {
      const why = `${this.#here(to)} takes ${type} only signed, and this one's signature is ${fault}`;
      return neverRan("signature.refused", why);
    }
    if (askChain !== undefined && !cell.options.isConcurrent) {
      const here = this.#here(to);
      const at = askChain.indexOf(here);
      if (at >= 0) return askCycle([...askChain.slice(at), here]);
    }
    return { cell, handler, body };
  }

  #here(path: string): Address {
    return addressHere(this.#postbox.kernel.node, path);
  }
}
