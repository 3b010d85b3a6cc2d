/**
 * A running actor: its queue, its phase, its present generation.
 *
 * Owns: what waits, which message is handled when, and what becomes of it. Phases are
 * `lifecycle.ts`; starting, failing and restarting a generation `generation.ts`; stopping for good
 * `ending.ts`; decisions about failures `supervision.ts` through the parent's `children.ts`; what
 * handlers may do `context.ts`. Those work on a cell's open fields; nobody else does.
 *
 * S1: one handler at a time, awaits included. S8: a restart keeps the ref and the queue; results of
 *     an old generation are fenced and counted.
 * I1: every message that was accepted is handled, or becomes a dead letter, or its asker is told.
 *
 * Cost: an idle actor is one object of sixteen fields, its context and its state; the first waiting
 * message lies in a field, a mailbox is made for the second. `run` allocates nothing.
 */
import type { SpawnOptions } from "../actor.ts";
import { type Address, addressOf, checkedName } from "../address.ts";
import { advance, type LifeEventNumber, Phase, type PhaseNumber } from "../lifecycle.ts";
import type { Log } from "../log.ts";
import type { Random } from "../ports/random.ts";
import { TroupeError } from "../troupe-error.ts";
import { ActorTimers } from "./actor-timers.ts";
import { Fatal, handlerFailed, Refusal, refused, startFailed, timedOut } from "./ask-error.ts";
import { type Behavior, type CellOptions, type CellSpec, specOf } from "./behavior.ts";
import { Children } from "./children.ts";
import type { Context } from "./context.ts";
import type { Watch } from "./death-watch.ts";
import { Deferred } from "./deferred.ts";
import type { Runnable } from "./dispatcher.ts";
import { endNow } from "./ending.ts";
import { begin, failed } from "./generation.ts";
import { Holdings } from "./holdings.ts";
import type { Kernel } from "./kernel.ts";
import { Mailbox } from "./mailbox.ts";
import type { ChunkSink, Message, ReplyTo } from "./message.ts";
import { complete, drop, emitHandled, fail } from "./message-outcome.ts";
import { type ChunkGenerator, StreamProducer } from "./stream-producer.ts";
import { isThenable } from "./thenable.ts";

/** An actor of this process. */
export class Cell implements Runnable {
  readonly kernel: Kernel;
  readonly parent: Cell | undefined;
  readonly behavior: Behavior;
  readonly options: CellOptions;
  readonly input: unknown;
  /** The sibling started just before; the links are its parent's `Children`'s. */
  elder: Cell | undefined = undefined;
  /** The sibling started just after. */
  younger: Cell | undefined = undefined;
  /** The generation that runs; absent before its start and after its end. */
  context: Context | undefined = undefined;
  generation = 0;
  /** A handler, a hook or `init` is awaited. */
  isBusy: boolean = false;
  /** A first start has succeeded. */
  hasStarted: boolean = false;
  readonly #name: string | number;
  #phase: PhaseNumber = Phase.starting;
  #first: Message | undefined = undefined;
  #mailbox: Mailbox | undefined = undefined;
  #isScheduled: boolean = false;
  #holdings: Holdings | undefined = undefined;

  constructor(kernel: Kernel, parent: Cell | undefined, name: string | undefined, spec: CellSpec) {
    this.kernel = kernel;
    this.parent = parent;
    this.#name = name ?? kernel.nextNumber();
    this.behavior = spec.behavior;
    this.options = spec.options;
    this.input = spec.input;
  }

  // Who it is. Strings are made when somebody asks.

  get name(): string {
    return typeof this.#name === "string" ? this.#name : `$${this.#name}`;
  }

  get path(): string {
    const holdings = this.holdings;
    if (holdings.path === undefined) {
      const above = this.parent?.path ?? "";
      holdings.path = above === "" ? this.name : `${above}/${this.name}`;
      if (typeof this.#name === "number" && !this.hasStopped) {
        this.parent?.children.register(this.name, this);
      }
    }
    return holdings.path;
  }

  get address(): Address {
    return addressOf(this.kernel.node, this.path);
  }

  get isGuardian(): boolean {
    return this.parent === undefined;
  }

  get hasStopped(): boolean {
    return this.#phase === Phase.stopped;
  }

  get phase(): PhaseNumber {
    return this.#phase;
  }

  /** Its rarer belongings, made at the first need. */
  get holdings(): Holdings {
    this.#holdings ??= new Holdings();
    return this.#holdings;
  }

  get children(): Children {
    const holdings = this.holdings;
    holdings.children ??= new Children(this.kernel, this);
    return holdings.children;
  }

  get timers(): ActorTimers {
    const holdings = this.holdings;
    holdings.timers ??= new ActorTimers(this);
    return holdings.timers;
  }

  get log(): Log {
    const holdings = this.holdings;
    holdings.log ??= this.kernel.ports.log.child({ actor: this.path });
    return holdings.log;
  }

