/** A reference to an actor on another node. */
import type { ActorRef, AskOptions, ReplyStream, StreamOptions } from "../actor-ref.ts";
import { type Address, nodeOf, pathOf } from "../address.ts";
import type { DeadLetterReason } from "../dead-letter.ts";
import { chainOf } from "../kernel/ask-chain.ts";
import { neverRan } from "../kernel/ask-error.ts";
import type { Context } from "../kernel/context.ts";
import { departing, operationOf, type Request } from "../kernel/departing-call.ts";
import { IncomingStream } from "../kernel/incoming-stream.ts";
import { messageTypeOf } from "../kernel/message-type.ts";
import { PendingReply } from "../kernel/pending-reply.ts";
import { repeatedOffer } from "../kernel/repeated-offer.ts";
import { isFenced, senderOn } from "../kernel/sender.ts";
import { traceparentOf } from "../kernel/span.ts";
import { validated } from "../kernel/validation.ts";
import type { Operations, Protocol } from "../protocol.ts";
import { TroupeError } from "../troupe-error.ts";
import { EnvelopeKind } from "./envelope.ts";
import { RemoteCallee } from "./remote-callee.ts";
import type { RemoteCalls } from "./remote-calls.ts";
import { isBeyond } from "./visible-size.ts";

/** A tell on its way. */
interface Letter {
  readonly to: string;
  readonly from: Address;
  readonly type: string;
  readonly body: unknown;
  readonly traceparent: string | undefined;
  readonly isSigned: boolean;
}

/** Sends envelopes to an address of another node. */
export class RemoteRef {
  readonly address: Address;
  readonly protocol: Protocol;
  readonly ready: Promise<void> = Promise.resolve();
  readonly #calls: RemoteCalls;
  readonly #owner: Context | undefined;
  readonly #node: string;
  readonly #path: string;
  #operationBefore: string | undefined = undefined;
  #typeBefore = "";

  constructor(
    calls: RemoteCalls,
    protocol: Protocol,
    address: Address,
    owner: Context | undefined,
  ) {
    this.address = address;
    this.protocol = protocol;
    this.#calls = calls;
    this.#owner = owner;
    this.#node = nodeOf(address);
    this.#path = pathOf(address);
  }

  tell(operation: string, payload?: unknown): boolean {
    const letter = this.#letter(operation, payload);
    if (letter === undefined) return false;
    const sent = this.#calls.postbox.send(this.#node, EnvelopeKind.tell, letter);
    if (!sent) this.#deadLetter(letter, "disconnected");
    return sent;
  }

