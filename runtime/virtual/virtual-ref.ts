/**
 * A reference to a virtual actor: it holds nothing but type and key.
 *
 * Owns: making parcels of messages. Where they go is `router.ts`; when the actor is active in this
 * process and nothing stands between, a message goes as to any local actor.
 *
 * R1: as for any reference, `tell` never throws; S15: an ask is never longer than what it is made for.
 */
import type { ActorRef, AskOptions, ReplyStream, StreamOptions } from "../actor-ref.ts";
import type { Address } from "../address.ts";
import { chainOf } from "../kernel/ask-chain.ts";
import type { Cell } from "../kernel/cell.ts";
import type { Context } from "../kernel/context.ts";
import { departing, operationOf, type Request } from "../kernel/departing-call.ts";
import { IncomingStream } from "../kernel/incoming-stream.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { askCell, streamCell, tellCell } from "../kernel/local-call.ts";
import type { Callee } from "../kernel/message.ts";
import { messageTypeOf } from "../kernel/message-type.ts";
import { PendingReply } from "../kernel/pending-reply.ts";
import { hasRoom } from "../kernel/queue.ts";
import { repeatedOffer } from "../kernel/repeated-offer.ts";
import { isFenced, senderOn } from "../kernel/sender.ts";
import { traceparentOf } from "../kernel/span.ts";
import { validated } from "../kernel/validation.ts";
import type { Operation, Operations, Protocol } from "../protocol.ts";
import type { Contents } from "./parcel.ts";
import type { Route } from "./route.ts";

/** How references reach their actors; `virtuals.ts` implements it. */
export interface Ways {
  readonly kernel: Kernel;
  /** The route to an actor's unit; `undefined` while nobody is known to run its type. */
  routeTo(type: string, key: string): Route | undefined;
  /** The cell of an actor that is active here, when a message may go straight to it. */
  activeCell(route: Route, key: string): Cell | undefined;
  /** Sends; `false` when it was refused here, which is accounted for. */
  send(type: string, contents: Contents): boolean;
}

/** A reference to whoever is active for a key; see the file's header. */
export class VirtualRef {
  readonly address: Address;
  readonly protocol: Protocol;
  readonly ready: Promise<void> = Promise.resolve();
  readonly #ways: Ways;
  readonly #owner: Context | undefined;
  readonly #type: string;
  readonly #key: string;
  // biome-ignore lint/style/useReadonlyClassProperties: set by a static method
  #route: Route | undefined = undefined;

  constructor(
    ways: Ways,
    protocol: Protocol,
    target: { readonly address: Address; readonly type: string; readonly key: string },
    owner: Context | undefined,
  ) {
    this.address = target.address;
    this.protocol = protocol;
    this.#ways = ways;
    this.#owner = owner;
    this.#type = target.type;
    this.#key = target.key;
  }

  tell(operation: string, payload?: unknown): boolean {
    const cell = this.#cell();
    if (cell !== undefined) return tellCell(cell, this.#owner, operation, payload);
    const { kernel } = this.#ways;
    const sender = senderOn(kernel, this.#owner);
    if (isFenced(kernel, sender)) return false;
    const type = messageTypeOf(this.protocol.name, operation);
    const found = operationOf(this.protocol, operation);
    const checked = validated(found?.schemas?.request, payload);
    if (found?.kind !== "tell" || !checked.ok) {
      const reason = found?.kind === "tell" ? "undecodable" : "no-handler";
      const from = sender === undefined ? "" : sender.cell.address;
      kernel.deadLetters.add({ to: this.address, from, type, body: payload, reason });
      return false;
    }
    const reply = kernel.watchedTell(sender);
    return this.#ways.send(this.#type, {
      ...this.#contents("tell", type, checked.value, found.signed === true, sender),
      reply,
      schemas: undefined,
    });
  }

  offer(operation: string, payload?: unknown, options?: AskOptions): Promise<boolean> {
    const { kernel } = this.#ways;
    const sender = senderOn(kernel, this.#owner);
    // Nobody tells when there is room in a mailbox that may be somewhere else by then.
    return repeatedOffer(kernel, sender, options, (isLast) => {
      const cell = this.#cell();
      const mayGo = cell === undefined || hasRoom(cell) || isLast;
      return mayGo ? this.tell(operation, payload) : undefined;
    });
  }

  ask(operation: string, payload?: unknown, options?: AskOptions): Promise<unknown> {
    const cell = this.#cell();
    if (cell !== undefined) return askCell(cell, this.#owner, operation, payload, options);
    const type = messageTypeOf(this.protocol.name, operation);
    const { kernel } = this.#ways;
    const cause = senderOn(kernel, this.#owner)?.message;
    const { signal } = options ?? {};
    const reply = new PendingReply(kernel.replies, type, this.#nobody(), cause, signal, undefined);
    this.#open({ kind: "ask", operation, type, payload, options }, reply);
    return reply.promise;
  }

  stream(
    operation: string,
    payload?: unknown,
    options?: StreamOptions,
  ): ReplyStream<unknown, unknown> {
    const cell = this.#cell();
    if (cell !== undefined) return streamCell(cell, this.#owner, operation, payload, options);
    const type = messageTypeOf(this.protocol.name, operation);
    const { kernel } = this.#ways;
    const consumer = senderOn(kernel, this.#owner);
    const stream = new IncomingStream(kernel.replies, type, this.#nobody(), consumer, options);
    this.#open({ kind: "stream", operation, type, payload, options }, stream);
    return stream;
  }

  /** As the typed reference that programs hold. */
  as<O extends Operations>(): ActorRef<O> {
    return this as unknown as ActorRef<O>;
  }

  /** The cell that is active here and speaks the protocol. */
  #cell(): Cell | undefined {
    const route = VirtualRef.#routeOf(this);
    const cell = route === undefined ? undefined : this.#ways.activeCell(route, this.#key);
    return cell?.behavior.definition.protocol.name === this.protocol.name ? cell : undefined;
  }

  /** The key's hash is not taken anew for each message. */
  static #routeOf(ref: VirtualRef): Route | undefined {
    if (ref.#route === undefined || ref.#route.isForgotten) {
      ref.#route = ref.#ways.routeTo(ref.#type, ref.#key);
    }
    return ref.#route;
  }

  /** Whom a call reaches that has gone nowhere yet: it certainly never ran. */
  #nobody(): Callee {
    return { address: this.address, cancel: () => true };
  }

  #contents(
    kind: Operation["kind"],
    type: string,
    body: unknown,
    isSigned: boolean,
    sender: Context | undefined,
  ): Omit<Contents, "reply" | "schemas"> {
    const span = sender?.message?.reply?.span;
    return {
      address: this.address,
      key: this.#key,
      kind,
      type,
      body,
      from: sender?.cell,
      isSigned,
      askChain: kind === "tell" || sender === undefined ? undefined : chainOf(sender),
      traceparent: span === undefined ? undefined : traceparentOf(span),
    };
  }

  #open(request: Request, waiting: PendingReply | IncomingStream): void {
    const call = departing(this.#ways.kernel, this, this.#owner, request, waiting);
    if (call === undefined) return;
    const { kind, type } = request;
    const { operation, sender, body } = call;
    this.#ways.send(this.#type, {
      ...this.#contents(kind, type, body, operation.signed === true, sender),
      reply: waiting,
      schemas: operation.schemas,
    });
  }
}
