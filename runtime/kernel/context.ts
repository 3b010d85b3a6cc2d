/**
 * What a handler may do, bound to one generation of one cell.
 *
 * Owns: the state, the current message, the signals. When it is current is the cell's decision. A
 * generation has one context, its root; where several handlers run at a time, each has one of its own
 * that shares the root's state (`concurrency.ts`).
 *
 * I1: once another generation runs, or none, everything here is without effect: sends are refused
 *     and counted, nothing is spawned, set or subscribed.
 * I2: in a handler of an ask or a stream `signal` belongs to that message: it aborts when its asker
 *     gives up, and with the generation. Elsewhere it belongs to the generation. So work that
 *     outlives its message takes the signal that `init` or a tell sees.
 *
 * Cost: one object of four fields per generation; what only some handlers use is made when asked for.
 */

import type { Activation } from "../activation.ts";
import type { ActorContext, ActorDefinition, SpawnArgs, Timers } from "../actor.ts";
import type { ActorRef, AnyActorRef } from "../actor-ref.ts";
import type { Address } from "../address.ts";
import type { DeferredReply } from "../deferred-reply.ts";
import type { Duration } from "../duration.ts";
import type { Log } from "../log.ts";
import { boundModel, type Model } from "../model.ts";
import type { Clock } from "../ports/clock.ts";
import type { Ports } from "../ports/ports.ts";
import type { Random } from "../ports/random.ts";
import type { Operations, Protocol } from "../protocol.ts";
import { baseName } from "../registration.ts";
import { type ActorReminders, actorReminders } from "../reminder/actor-reminders.ts";
import { TroupeError } from "../troupe-error.ts";
import { addressOfKey } from "../virtual/virtual-address.ts";
import { Fatal, generationEnded, Refusal } from "./ask-error.ts";
import { startTask } from "./background-task.ts";
import type { Cell } from "./cell.ts";
import { stopChild, stopSelf } from "./ending.ts";
import { forward } from "./forward.ts";
import { contextsInHand } from "./in-hand.ts";
import { addressIn } from "./kernel.ts";
import { LocalRef } from "./local-ref.ts";
import { type Message, senderOf } from "./message.ts";
import { inHand, release } from "./queue.ts";
import { setReceiveTimeout } from "./receive-timeout.ts";
import { isFenced } from "./sender.ts";
import { putAside, putBack } from "./stash.ts";
import { subscribe, unsubscribe, unwatch, watch } from "./ties.ts";
import type { TimeLimit } from "./time-limit.ts";

/** What only some contexts need. */
class Extras {
  self: LocalRef | undefined = undefined;
  /** In hand; of a context that is not the root, whose message is the cell's. */
  message: Message | undefined = undefined;
  lifetime: AbortController | undefined = undefined;
  /** Aborts with the message that it was made for. */
  inHand: AbortController | undefined = undefined;
  inHandOf: Message | undefined = undefined;
  /** Continuations of asynchronous handlers: one handler runs at a time in one context. */
  onResolved: ((value: unknown) => void) | undefined = undefined;
  onRejected: ((error: unknown) => void) | undefined = undefined;
  /** Of the handler that runs. */
  limit: TimeLimit | undefined = undefined;
  /** The message that the running handler has stashed. */
  aside: Message | undefined = undefined;
}

/** Implements the context that definitions see. */
export class Context implements ActorContext<Operations, unknown, unknown> {
  readonly cell: Cell;
  /** The generation's own context; itself unless several handlers run at a time. */
  readonly root: Context;
  // biome-ignore lint/style/useReadonlyClassProperties: set through the root
  #state: unknown = undefined;
  // biome-ignore lint/style/useReadonlyClassProperties: set by the static methods
  #extras: Extras | undefined = undefined;

  constructor(cell: Cell, root: Context | undefined, message?: Message) {
    this.cell = cell;
    this.root = root ?? this;
    if (message !== undefined) Context.#owned(this).message = message;
  }

  /** Whether this is the generation that runs now. */
  get isCurrent(): boolean {
    return this.cell.context === this.root;
  }

  /** The message in hand. */
  get message(): Message | undefined {
    return this.root === this ? inHand(this.cell) : this.#extras?.message;
  }

  // What the cell does with it.