  async offer(operation: string, payload?: unknown, options?: AskOptions): Promise<boolean> {
    const { postbox } = this.#calls;
    const { kernel } = postbox;
    const sender = senderOn(kernel, this.#owner);
    const letter = this.#letter(operation, payload);
    if (letter === undefined) return false;
    // The transport does not say when it has room.
    return repeatedOffer(kernel, sender, options, (isLast) => {
      if (this.#calls.postbox.send(this.#node, EnvelopeKind.tell, letter)) return true;
      if (!isLast) return undefined;
      this.#deadLetter(letter, "disconnected");
      return false;
    });
  }

  ask(operation: string, payload?: unknown, options?: AskOptions): Promise<unknown> {
    const callee = new RemoteCallee(this.#calls, this.address, this.#node);
    const type = this.#typeOf(operation);
    const { kernel } = this.#calls.postbox;
    const cause = senderOn(kernel, this.#owner)?.message;
    const reply = new PendingReply(kernel.replies, type, callee, cause, options?.signal, undefined);
    this.#open({ kind: "ask", operation, type, payload, options }, reply, callee);
    return reply.promise;
  }

  stream(
    operation: string,
    payload?: unknown,
    options?: StreamOptions,
  ): ReplyStream<unknown, unknown> {
    const callee = new RemoteCallee(this.#calls, this.address, this.#node);
    const type = this.#typeOf(operation);
    const { kernel } = this.#calls.postbox;
    const consumer = senderOn(kernel, this.#owner);
    const stream = new IncomingStream(kernel.replies, type, callee, consumer, options);
    stream.attach(callee);
    this.#open({ kind: "stream", operation, type, payload, options }, stream, callee);
    return stream;
  }

  /** As the typed reference that programs hold. */
  as<O extends Operations>(): ActorRef<O> {
    return this as unknown as ActorRef<O>;
  }

  /** A tell as it travels; counts what may not be sent. */
  #letter(operation: string, payload: unknown): Letter | undefined {
    const { kernel } = this.#calls.postbox;
    const sender = senderOn(kernel, this.#owner);
    if (isFenced(kernel, sender)) return undefined;
    const type = this.#typeOf(operation);
    const from = sender === undefined ? "" : sender.cell.address;
    const span = sender?.message?.reply?.span;
    const traceparent = span === undefined ? undefined : traceparentOf(span);
    const found = operationOf(this.protocol, operation);
    const schema = found?.schemas?.request;
    const isSigned = found?.signed === true;
    const letter = { to: this.#path, from, type, body: payload, traceparent, isSigned };
    if (isBeyond(payload, kernel.ports.transport.mostBodyBytes)) {
      this.#deadLetter(letter, "too-large");
      return undefined;
    }
    if (schema === undefined && found?.kind === "tell") return letter;
    const checked = validated(schema, payload);
    if (found?.kind === "tell" && checked.ok) return { ...letter, body: checked.value };
    this.#deadLetter(letter, found?.kind === "tell" ? "undecodable" : "no-handler");
    return undefined;
  }

  /** Programs tend to send one operation many times in a row. */
  #typeOf(operation: string): string {
    if (operation === this.#operationBefore) return this.#typeBefore;
    this.#operationBefore = operation;
    this.#typeBefore = messageTypeOf(this.protocol.name, operation);
    return this.#typeBefore;
  }

  #deadLetter({ from, type, body }: Letter, reason: DeadLetterReason): void {
    const { deadLetters } = this.#calls.postbox.kernel;
    deadLetters.add({ to: this.address, from, type, body, reason });
  }

  #open(request: Request, waiting: PendingReply | IncomingStream, callee: RemoteCallee): void {
    const { kernel } = this.#calls.postbox;
    const call = departing(kernel, this, this.#owner, request, waiting);
    if (call === undefined) return;
    const { kind, type } = request;
    const { operation, sender, body, ttlMs } = call;
    const { mostBodyBytes } = kernel.ports.transport;
    if (isBeyond(body, mostBodyBytes)) {
      const why = `the request of ${type} has more than ${mostBodyBytes} bytes`;
      waiting.reject(neverRan("payload.too-large", why));
      return;
    }
    const correlation = this.#calls.open({
      node: this.#node,
      to: this.address,
      type,
      schemas: operation.schemas,
      waiting,
    });
    if (correlation === undefined) {
      waiting.reject(disconnected(type, "too many calls are under way"));
      return;
    }
    callee.correlation = correlation;
    const span = sender?.message?.reply?.span;
    const sent = this.#calls.postbox.send(
      this.#node,
      kind === "ask" ? EnvelopeKind.ask : EnvelopeKind.open,
      {
        to: this.#path,
        from: sender === undefined ? "" : sender.cell.address,
        type,
        body,
        correlation,
        ttlMs: Math.ceil(ttlMs),
        sequence: kind === "stream" ? callee.granted : undefined,
        traceparent: span === undefined ? undefined : traceparentOf(span),
        askChain: sender === undefined ? undefined : chainOf(sender),
        isSigned: operation.signed === true,
      },
    );
    if (sent) return;
    this.#calls.take(correlation, this.#node);
    waiting.reject(disconnected(type, `the link to ${this.#node} takes no more`));
  }
}

function disconnected(type: string, why: string): TroupeError {
  return new TroupeError("node.disconnected", `${type} was not sent: ${why}`, {
    outcome: "never-ran",
  });
}
