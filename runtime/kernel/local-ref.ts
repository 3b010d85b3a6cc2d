/** References to actors of this process: to one that was spawned, or to whoever lives at a path. */
import type { ActorRef, AskOptions, ReplyStream, StreamOptions } from "../actor-ref.ts";
import { type Address, addressOf } from "../address.ts";
import type { Operations, Protocol } from "../protocol.ts";
import { neverRan } from "./ask-error.ts";
import type { Cell } from "./cell.ts";
import type { Context } from "./context.ts";
import { IncomingStream } from "./incoming-stream.ts";
import type { Kernel } from "./kernel.ts";
import { askCell, offerCell, streamCell, tellCell } from "./local-call.ts";
import type { Callee } from "./message.ts";
import { messageTypeOf } from "./message-type.ts";
import { isFenced, senderOn } from "./sender.ts";

/** A reference to one cell; outlives it, and then reaches nobody. */
export class LocalRef {
  readonly #cell: Cell;
  /** The actor that sends through it; absent for one that anybody may hold. */
  readonly #owner: Context | undefined;

  constructor(cell: Cell, owner: Context | undefined) {
    this.#cell = cell;
    this.#owner = owner;
  }

  get address(): Address {
    return this.#cell.address;
  }

  get protocol(): Protocol {
    return this.#cell.behavior.definition.protocol;
  }

  get ready(): Promise<void> {
    return this.#cell.ready;
  }

  tell(operation: string, payload?: unknown): boolean {
    return tellCell(this.#cell, this.#owner, operation, payload);
  }

  offer(operation: string, payload?: unknown, options?: AskOptions): Promise<boolean> {
    return offerCell(this.#cell, this.#owner, operation, payload, options);
  }

  ask(operation: string, payload?: unknown, options?: AskOptions): Promise<unknown> {
    return askCell(this.#cell, this.#owner, operation, payload, options);
  }

  stream(
    operation: string,
    payload?: unknown,
    options?: StreamOptions,
  ): ReplyStream<unknown, unknown> {
    return streamCell(this.#cell, this.#owner, operation, payload, options);
  }

  /** The cell behind a reference; `undefined` for a reference of another kind. */
  static cellOf(ref: unknown): Cell | undefined {
    return ref instanceof LocalRef ? ref.#cell : undefined;
  }

  /** As the typed reference that programs hold. */
  as<O extends Operations>(): ActorRef<O> {
    return this as unknown as ActorRef<O>;
  }
}

/** Finds cells by path. */
export interface Directory {
  readonly kernel: Kernel;
  find(path: string): Cell | undefined;
}

/** A reference to whoever lives at a path of this node when a message is sent. */
export class PathRef {
  readonly protocol: Protocol;
  readonly #directory: Directory;
  readonly #path: string;
  readonly #owner: Context | undefined;
  // biome-ignore lint/style/useReadonlyClassProperties: set by a static method
  #cell: Cell | undefined = undefined;

  constructor(directory: Directory, protocol: Protocol, path: string, owner: Context | undefined) {
    this.#directory = directory;
    this.protocol = protocol;
    this.#path = path;
    this.#owner = owner;
  }

  get address(): Address {
    return addressOf(this.#directory.kernel.node, this.#path);
  }

  get ready(): Promise<void> {
    return PathRef.#find(this)?.ready ?? Promise.reject(this.#notFound());
  }

  tell(operation: string, payload?: unknown): boolean {
    const cell = PathRef.#find(this);
    if (cell !== undefined) return tellCell(cell, this.#owner, operation, payload);
    const { kernel } = this.#directory;
    const sender = senderOn(kernel, this.#owner);
    if (isFenced(kernel, sender)) return false;
    kernel.deadLetters.add({
      to: this.address,
      from: sender === undefined ? "" : sender.cell.address,
      type: messageTypeOf(this.protocol.name, operation),
      body: payload,
      reason: this.#cell === undefined ? "no-such-actor" : "no-handler",
    });
    return false;
  }

  offer(operation: string, payload?: unknown, options?: AskOptions): Promise<boolean> {
    const cell = PathRef.#find(this);
    if (cell === undefined) return Promise.resolve(this.tell(operation, payload));
    return offerCell(cell, this.#owner, operation, payload, options);
  }

  ask(operation: string, payload?: unknown, options?: AskOptions): Promise<unknown> {
    const cell = PathRef.#find(this);
    if (cell === undefined) return Promise.reject(this.#notFound());
    return askCell(cell, this.#owner, operation, payload, options);
  }

  stream(
    operation: string,
    payload?: unknown,
    options?: StreamOptions,
  ): ReplyStream<unknown, unknown> {
    const cell = PathRef.#find(this);
    if (cell !== undefined) return streamCell(cell, this.#owner, operation, payload, options);
    const { kernel } = this.#directory;
    const type = messageTypeOf(this.protocol.name, operation);
    const nobody: Callee = { address: this.address, cancel: () => true };
    const stream = new IncomingStream(kernel.replies, type, nobody, undefined, undefined);
    stream.open(kernel.nowMs(), 0);
    stream.reject(this.#notFound());
    return stream;
  }

  /** As the typed reference that programs hold. */
  as<O extends Operations>(): ActorRef<O> {
    return this as unknown as ActorRef<O>;
  }

  /** Who lives at the place of such a reference; `undefined` for a reference of another kind. */
  static cellOf(ref: unknown): Cell | undefined {
    return ref instanceof PathRef ? PathRef.#find(ref) : undefined;
  }

  /** Whoever lives there now and speaks the protocol. */
  static #find(ref: PathRef): Cell | undefined {
    if (ref.#cell === undefined || ref.#cell.hasStopped) {
      ref.#cell = ref.#directory.find(ref.#path);
    }
    return ref.#cell?.behavior.definition.protocol.name === ref.protocol.name
      ? ref.#cell
      : undefined;
  }

  #notFound(): Error {
    return this.#cell === undefined
      ? neverRan("actor.not-found", `no actor lives at ${this.address}`)
      : neverRan("actor.no-handler", `${this.address} does not speak ${this.protocol.name}`);
  }
}
