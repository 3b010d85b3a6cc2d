/** A reference to an actor on another node. */
import type { ActorRef, AskOptions, ReplyStream } from "../actor-ref.ts";
import { type Address, nodeOf, pathOf } from "../address.ts";
import { chainOf } from "../kernel/ask-chain.ts";
import { cancelled, neverRan, timedOut } from "../kernel/ask-error.ts";
import type { Context } from "../kernel/context.ts";
import { IncomingStream } from "../kernel/incoming-stream.ts";
import { isFenced, senderOn, timeoutMsOf } from "../kernel/local-call.ts";
import type { ReplyTo, Upstream } from "../kernel/message.ts";
import { messageTypeOf } from "../kernel/message-type.ts";
import { type Callee, PendingReply } from "../kernel/pending-reply.ts";
import { traceparentOf } from "../kernel/span.ts";
import { validated } from "../kernel/validation.ts";
import type { Operation, Operations, Protocol } from "../protocol.ts";
import { TroupeError } from "../troupe-error.ts";
import { EnvelopeKind } from "./envelope.ts";
import type { RemoteCalls } from "./remote-calls.ts";

/** One call's way to its callee: credit and cancel go there as envelopes. */
class RemoteCallee implements Callee, Upstream {
  readonly address: Address;
  readonly #calls: RemoteCalls;
  readonly #node: string;
  correlation = 0;
  /** Before the stream is open its credit only waits to travel with the opening. */
  granted = 0;

  constructor(calls: RemoteCalls, address: Address, node: string) {
    this.#calls = calls;
    this.address = address;
    this.#node = node;
  }

  credit(total: number): void {
    this.granted = total;
    if (this.correlation !== 0) this.#calls.credit(this.correlation, this.#node, total);
  }

  /** Of a remote call nobody here knows whether it ran. */
  cancel(reply?: ReplyTo): boolean {
    if (reply === undefined || this.correlation === 0) return false;
    this.#calls.cancel(this.correlation, this.#node);
    return false;
  }
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
    const { kernel } = this.#calls.postbox;
    const sender = senderOn(kernel, this.#owner);
    if (isFenced(kernel, sender)) return false;
    const type = messageTypeOf(this.protocol.name, operation);
    const from = sender === undefined ? "" : sender.cell.address;
    const found = this.#operation(operation);
    const checked = validated(found?.schemas?.request, payload);
    if (found?.kind !== "tell" || !checked.ok) {
      const reason = found?.kind === "tell" ? "undecodable" : "no-handler";
      kernel.deadLetters.add({ to: this.address, from, type, body: payload, reason });
      return false;
    }
    const span = sender?.message?.span;
    const sent = this.#calls.postbox.send(this.#node, EnvelopeKind.tell, {
      to: this.#path,
      from,
      type,
      body: checked.value,
      ...(span === undefined ? {} : { traceparent: traceparentOf(span) }),
    });
    if (!sent) {
      const letter = { to: this.address, from, type, body: payload };
      kernel.deadLetters.add({ ...letter, reason: "disconnected" });
    }
    return sent;
  }

  ask(operation: string, payload?: unknown, options?: AskOptions): Promise<unknown> {
    const callee = new RemoteCallee(this.#calls, this.address, this.#node);
    const type = messageTypeOf(this.protocol.name, operation);
    const { kernel } = this.#calls.postbox;
    const cause = senderOn(kernel, this.#owner)?.message;
    const reply = new PendingReply(kernel.replies, type, callee, cause, options?.signal);
    this.#open("ask", operation, payload, options, reply, callee);
    return reply.promise;
  }

  stream(
    operation: string,
    payload?: unknown,
    options?: AskOptions,
  ): ReplyStream<unknown, unknown> {
    const callee = new RemoteCallee(this.#calls, this.address, this.#node);
    const type = messageTypeOf(this.protocol.name, operation);
    const { kernel } = this.#calls.postbox;
    const consumer = senderOn(kernel, this.#owner);
    const stream = new IncomingStream(kernel.replies, type, callee, consumer, options?.signal);
    stream.attach(callee);
    this.#open("stream", operation, payload, options, stream, callee);
    return stream;
  }

  /** As the typed reference that programs hold. */
  as<O extends Operations>(): ActorRef<O> {
    return this as unknown as ActorRef<O>;
  }

  #operation(name: string): Operation | undefined {
    const { operations } = this.protocol;
    return Object.hasOwn(operations, name) ? operations[name] : undefined;
  }

  #open(
    kind: "ask" | "stream",
    name: string,
    payload: unknown,
    options: AskOptions | undefined,
    waiting: PendingReply | IncomingStream,
    callee: RemoteCallee,
  ): void {
    const { kernel } = this.#calls.postbox;
    const sender = senderOn(kernel, this.#owner);
    const nowMs = kernel.nowMs();
    const ttlMs = timeoutMsOf(options, sender?.message, nowMs);
    const type = messageTypeOf(this.protocol.name, name);
    waiting.open(nowMs, ttlMs);
    const operation = this.#operation(name);
    const checked = validated(operation?.schemas?.request, payload);
    const refusal = this.#refusal(kind, type, operation, sender, options, ttlMs);
    if (refusal !== undefined || !checked.ok) {
      const why = checked.ok ? "" : checked.error;
      waiting.reject(refusal ?? neverRan("ask.invalid", `the request of ${type}: ${why}`));
      return;
    }
    const correlation = this.#calls.open({
      node: this.#node,
      to: this.address,
      type,
      schemas: operation?.schemas,
      waiting,
    });
    if (correlation === undefined) {
      waiting.reject(disconnected(type, "too many calls are under way"));
      return;
    }
    callee.correlation = correlation;
    const span = sender?.message?.span;
    const sent = this.#calls.postbox.send(
      this.#node,
      kind === "ask" ? EnvelopeKind.ask : EnvelopeKind.open,
      {
        to: this.#path,
        from: sender === undefined ? "" : sender.cell.address,
        type,
        body: checked.value,
        correlation,
        ttlMs: Math.ceil(ttlMs),
        ...(kind === "stream" ? { sequence: callee.granted } : {}),
        ...(span === undefined ? {} : { traceparent: traceparentOf(span) }),
        ...(sender === undefined ? {} : { askChain: chainOf(sender) }),
      },
    );
    if (sent) return;
    this.#calls.take(correlation, this.#node);
    waiting.reject(disconnected(type, `the link to ${this.#node} takes no more`));
  }

  #refusal(
    kind: "ask" | "stream",
    type: string,
    operation: Operation | undefined,
    sender: Context | undefined,
    options: AskOptions | undefined,
    ttlMs: number,
  ): TroupeError | undefined {
    if (operation?.kind !== kind) {
      return neverRan("actor.no-handler", `${this.protocol.name} has no ${kind} ${type}`);
    }
    if (isFenced(this.#calls.postbox.kernel, sender)) {
      return neverRan("actor.stopped", "the asking actor was restarted or stopped");
    }
    if (options?.signal?.aborted === true) return cancelled(type, this.address, true);
    if (ttlMs <= 0) return timedOut(type, this.address, true);
    return undefined;
  }
}

function disconnected(type: string, why: string): TroupeError {
  return new TroupeError("node.disconnected", `${type} was not sent: ${why}`, {
    outcome: "never-ran",
  });
}
