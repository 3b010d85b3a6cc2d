/**
 * What all cells of a system share.
 *
 * Owns: the one instance of each mechanism. It does nothing by itself.
 */
import type { SpawnOptions } from "../actor.ts";
import type { ActorRef, AnyActorRef } from "../actor-ref.ts";
import type { Address } from "../address.ts";
import type { EventSink } from "../event.ts";
import { PacedLog } from "../paced-log.ts";
import type { CopyMessage, NotPlain } from "../plain-data.ts";
import type { Ports } from "../ports/ports.ts";
import type { Operations, Protocol } from "../protocol.ts";
import { ok, type Result } from "../result.ts";
import type { CellSpec, OperationHandler } from "./behavior.ts";
import type { Cell } from "./cell.ts";
import type { Context } from "./context.ts";
import { DeadLetters } from "./dead-letters.ts";
import type { Watch } from "./death-watch.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { Message } from "./message.ts";
import { NoAsker } from "./no-asker.ts";
import { PendingReplies } from "./pending-reply.ts";
import { Sampling } from "./sampling.ts";
import { type Span, Spans } from "./span.ts";
import { TimerWheel } from "./timer-wheel.ts";

/** The way out of this process, and back in by address; `remote.ts` implements it. */
export interface Outward {
  refOf<O extends Operations>(
    protocol: Protocol<O>,
    address: Address,
    owner: Context | undefined,
  ): ActorRef<O>;
  watch(watch: Watch): void;
  unwatch(watch: Watch): void;
  /**
   * Passes `message`, which `cell` handles, on to whoever lives at `target`, who answers it.
   *
   * @returns `false` when it is a tell that the link does not take now
   */
  pass(cell: Cell, message: Message, target: Address): boolean;
  publish(topic: string, payload: unknown, from: Address): boolean;
  subscribe(topic: string, cell: Cell, handler: OperationHandler): void;
  unsubscribe(topic: string, cell: Cell): void;
}

/** A child that lives on another node: what stands in for it here, and how that is started. */
export interface PlacedChild {
  readonly definition: object;
  readonly options: SpawnOptions & { readonly input?: unknown };
}

/** Starts children on other nodes; `spawning/` implements it. */
export interface Elsewhere {
  /**
   * @throws {TypeError} when the placement is none, the definition is not registered, or an option
   *   cannot travel
   */
  child(definition: object, options: SpawnOptions & { readonly input?: unknown }): PlacedChild;
}

/** The shared parts of a system. */
export class Kernel {
  readonly node: string;
  readonly ports: Ports;
  readonly wheel: TimerWheel;
  readonly dispatcher: Dispatcher;
  readonly sampling: Sampling;
  readonly replies: PendingReplies;
  readonly deadLetters: DeadLetters;
  /** For what other nodes and programs cause. */
  readonly pacedLog: PacedLog;
  /** By definition, for those that override nothing. */
  readonly specs: WeakMap<object, CellSpec> = new WeakMap();
  /** The actor whose handler runs synchronously now. */
  current: Context | undefined = undefined;
  /** The span of the message that it handles, while somebody watches. */
  span: Span | undefined = undefined;
  /** Set where every local message is to be carried as a wire would (S18); absent in production. */
  copyMessage: CopyMessage | undefined = undefined;
  /** Results and sends of generations that were no longer current. */
  fenced = 0;
  readonly #events: EventSink;
  readonly #spans: Spans;
  /** Absent in a system without registered actors. */
  elsewhere: Elsewhere | undefined = undefined;
  #outward: Outward | undefined = undefined;
  #unnamed = 0;

  constructor(node: string, ports: Ports) {
    this.node = node;
    this.ports = ports;
    this.wheel = new TimerWheel(ports.clock);
    this.sampling = new Sampling(ports.events);
    this.dispatcher = new Dispatcher(ports, this.wheel, this.sampling);
    this.replies = new PendingReplies(this.wheel, ports);
    this.deadLetters = new DeadLetters(ports);
    this.pacedLog = new PacedLog(ports.log, ports.clock);
    this.#events = ports.events;
    this.#spans = new Spans(ports.random);
  }

  get outward(): Outward {
    if (this.#outward === undefined) throw new TypeError("the system is not complete yet");
    return this.#outward;
  }

  set outward(outward: Outward) {
    this.#outward = outward;
  }

  /** The number of an actor without a name. */
  nextNumber(): number {
    return ++this.#unnamed;
  }

  nowMs(): number {
    return this.ports.clock.monotonicMs();
  }

  /** A value as it would arrive at another node where messages are checked, and itself elsewhere. */
  copied(value: unknown): Result<unknown, NotPlain> {
    return this.copyMessage === undefined ? ok(value) : this.copyMessage(value);
  }

  /** Whether a message that is sent now may be told of. */
  get samples(): boolean {
    return this.#events.watched && this.sampling.isOpen;
  }

  /** Nobody watches the events, and messages go as they are. */
  get isPlain(): boolean {
    return !this.#events.watched && this.copyMessage === undefined;
  }

  /** The span of a new message; `undefined` while nobody watches, or when it is not in the sample. */
  spanUnder(cause: Message | undefined): Span | undefined {
    return this.#events.watched ? this.#sampled(cause?.reply?.span) : undefined;
  }

  /**
   * What a tell that `owner` sends, or else whoever runs now, brings about is seen through this;
   * `undefined` where {@link spanUnder} gives none.
   */
  watchedTell(owner: Context | undefined): NoAsker | undefined {
    if (!this.#events.watched) return undefined;
    const span = this.#sampled(owner === undefined ? this.span : owner.message?.reply?.span);
    return span === undefined ? undefined : new NoAsker(span);
  }

  /** The span of a message that another node sent. */
  spanFrom(remote: Pick<Span, "trace" | "span"> | undefined): Span | undefined {
    return this.#events.watched ? this.#sampled(remote) : undefined;
  }

  #sampled(parent: Pick<Span, "trace" | "span"> | undefined): Span | undefined {
    if (!this.sampling.takes(parent !== undefined)) return undefined;
    return this.#spans.under(parent, this.dispatcher.wallMs);
  }
}

/** The address of a reference, or the address itself. */
export function addressIn(target: AnyActorRef | Address): Address {
  return typeof target === "string" ? target : target.address;
}
