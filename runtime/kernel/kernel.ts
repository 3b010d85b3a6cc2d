/**
 * What all cells of a system share.
 *
 * Owns: the one instance of each mechanism. It does nothing by itself.
 */
import type { ActorRef, AnyActorRef } from "../actor-ref.ts";
import type { Address } from "../address.ts";
import type { Ports } from "../ports/ports.ts";
import type { Operations, Protocol } from "../protocol.ts";
import type { OperationHandler } from "./behavior.ts";
import type { Cell } from "./cell.ts";
import type { Context } from "./context.ts";
import { DeadLetters } from "./dead-letters.ts";
import type { Watch } from "./death-watch.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { Message } from "./message.ts";
import { PendingReplies } from "./pending-reply.ts";
import { type Span, spanUnder } from "./span.ts";
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
  publish(topic: string, payload: unknown, from: Address): boolean;
  subscribe(topic: string, cell: Cell, handler: OperationHandler): void;
  unsubscribe(topic: string, cell: Cell): void;
}

/** The shared parts of a system. */
export class Kernel {
  readonly node: string;
  readonly ports: Ports;
  readonly wheel: TimerWheel;
  readonly dispatcher: Dispatcher;
  readonly replies: PendingReplies;
  readonly deadLetters: DeadLetters;
  /** The actor whose handler runs synchronously now. */
  current: Context | undefined = undefined;
  /** Results and sends of generations that were no longer current. */
  fenced = 0;
  #outward: Outward | undefined = undefined;
  #unnamed = 0;

  constructor(node: string, ports: Ports) {
    this.node = node;
    this.ports = ports;
    this.wheel = new TimerWheel(ports.clock);
    this.dispatcher = new Dispatcher(ports);
    this.replies = new PendingReplies(this.wheel, ports);
    this.deadLetters = new DeadLetters(ports);
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

  /** The span of a new message; `undefined` while nobody watches. */
  spanUnder(cause: Message | undefined): Span | undefined {
    const { events, random, clock } = this.ports;
    return events.watched ? spanUnder(cause?.span, random, clock.nowMs()) : undefined;
  }
}

/** The address of a reference, or the address itself. */
export function addressIn(target: AnyActorRef | Address): Address {
  return typeof target === "string" ? target : target.address;
}
