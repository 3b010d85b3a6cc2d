/**
 * A running actor: its queue, its phase, its present generation.
 *
 * Owns: what waits, which message is handled when, and what becomes of it. Phases are
 * `lifecycle.ts`; starting, failing and restarting a generation `generation.ts`; stopping for good
 * `ending.ts`; decisions about failures `supervision.ts` through the parent's `children.ts`; what
 * handlers may do `context.ts`; actors that run several handlers at a time `concurrency.ts`. Those
 * work on a cell's open fields; nobody else does.
 *
 * S1: one handler at a time, awaits included. S8: a restart keeps the ref and the queue; results of
 *     an old generation are fenced and counted.
 * I1: every message that was accepted is handled, or becomes a dead letter, or its asker is told.
 * I2: the message in hand stays at the front of the queue until it is released: in `#first`, or at the
 *     head of the mailbox.
 *
 * Cost: an idle actor is one object of seventeen fields, its context and its state; the first waiting
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
import { TaskFailed } from "./background-task.ts";
import { type Behavior, type CellOptions, type CellSpec, specOf } from "./behavior.ts";
import { Children } from "./children.ts";
import { runConcurrently } from "./concurrency.ts";
import type { Context } from "./context.ts";
import type { Watch } from "./death-watch.ts";
import { Deferred } from "./deferred.ts";
import type { Runnable } from "./dispatcher.ts";
import { endNow } from "./ending.ts";
import { begin, failed } from "./generation.ts";
import { Holdings } from "./holdings.ts";
import { inHandFor } from "./in-hand.ts";
import type { Kernel } from "./kernel.ts";
import { Mailbox } from "./mailbox.ts";
import type { ChunkSink, Message, ReplyTo } from "./message.ts";
import { complete, drop, emitHandled, fail } from "./message-outcome.ts";
import { runPool } from "./pool-turn.ts";
import { type ChunkGenerator, StreamProducer } from "./stream-producer.ts";
import { isThenable, promiseOf } from "./thenable.ts";
import { isOverrun, TimeLimit } from "./time-limit.ts";

/** An actor of this process. */
export class Cell implements Runnable {
  // What every message touches comes first, here and in the constructor, so that it lies together.
  #phase: PhaseNumber = Phase.starting;
  #isScheduled: boolean = false;
  #first: Message | undefined = undefined;
  /** 1 while `#first` is in hand. */
  #firstInHand = 0;
  #mailbox: Mailbox | undefined = undefined;
  #holdings: Holdings | undefined = undefined;
  readonly #name: string | number;
  readonly kernel: Kernel;
  readonly behavior: Behavior;
  readonly options: CellOptions;
  /** The generation that runs; absent before its start and after its end. */
  context: Context | undefined;
  /** Handlers, hooks and `init` that are awaited. */
  busy: number;
  generation: number;
  /** A first start has succeeded. */
  hasStarted: boolean;
  readonly input: unknown;
  readonly parent: Cell | undefined;
  /** The sibling started just before; the links are its parent's `Children`'s. */
  elder: Cell | undefined;
  /** The sibling started just after. */
  younger: Cell | undefined;

