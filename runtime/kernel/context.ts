/**
 * What a handler may do, bound to one generation of one cell.
 *
 * Owns: the state, the current message, the signals. When it is current is the cell's decision.
 *
 * I1: once another generation runs, or none, everything here is without effect: sends are refused
 *     and counted, nothing is spawned, set or subscribed.
 * I2: in a handler of an ask or a stream `signal` belongs to that message: it aborts when its asker
 *     gives up, and with the generation. Elsewhere it belongs to the generation. So work that
 *     outlives its message takes the signal that `init` or a tell sees.
 *
 * Cost: one object per generation; controllers, log, randomness and timers are made when asked for.
 */
import type { ActorContext, ActorDefinition, SpawnArgs, Timers } from "../actor.ts";
import type { ActorRef, AnyActorRef } from "../actor-ref.ts";
import type { Address } from "../address.ts";
import type { Log } from "../log.ts";
import { boundModel, type Model } from "../model.ts";
import type { Clock } from "../ports/clock.ts";
import type { Ports } from "../ports/ports.ts";
import type { Random } from "../ports/random.ts";
import type { Operations, Protocol } from "../protocol.ts";
import { TroupeError } from "../troupe-error.ts";
import { Fatal, Refusal } from "./ask-error.ts";
import type { Cell } from "./cell.ts";
import { stopChild, stopSelf } from "./ending.ts";
import { addressIn } from "./kernel.ts";
import { isFenced } from "./local-call.ts";
import { LocalRef } from "./local-ref.ts";
import { type Message, senderOf } from "./message.ts";
import { subscribe, unsubscribe, unwatch, watch } from "./ties.ts";

/** Implements the context that definitions see. */
export class Context implements ActorContext<Operations, unknown, unknown> {
  readonly cell: Cell;
  state: unknown = undefined;
  /** `init` has made the state. */
  isStarted: boolean = false;
  /** The message in hand. */
  message: Message | undefined = undefined;
  #self: LocalRef | undefined = undefined;
  #lifetime: AbortController | undefined = undefined;
  #inHand: AbortController | undefined = undefined;
  #isAborted: boolean = false;
  /** Continuations of asynchronous handlers, made at the first; one handler runs at a time. */
  #onResolved: ((value: unknown) => void) | undefined = undefined;
  #onRejected: ((error: unknown) => void) | undefined = undefined;

  constructor(cell: Cell) {
    this.cell = cell;
  }

  /** Whether this is the generation that runs now. */
  get isCurrent(): boolean {
    return this.cell.context === this;
  }

  // What the cell does with it.

  get onResolved(): (value: unknown) => void {
    this.#onResolved ??= (value) => this.cell.resolved(this, value);
    return this.#onResolved;
  }

  get onRejected(): (error: unknown) => void {
    this.#onRejected ??= (error) => this.cell.rejected(this, error);
    return this.#onRejected;
  }

  /** Ends the generation's work. */
  abort(): void {
    this.#isAborted = true;
    this.#lifetime?.abort(stopping());
    this.#inHand?.abort(stopping());
  }

  /** The asker of the message in hand gave up. */
  abortMessage(): void {
    if (this.#inHand === undefined) {
      this.#inHand = new AbortController();
    }
    this.#inHand.abort(new TroupeError("ask.cancelled", "the asker gave up"));
  }

  /** The message in hand is done. */
  done(): void {
    this.message = undefined;
    this.#inHand = undefined;
  }

  // What handlers see.

  get self(): ActorRef<Operations> {
    this.#self ??= new LocalRef(this.cell, this);
    return this.#self.as();
  }

  get sender(): Address | undefined {
    if (this.message === undefined) return undefined;
    const sender = senderOf(this.message);
    return sender === "" ? undefined : sender;
  }

  get input(): unknown {
    return this.cell.input;
  }

  get signal(): AbortSignal {
    const message = this.message;
    if (message === undefined || message.handler.kind === "tell") {
      this.#lifetime ??= new AbortController();
      if (this.#isAborted && !this.#lifetime.signal.aborted) this.#lifetime.abort(stopping());
      return this.#lifetime.signal;
    }
    this.#inHand ??= new AbortController();
    if (this.#isAborted && !this.#inHand.signal.aborted) this.#inHand.abort(stopping());
    return this.#inHand.signal;
  }

  get clock(): Clock {
    return this.cell.kernel.ports.clock;
  }

  get random(): Random {
    return this.cell.random;
  }

  get log(): Log {
    return this.cell.log;
  }

  get ports(): Ports {
    return this.cell.kernel.ports;
  }

  get timers(): Timers<Operations> {
    if (!this.isCurrent) throw gone();
    return this.cell.timers.asTimers();
  }

  spawn<P extends Operations, J>(
    definition: ActorDefinition<P, J>,
    ...options: SpawnArgs<J>
  ): ActorRef<P> {
    if (isFenced(this.cell.kernel, this)) throw gone();
    return new LocalRef(this.cell.spawn(definition, options[0]), undefined).as();
  }

  refOf<P extends Operations>(protocol: Protocol<P>, address: Address): ActorRef<P> {
    return this.cell.kernel.outward.refOf(protocol, address, this);
  }

  watch(target: AnyActorRef | Address): void {
    if (!isFenced(this.cell.kernel, this)) watch(this.cell, addressIn(target));
  }

  unwatch(target: AnyActorRef | Address): void {
    if (!isFenced(this.cell.kernel, this)) unwatch(this.cell, addressIn(target));
  }

  stop(child?: AnyActorRef): void {
    if (isFenced(this.cell.kernel, this)) return;
    if (child === undefined) stopSelf(this.cell);
    else stopChild(this.cell, child);
  }

  subscribe(topic: string, operation: string): void {
    if (!isFenced(this.cell.kernel, this)) subscribe(this.cell, topic, operation);
  }

  unsubscribe(topic: string): void {
    if (!isFenced(this.cell.kernel, this)) unsubscribe(this.cell, topic);
  }

  publish(topic: string, payload: unknown): boolean {
    if (isFenced(this.cell.kernel, this)) return false;
    return this.cell.kernel.outward.publish(topic, payload, this.cell.address);
  }

  model(name: string): Model {
    return boundModel(this.cell.kernel.ports, name, this.signal);
  }

  fail(code: string, data?: unknown): never {
    throw new Refusal(code, data);
  }

  fatal(reason: string): never {
    throw new Fatal(reason);
  }
}

function stopping(): TroupeError {
  return new TroupeError("actor.stopped", "the actor is being stopped or restarted");
}

function gone(): TroupeError {
  return new TroupeError("actor.stopped", "this generation of the actor has ended");
}