  /** The message in hand is done with. */
  release(): void {
    if (this.root === this) release(this.cell);
    if (this.#extras === undefined) return;
    this.#extras.message = undefined;
    this.#extras.aside = undefined;
  }

  get onResolved(): (value: unknown) => void {
    const extras = Context.#owned(this);
    extras.onResolved ??= (value) => this.cell.resolved(this, value);
    return extras.onResolved;
  }

  get onRejected(): (error: unknown) => void {
    const extras = Context.#owned(this);
    extras.onRejected ??= (error) => this.cell.rejected(this, error);
    return extras.onRejected;
  }

  get limit(): TimeLimit | undefined {
    return this.#extras?.limit;
  }

  set limit(limit: TimeLimit | undefined) {
    Context.#owned(this).limit = limit;
  }

  /** The message that the running handler has stashed. */
  get aside(): Message | undefined {
    return this.#extras?.aside;
  }

  set aside(message: Message | undefined) {
    if (message !== undefined || this.#extras !== undefined) Context.#owned(this).aside = message;
  }

  /** Ends the generation's work. Signals are made when somebody asks for one, also after this. */
  abort(): void {
    this.cell.noteAbort();
    const lifetime = this.#extras?.lifetime;
    if (lifetime?.signal.aborted === false) lifetime.abort(stopping());
    for (const context of contextsInHand(this.cell)) context.#extras?.inHand?.abort(stopping());
  }

  /** The asker of the message in hand gave up. */
  abortMessage(): void {
    Context.#ownInHand(this).abort(new TroupeError("ask.cancelled", "the asker gave up"));
  }

  // What handlers see.

  get state(): unknown {
    return this.root.#state;
  }

  set state(state: unknown) {
    this.root.#state = state;
  }

  get self(): ActorRef<Operations> {
    const { cell } = this;
    // It may outlive the activation in somebody else's hands, and means whoever is active then.
    if (cell.ownHoldings?.tenancy !== undefined) {
      return cell.kernel.outward.refOf(cell.behavior.definition.protocol, cell.address, this);
    }
    const extras = Context.#owned(this);
    extras.self ??= new LocalRef(this.cell, this);
    return extras.self.as();
  }

  get sender(): Address | undefined {
    if (this.message === undefined) return undefined;
    const sender = senderOf(this.message);
    return sender === "" ? undefined : sender;
  }

  get input(): unknown {
    return this.cell.input;
  }

  get activation(): Activation | undefined {
    return this.cell.ownHoldings?.tenancy?.activation;
  }

  get signal(): AbortSignal {
    const message = this.message;
    if (message === undefined || message.handler.isTell) {
      return Context.#ownLifetime(this.root).signal;
    }
    const controller = Context.#ownInHand(this);
    if (Context.#isOver(this) && !controller.signal.aborted) controller.abort(stopping());
    return controller.signal;
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
    if (isFenced(this.cell.kernel, this)) throw generationEnded();
    return this.cell.timers.asTimers();
  }

  get reminders(): ActorReminders<Operations> {
    return actorReminders(this);
  }

  task(run: (signal: AbortSignal) => unknown, operation: string): void {
    if (isFenced(this.cell.kernel, this)) throw generationEnded();
    startTask(this.cell, Context.#ownLifetime(this.root).signal, run, operation);
  }

  forward(ref: AnyActorRef, operation: string, payload?: unknown): DeferredReply<never> {
    if (isFenced(this.cell.kernel, this)) throw generationEnded();
    return forward(this.cell, this, ref, operation, payload) as DeferredReply<never>;
  }

  stash(): boolean {
    return !isFenced(this.cell.kernel, this) && putAside(this.cell, this);
  }

  unstash(): void {
    if (!isFenced(this.cell.kernel, this)) putBack(this.cell);
  }

  receiveTimeout(after: Duration | undefined, operation?: string, payload?: unknown): void {
    if (!isFenced(this.cell.kernel, this)) setReceiveTimeout(this.cell, after, operation, payload);
  }

  spawn<P extends Operations, J>(
    definition: ActorDefinition<P, J>,
    ...options: SpawnArgs<J>
  ): ActorRef<P> {
    if (isFenced(this.cell.kernel, this)) throw generationEnded();
    return new LocalRef(this.cell.spawn(definition, options[0]), undefined).as();
  }

  refOf<P extends Operations>(protocol: Protocol<P>, address: Address): ActorRef<P> {
    return this.cell.kernel.outward.refOf(protocol, address, this);
  }

  actorOf<P extends Operations>(protocol: Protocol<P>, key: string, type?: string): ActorRef<P> {
    return this.refOf(protocol, addressOfKey(protocol, key, type));
  }

  singletonOf<P extends Operations>(protocol: Protocol<P>, name?: string): ActorRef<P> {
    const type = name ?? baseName(protocol);
    return this.refOf(protocol, addressOfKey(protocol, type, type));
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

  static #owned(context: Context): Extras {
    context.#extras ??= new Extras();
    return context.#extras;
  }

  static #ownLifetime(context: Context): AbortController {
    const extras = Context.#owned(context);
    if (extras.lifetime === undefined) {
      extras.lifetime = new AbortController();
      if (Context.#isOver(context)) extras.lifetime.abort(stopping());
    }
    return extras.lifetime;
  }

  /** Its generation is aborted or gone. */
  static #isOver(context: Context): boolean {
    return context.cell.isAborted || !context.isCurrent;
  }

  static #ownInHand(context: Context): AbortController {
    const extras = Context.#owned(context);
    if (extras.inHand === undefined || extras.inHandOf !== context.message) {
      extras.inHand = new AbortController();
      extras.inHandOf = context.message;
    }
    return extras.inHand;
  }
}

function stopping(): TroupeError {
  return new TroupeError("actor.stopped", "the actor is being stopped or restarted");
}