  constructor(kernel: Kernel, parent: Cell | undefined, name: string | undefined, spec: CellSpec) {
    this.#name = name ?? kernel.nextNumber();
    this.kernel = kernel;
    this.behavior = spec.behavior;
    this.options = spec.options;
    this.context = undefined;
    this.busy = 0;
    this.generation = 0;
    this.hasStarted = false;
    this.input = spec.input;
    this.parent = parent;
    this.elder = undefined;
    this.younger = undefined;
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
    let mailbox = this.#mailbox;
    if (mailbox === undefined && this.#first === undefined) this.#first = message;
    else {
      mailbox ??= this.#ownMailbox();
      if (mailbox.length >= this.options.capacity && !this.#makeRoom(message)) return false;
      mailbox.push(message);
    }
    if (!this.#isScheduled) this.#schedule();
    return true;
  }

  /** How many user messages wait. */
  get queued(): number {
    const mailbox = this.#mailbox;
    if (mailbox !== undefined) return mailbox.length;
    return this.#first === undefined ? 0 : 1 - this.#firstInHand;
  }

  /** The message whose handler runs; absent in a cell that runs several. */
  get inHand(): Message | undefined {
    if (this.#firstInHand === 1) return this.#first;
    return this.#mailbox === undefined ? undefined : this.#mailbox.inHand;
  }

  /** The message in hand is done with. */
  release(): void {
    if (this.#firstInHand === 1) {
      this.#first = undefined;
      this.#firstInHand = 0;
    } else if (this.#mailbox !== undefined) {
      this.#mailbox.release();
    }
  }

  /** Another message may be queued, and nobody waits for that. */
  get hasRoom(): boolean {
    return this.queued < this.options.capacity && (this.#holdings?.offers?.size ?? 0) === 0;
  }

  /**
   * Queues what the actor or its runtime sends to itself, whatever the mailbox's bound; `false`, and
   * nothing else, when the actor is ending.
   */
  acceptOwn(message: Message): boolean {
    if (this.#phase > Phase.draining) return false;
    this.#ownMailbox().push(message);
    if (!this.#isScheduled) this.#schedule();
    return true;
  }

  /** Queues a message of the runtime, before all others. */
  acceptSystem(message: () => unknown): void {
    if (this.#phase > Phase.draining) return;
    this.#ownMailbox().pushSystem(message);
    if (!this.#isScheduled) this.#schedule();
  }

  /** Puts messages that were taken before back in front of those that wait. */
  putBack(messages: readonly Message[]): void {
    const mailbox = this.#ownMailbox();
    for (let i = messages.length - 1; i >= 0; i--) mailbox.unshift(messages[i] as Message);
    this.wake();
  }

  /**
   * The asker of a message gave up. A queued message is skipped when its turn comes.
   *
   * @returns whether it is certain that the message never ran
   */
  cancel(reply: ReplyTo): boolean {
    const holdings = this.#holdings;
    if (holdings !== undefined) {
      if (holdings.deferred?.delete(reply) === true) return false;
      if (holdings.crew !== undefined) return holdings.crew.cancel(reply);
      // It was looked at, so nobody can say that it never ran.
      if (holdings.stash?.some((message) => message.reply === reply) === true) return false;
    }
    const inHand = inHandFor(this, reply);
    if (inHand === undefined) return true;
    inHand.abortMessage();
    return false;
  }

  // From now on the queue is a mailbox; what lies in the field moves there, in hand or not. A method, not
  // a private getter: engines call those through their slow path.
  #ownMailbox(): Mailbox {
    if (this.#mailbox !== undefined) return this.#mailbox;
    const mailbox = new Mailbox();
    this.#mailbox = mailbox;
    const first = this.#first;
    if (first === undefined) return mailbox;
    mailbox.push(first);
    if (this.#firstInHand === 1) mailbox.begin();
    this.#first = undefined;
    this.#firstInHand = 0;
    return mailbox;
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
    const mailbox = this.#mailbox;
    if (mailbox !== undefined) return mailbox.shift();
    if (this.#firstInHand === 1) return undefined;
    const first = this.#first;
    this.#first = undefined;
    return first;
  }

  /** The oldest message that waits and may run beside others. */
  shiftInterleaving(): Message | undefined {
    const { interleave } = this.options;
    if (interleave.size === 0 || !this.hasQueued) return undefined;
    return this.#ownMailbox().take((message) => interleave.has(message.handler.operation));
  }

  /** How many messages of the runtime wait. */
  get systemQueued(): number {
    return this.#mailbox === undefined ? 0 : this.#mailbox.systemLength;
  }

  /** The oldest message of the runtime. */
  shiftSystem(): (() => unknown) | undefined {
    return this.#mailbox?.shiftSystem();
  }

  // Handling them.

  run(limit: number): number {
    if (!this.options.isSerial) return this.#runOtherwise(limit);
    const kernel = this.kernel;
    let handled = 0;
    let context = this.context;
    kernel.current = context;
    while (handled < limit && this.busy === 0) {
      const phase = this.#phase;
      if (context === undefined || (phase !== Phase.running && phase !== Phase.draining)) {
        if (context !== undefined || phase !== Phase.starting) break;
        begin(this);
        context = this.context;
        handled++;
        continue;
      }
      const mailbox = this.#mailbox;
      let message: Message | undefined;
      if (mailbox === undefined) {
        message = this.#first;
        if (message === undefined) break;
        this.#firstInHand = 1;
      } else {
        if (mailbox.systemLength > 0) {
          this.handleSystem(context, mailbox.shiftSystem());
          handled++;
          continue;
        }
        message = mailbox.begin();
        if (message === undefined) break;
      }
      handled++;
      this.handle(context, message);
      if (this.busy === 0) this.release();
    }
    kernel.current = undefined;
    // What stopped this turn short stops the next one too, until something wakes the cell.
    if (handled < limit && this.#holdings === undefined) this.#isScheduled = false;
    else this.turnEnds();
    if (this.#phase === Phase.draining) this.endWhenDrained();
    return handled;
  }

  #runOtherwise(limit: number): number {
    return this.behavior.isPool ? runPool(this, limit) : runConcurrently(this, limit);
  }

  /** After the last message of a turn: does it want another one? */
  turnEnds(): void {
    const holdings = this.#holdings;
    if (holdings !== undefined) {
      if (holdings.offers !== undefined) holdings.offers.admit(this);
      if (holdings.receiveTimeout !== undefined) holdings.receiveTimeout.touch();
      if (holdings.isPooled && this.busy < this.options.concurrency) this.parent?.wake();
    }
    this.#isScheduled = this.hasWork;
  }

  endWhenDrained(): void {
    if (this.busy > 0 || this.hasQueued || this.#holdings?.crew?.isIdle === false) return;
    endNow(this, "stop", "normal");
  }

  /** It has a turn, or will have one. */
  get isScheduled(): boolean {
    return this.#isScheduled;
  }

  /** There is something to do that need not wait for a handler's end. */
  get hasWork(): boolean {
    const phase = this.#phase;
    if (phase === Phase.starting) return this.context === undefined && this.busy === 0;
    if (phase !== Phase.running && phase !== Phase.draining) return false;
    if (this.busy === 0) return this.hasQueued && this.#canHandOn();
    return this.options.isConcurrent && this.#holdings?.inHand?.hasRoomFor(this) === true;
  }

  #canHandOn(): boolean {
    if (!this.behavior.isPool || this.systemQueued > 0) return true;
    return this.#holdings?.crew?.withRoom() !== undefined;
  }

  /** A message waits, of whichever lane. */
  get hasQueued(): boolean {
    const mailbox = this.#mailbox;
    if (mailbox === undefined) return this.#first !== undefined && this.#firstInHand === 0;
    return mailbox.length > 0 || mailbox.systemLength > 0;
  }

  /** A message waits that may run beside others. */
  get hasInterleaving(): boolean {
    const { interleave } = this.options;
    if (interleave.size === 0 || !this.hasQueued) return false;
    return this.#ownMailbox().some((message) => interleave.has(message.handler.operation));
  }

  #schedule(): void {
    this.#isScheduled = true;
    this.kernel.dispatcher.schedule(this);
  }

  /** Runs a message's handler, to its end or to its first await. */
  handle(context: Context, message: Message): void {
    const reply = message.reply;
    if (reply !== undefined && this.#isMoot(message, reply)) return;
    const span = message.span;
    if (span !== undefined) span.receivedAtMs = this.kernel.dispatcher.wallMs;
    const handler = message.handler;
    let result: unknown;
    try {
      result = handler.run(context, message.payload);
      if (result !== undefined) {
        if (handler.isStream) result = this.#produce(context, message, result);
        if (isThenable(result)) {
          this.#await(context, result);
          return;
        }
      }
    } catch (error) {
      this.#threw(context, error);
      return;
    }
    if (reply === undefined && span === undefined) return;
    if (context.message === message) complete(this, message, result);
  }

  #await(context: Context, result: PromiseLike<unknown>): void {
    const promise = promiseOf(result);
    this.busy++;
    if (this.options.timeLimitMs > 0) context.limit = new TimeLimit(context);
    promise.then(context.onResolved, context.onRejected);
  }

  #produce(context: Context, message: Message, result: unknown): Promise<unknown> {
    const sink = message.reply as ChunkSink;
    const producer = new StreamProducer(message.handler, result as ChunkGenerator, sink);
    return producer.run(this.kernel, context);
  }

  #isMoot(message: Message, reply: ReplyTo): boolean {
    if (reply.settled) return true;
    if (!reply.isPast(this.kernel.dispatcher.readMs)) return false;
    reply.reject(timedOut(message.handler.type, this.address, true));
    return true;
  }

  /** Runs a message of the runtime, serially like any other. */
  handleSystem(context: Context, message: (() => unknown) | undefined): void {
    try {
      const result = message?.();
      if (isThenable(result)) this.#await(context, result);
    } catch (error) {
      this.#threw(context, error);
    }
  }

  /** An asynchronous handler ended well. */
  resolved(context: Context, value: unknown): void {
    if (!this.#returned(context)) return;
    const message = context.message;
    if (message !== undefined) complete(this, message, value);
    context.release();
    this.goOn();
  }

  /** An asynchronous handler threw. */
  rejected(context: Context, error: unknown): void {
    if (!this.#returned(context)) return;
    this.#threw(context, error);
    this.goOn();
  }

  /** What was awaited is over; `false` when its generation is gone. */
  #returned(context: Context): boolean {
    if (this.isLate(context)) return false;
    this.busy--;
    if (context.limit !== undefined) context.limit.lift();
    if (context.root !== context) this.#holdings?.inHand?.remove(context);
    return true;
  }

  /** A handler ran past its limit: its message is accounted for, and the actor has failed. */
  overran(context: Context, error: TroupeError): void {
    if (this.context === context.root) this.#threw(context, error);
  }

  /** A handler or a hook threw: is it a refusal, the echo of a cancel, or a failure? */
  #threw(context: Context, error: unknown): void {
    const { aside } = context;
    const message = context.message ?? this.#unstashed(aside);
    context.release();
    if (message === undefined) {
      const isTask = error instanceof TaskFailed;
      const operation = isTask ? error.operation : (aside?.handler.operation ?? "terminated");
      failed(this, "failed", operation, isTask ? error.cause : error);
      return;
    }
    const { reply, handler } = message;
    if (error instanceof Refusal) {
      fail(this, message, refused(error), "refused");
      return;
    }
    if (reply?.settled === true && !(error instanceof Fatal) && !isOverrun(error)) {
      emitHandled(this, message, "cancelled");
      return;
    }
    fail(this, message, handlerFailed(handler.type, this.address, error), "failed");
    failed(this, "failed", handler.operation, error);
  }

  /** Takes a message off the stash; `undefined` when it was put back meanwhile. */
  #unstashed(message: Message | undefined): Message | undefined {
    return message !== undefined && this.#holdings?.unstashed(message) === true
      ? message
      : undefined;
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
    if (this.busy === 0) this.#holdings?.wait?.finish(true);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.kernel.dispatcher.resume(this);
  }

  /** Whether `context` belongs to a generation that is gone; its result is counted as fenced. */
  isLate(context: Context): boolean {
    if (this.context === context.root) return false;
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

  /** It is to be drained as soon as a generation runs. */
  get drainsNext(): boolean {
    return this.#holdings?.drainsNext === true;
  }

  /** Its parent is a pool, which wants to know when it has room. */
  get isPooled(): boolean {
    return this.#holdings?.isPooled === true;
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