  get random(): Random {
    const holdings = this.holdings;
    holdings.random ??= this.kernel.ports.random.fork(this.path);
    return holdings.random;
  }

  /** Settles with the first start. */
  get ready(): Promise<void> {
    if (this.hasStarted) return Promise.resolve();
    const holdings = this.holdings;
    holdings.ready ??= new Deferred<void>().optional();
    if (this.hasStopped) holdings.ready.reject(startFailed(this.address, holdings.startError));
    return holdings.ready.promise;
  }

  // Taking messages in.

  /** Queues a message; a refused one is accounted for before this returns `false`. */
  accept(message: Message): boolean {
    if (this.#phase > Phase.waiting) {
      drop(this, message, "stopped");
      return false;
    }
    const mailbox = this.#mailbox;
    if (this.#first === undefined && (mailbox === undefined || mailbox.length === 0)) {
      this.#first = message;
    } else {
      const queued = (mailbox?.length ?? 0) + (this.#first === undefined ? 0 : 1);
      if (queued >= this.options.capacity && !this.#makeRoom(message)) return false;
      this.#mailboxOwned.push(message);
    }
    if (!this.#isScheduled) this.#schedule();
    return true;
  }

  /** Queues a timer's message, whatever the mailbox's bound. */
  acceptOwn(message: Message): void {
    if (this.#phase > Phase.draining) return;
    this.#mailboxOwned.push(message);
    if (!this.#isScheduled) this.#schedule();
  }

  /** Queues a message of the runtime, before all others. */
  acceptSystem(message: () => unknown): void {
    if (this.#phase > Phase.draining) return;
    this.#mailboxOwned.pushSystem(message);
    if (!this.#isScheduled) this.#schedule();
  }

  /** The asker of a message gave up. A queued message is skipped when its turn comes. */
  cancel(reply: ReplyTo): boolean {
    if (this.#holdings?.deferred?.delete(reply) === true) return false;
    if (this.context?.message?.reply !== reply) return true;
    this.context.abortMessage();
    return false;
  }

  get #mailboxOwned(): Mailbox {
    this.#mailbox ??= new Mailbox();
    return this.#mailbox;
  }

  #makeRoom(incoming: Message): boolean {
    switch (this.options.onFull) {
      case "reject":
      case "drop-newest":
        drop(this, incoming, "mailbox-full");
        return false;
      case "drop-oldest": {
        const oldest = this.shift();
        if (oldest !== undefined) drop(this, oldest, "mailbox-full");
        return true;
      }
    }
  }

  /** The oldest message that waits. */
  shift(): Message | undefined {
    const first = this.#first;
    if (first === undefined) return this.#mailbox?.shift();
    this.#first = undefined;
    return first;
  }

  // Handling them.

  run(limit: number): number {
    const kernel = this.kernel;
    let handled = 0;
    kernel.current = this.context;
    while (handled < limit && !this.isBusy) {
      const context = this.context;
      if (this.#phase !== Phase.running && this.#phase !== Phase.draining) {
        if (this.#phase !== Phase.starting || context !== undefined) break;
        begin(this);
        handled++;
        continue;
      }
      if (context === undefined) break;
      const mailbox = this.#mailbox;
      if (mailbox !== undefined && mailbox.systemLength > 0) {
        this.#handleSystem(context, mailbox);
        handled++;
        continue;
      }
      let message = this.#first;
      if (message !== undefined) this.#first = undefined;
      else {
        if (mailbox === undefined) break;
        message = mailbox.shift();
        if (message === undefined) break;
      }
      handled++;
      this.#handle(context, message);
    }
    kernel.current = undefined;
    if (this.#phase === Phase.draining && !this.isBusy && !this.hasQueued) {
      endNow(this, "stop", "normal");
    }
    return handled;
  }

  parked(): boolean {
    if (!this.isBusy) {
      const phase = this.#phase;
      if (phase === Phase.starting && this.context === undefined) return false;
      if ((phase === Phase.running || phase === Phase.draining) && this.hasQueued) return false;
    }
    this.#isScheduled = false;
    return true;
  }

  /** A message waits, of whichever lane. */
  get hasQueued(): boolean {
    if (this.#first !== undefined) return true;
    const mailbox = this.#mailbox;
    return mailbox !== undefined && (mailbox.length > 0 || mailbox.systemLength > 0);
  }

  #schedule(): void {
    this.#isScheduled = true;
    this.kernel.dispatcher.schedule(this);
  }

  #handle(context: Context, message: Message): void {
    const { reply, handler } = message;
    if (reply !== undefined && this.#isMoot(message, reply)) return;
    context.message = message;
    if (message.span !== undefined) message.span.receivedAtMs = this.kernel.ports.clock.nowMs();
    let result: unknown;
    try {
      result = handler.run(context, message.payload);
      if (handler.kind === "stream") result = this.#produce(context, message, result);
    } catch (error) {
      this.#threw(context, error);
      return;
    }
    if (isThenable(result)) {
      this.isBusy = true;
      result.then(context.onResolved, context.onRejected);
      return;
    }
    context.done();
    if (reply !== undefined || message.span !== undefined) complete(this, message, result);
  }

  #produce(context: Context, message: Message, result: unknown): Promise<unknown> {
    const sink = message.reply as ChunkSink;
    const producer = new StreamProducer(message.handler, result as ChunkGenerator, sink);
    return producer.run(this.kernel, context);
  }

  #isMoot(message: Message, reply: ReplyTo): boolean {
    if (reply.settled) return true;
    if (reply.deadlineMs === 0 || this.kernel.dispatcher.readMs <= reply.deadlineMs) return false;
    reply.reject(timedOut(message.handler.type, this.address, true));
    return true;
  }

  #handleSystem(context: Context, mailbox: Mailbox): void {
    let result: unknown;
    try {
      result = mailbox.shiftSystem()?.();
    } catch (error) {
      this.#threw(context, error);
      return;
    }
    if (!isThenable(result)) return;
    this.isBusy = true;
    result.then(context.onResolved, context.onRejected);
  }

  /** An asynchronous handler ended well. */
  resolved(context: Context, value: unknown): void {
    if (this.isLate(context)) return;
    const message = context.message;
    this.isBusy = false;
    context.done();
    if (message !== undefined) complete(this, message, value);
    this.goOn();
  }

  /** An asynchronous handler threw. */
  rejected(context: Context, error: unknown): void {
    if (this.isLate(context)) return;
    this.isBusy = false;
    this.#threw(context, error);
    this.goOn();
  }

  /** A handler or a hook threw: is it a refusal, the echo of a cancel, or a failure? */
  #threw(context: Context, error: unknown): void {
    const message = context.message;
    context.done();
    if (message === undefined) {
      failed(this, "failed", "terminated", error);
      return;
    }
    const { reply, handler } = message;
    if (error instanceof Refusal) {
      fail(this, message, refused(error), "refused");
      return;
    }
    if (reply?.settled === true && !(error instanceof Fatal)) {
      emitHandled(this, message, "cancelled");
      return;
    }
    fail(this, message, handlerFailed(handler.type, this.address, error), "failed");
    failed(this, "failed", handler.operation, error);
  }

  // Its life, one step at a time; what the steps mean is `generation.ts` and `ending.ts`.

  /** Enters the phase that follows; an event that the phase does not know changes nothing. */
  step(event: LifeEventNumber): void {
    this.#phase = advance(this.#phase, event);
  }

  /** Puts a new cell on its way. */
  launch(): void {
    this.#schedule();
  }

  /** There may be something to do again. */
  wake(): void {
    if (!this.#isScheduled) this.#schedule();
  }

  /** What was awaited is over. */
  goOn(): void {
    this.#holdings?.wait?.finish(true);
    this.wake();
  }

  /** Whether `context` belongs to a generation that is gone; its result is counted as fenced. */
  isLate(context: Context): boolean {
    if (this.context === context) return false;
    this.kernel.fenced++;
    return true;
  }

  /** A new generation is about to start. */
  noteStart(): void {
    this.generation++;
    if (this.#holdings !== undefined) this.#holdings.startedAtMs = this.kernel.nowMs();
  }

  /** Tells those who wait for a start. */
  announceStart(): void {
    this.#holdings?.ready?.resolve();
    this.#holdings?.startup?.resolve();
  }

  /** Somebody waits for a handler, or for `init`, to end. */
  get isAwaited(): boolean {
    return this.#holdings?.wait !== undefined;
  }

  // Children and watchers.

  /**
   * Starts a child.
   *
   * @throws {TroupeError} `actor.name-taken`; `actor.stopped` when this actor is ending
   */
  spawn(
    definition: object,
    options: (SpawnOptions & { readonly input?: unknown }) | undefined,
  ): Cell {
    if (this.#phase > Phase.draining) {
      throw new TroupeError("actor.stopped", `${this.address} is stopping and starts no children`);
    }
    const name = options?.name;
    const { children } = this;
    if (name !== undefined) {
      checkedName(name);
      if (/^\$\d+$/.test(name)) throw new TypeError(`names like ${name} are given by the runtime`);
      if (children.find(name) !== undefined) {
        throw new TroupeError("actor.name-taken", `${this.address} has a child ${name} already`);
      }
    }
    const child = new Cell(this.kernel, this, name, specOf(definition, options));
    children.add(child);
    if (name !== undefined) children.register(name, child);
    child.launch();
    return child;
  }

  /** Somebody wants to know when this actor ends. */
  addWatcher(watch: Watch): void {
    const holdings = this.holdings;
    holdings.watchers ??= new Set();
    holdings.watchers.add(watch);
  }

  removeWatcher(watch: Watch): void {
    this.#holdings?.watchers?.delete(watch);
  }
}
