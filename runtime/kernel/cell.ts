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
 * Cost: an idle actor is one object of eleven fields, its context and its state; the first waiting
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

/** What a cell remembers in one bit each; above them lie its phase and how many handlers are awaited. */
const Flag = {
  /** It has a turn, or will have one. */
  scheduled: 1,
  /** The message in `#first` is in hand. */
  firstInHand: 2,
  /** A first start has succeeded. */
  hasStarted: 4,
  /** The present generation has its state. */
  hasState: 8,
  /** Its phase is one in which messages are handled. */
  handles: 16,
  /** A message of the runtime waits. */
  hasSystem: 32,
  /** Its phase is one in which messages are refused. */
  refuses: 64,
  /** Its first generation was begun. */
  wasBegun: 128,
} as const;

const PHASE_SHIFT = 8;
const PHASE_MASK = 7 << PHASE_SHIFT;
/** One awaited handler. */
const BUSY = 1 << 11;
/** Of all that is under this mask, a cell that may handle its next message has only `handles`. */
const NEXT_MASK = Flag.handles | Flag.hasSystem | -BUSY;

/** An actor of this process. */
export class Cell implements Runnable {
  // What every message touches comes first and lies together; few words make few cache lines.
  /** Flags, phase and the number of awaited handlers, hooks and `init`s. */
  #state: number = Phase.starting << PHASE_SHIFT;
  #first: Message | undefined = undefined;
  // biome-ignore lint/style/useReadonlyClassProperties: set by the static methods
  #mailbox: Mailbox | undefined = undefined;
  #holdings: Holdings | undefined = undefined;
  readonly #spec: CellSpec;
  readonly #name: string | number;
  /** The generation that runs; absent before its start and after its end. */
  context: Context | undefined;
  readonly input: unknown;
  readonly parent: Cell | undefined;
  /** The sibling started just before; the links are its parent's `Children`'s. */
  elder: Cell | undefined;
  /** The sibling started just after. */
  younger: Cell | undefined;

  constructor(spec: CellSpec, parent: Cell | undefined, name: string | undefined, input: unknown) {
    this.#spec = spec;
    this.#name = name ?? spec.kernel.nextNumber();
    this.context = undefined;
    this.input = input;
    this.parent = parent;
    this.elder = undefined;
    this.younger = undefined;
  }

  get kernel(): Kernel {
    return this.#spec.kernel;
  }

  get behavior(): Behavior {
    return this.#spec.behavior;
  }

  get options(): CellOptions {
    return this.#spec.options;
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

  /** A first start has succeeded. */
  get hasStarted(): boolean {
    return (this.#state & Flag.hasStarted) !== 0;
  }

  /** The `init` of the present generation has made its state. */
  get hasState(): boolean {
    return (this.#state & Flag.hasState) !== 0;
  }

  get isGuardian(): boolean {
    return this.parent === undefined;
  }

  get hasStopped(): boolean {
    return this.phase === Phase.stopped;
  }

  get phase(): PhaseNumber {
    return ((this.#state & PHASE_MASK) >> PHASE_SHIFT) as PhaseNumber;
  }

  /** How many handlers, hooks and `init`s are awaited. */
  get busy(): number {
    return this.#state >> 11;
  }

  /** One more is awaited. */
  addBusy(): void {
    this.#state += BUSY;
  }

  /** None is awaited any more. */
  clearBusy(): void {
    this.#state &= BUSY - 1;
  }

  /** How many generations were begun. */
  get generation(): number {
    if (this.#holdings !== undefined) return this.#holdings.generation;
    return (this.#state & Flag.wasBegun) === 0 ? 0 : 1;
  }

  /** Its rarer belongings, made at the first need. */
  get holdings(): Holdings {
    if (this.#holdings !== undefined) return this.#holdings;
    const { generation } = this;
    this.#holdings = new Holdings(generation);
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
    const mailbox = this.#mailbox;
    if ((this.#state & Flag.refuses) !== 0) return Cell.#refuse(this, message);
    if (mailbox !== undefined) {
      if (mailbox.length >= this.options.capacity && !Cell.#makeRoom(this, message)) return false;
      mailbox.push(message);
    } else if (this.#first === undefined) this.#first = message;
    else if (!Cell.#acceptSecond(this, message)) return false;
    if ((this.#state & Flag.scheduled) === 0) Cell.#schedule(this);
    return true;
  }

  static #refuse(cell: Cell, message: Message): false {
    drop(cell, message, "stopped");
    return false;
  }

  static #acceptSecond(cell: Cell, message: Message): boolean {
    const mailbox = Cell.#ownMailbox(cell);
    if (mailbox.length >= cell.options.capacity && !Cell.#makeRoom(cell, message)) return false;
    mailbox.push(message);
    return true;
  }

  /** How many user messages wait. */
  get queued(): number {
    const mailbox = this.#mailbox;
    if (mailbox !== undefined) return mailbox.length;
    return this.#first === undefined || Cell.#isFirstInHand(this) ? 0 : 1;
  }

  /** The message whose handler runs; absent in a cell that runs several. */
  get inHand(): Message | undefined {
    if (Cell.#isFirstInHand(this)) return this.#first;
    return this.#mailbox === undefined ? undefined : this.#mailbox.inHand;
  }

  /** The message in hand is done with. */
  release(): void {
    if (Cell.#isFirstInHand(this)) {
      this.#first = undefined;
      this.#state &= ~Flag.firstInHand;
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
    if (this.phase > Phase.draining) return false;
    Cell.#ownMailbox(this).push(message);
    if (!this.isScheduled) Cell.#schedule(this);
    return true;
  }

  /** Queues a message of the runtime, before all others. */
  acceptSystem(message: () => unknown): void {
    if (this.phase > Phase.draining) return;
    Cell.#ownMailbox(this).pushSystem(message);
    this.#state |= Flag.hasSystem;
    if (!this.isScheduled) Cell.#schedule(this);
  }

  /** Puts messages that were taken before back in front of those that wait. */
  putBack(messages: readonly Message[]): void {
    const mailbox = Cell.#ownMailbox(this);
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
  static #ownMailbox(cell: Cell): Mailbox {
    if (cell.#mailbox !== undefined) return cell.#mailbox;
    const mailbox = new Mailbox();
    cell.#mailbox = mailbox;
    const first = cell.#first;
    if (first === undefined) return mailbox;
    mailbox.push(first);
    if (Cell.#isFirstInHand(cell)) mailbox.begin();
    cell.#first = undefined;
    cell.#state &= ~Flag.firstInHand;
    return mailbox;
  }

  static #isFirstInHand(cell: Cell): boolean {
    return (cell.#state & Flag.firstInHand) !== 0;
  }

  static #makeRoom(cell: Cell, incoming: Message): boolean {
    switch (cell.options.onFull) {
      case "reject":
      case "drop-newest":
        drop(cell, incoming, "mailbox-full");
        return false;
      case "drop-oldest": {
        const oldest = cell.shift();
        if (oldest !== undefined) drop(cell, oldest, "mailbox-full");
        return true;
      }
    }
  }

  /** The oldest message that waits. */
  shift(): Message | undefined {
    const mailbox = this.#mailbox;
    if (mailbox !== undefined) return mailbox.shift();
    if (Cell.#isFirstInHand(this)) return undefined;
    const first = this.#first;
    this.#first = undefined;
    return first;
  }

  /** The oldest message that waits and may run beside others. */
  shiftInterleaving(): Message | undefined {
    const { interleave } = this.options;
    if (interleave.size === 0 || !this.hasQueued) return undefined;
    return Cell.#ownMailbox(this).take((message) => interleave.has(message.handler.operation));
  }

  /** How many messages of the runtime wait. */
  get systemQueued(): number {
    return this.#mailbox === undefined ? 0 : this.#mailbox.systemLength;
  }

  /** The oldest message of the runtime. */
  shiftSystem(): (() => unknown) | undefined {
    const message = this.#mailbox?.shiftSystem();
    if (this.systemQueued === 0) this.#state &= ~Flag.hasSystem;
    return message;
  }

  // Handling them. What every tell goes through is kept small, so that engines inline it whole.

  run(limit: number): number {
    const context = this.context;
    if (context === undefined || !this.options.isSerial) return Cell.#runOtherwise(this, limit);
    const kernel = this.kernel;
    kernel.current = context;
    let handled = 0;
    while (handled < limit) {
      if ((this.#state & NEXT_MASK) !== Flag.handles) {
        if (!Cell.#handlesSystem(this, context)) break;
      } else {
        const message = Cell.#begin(this);
        if (message === undefined) break;
        this.handle(context, message);
        if (this.#state < BUSY) this.release();
      }
      handled++;
    }
    kernel.current = undefined;
    // What stopped this turn short stops the next one too, until something wakes the cell.
    if (handled < limit && this.#holdings === undefined) this.#state &= ~Flag.scheduled;
    else this.turnEnds();
    return handled;
  }

  /** Takes the oldest message in hand. */
  static #begin(cell: Cell): Message | undefined {
    const mailbox = cell.#mailbox;
    if (mailbox !== undefined) return mailbox.begin();
    const first = cell.#first;
    if (first !== undefined) cell.#state |= Flag.firstInHand;
    return first;
  }

  static #handlesSystem(cell: Cell, context: Context): boolean {
    if ((cell.#state & Flag.handles) === 0 || cell.#state >= BUSY) return false;
    cell.handleSystem(context, cell.shiftSystem());
    return true;
  }

  /** A turn of a cell that is not serial, or that starts. */
  static #runOtherwise(cell: Cell, limit: number): number {
    if (cell.behavior.isPool) return runPool(cell, limit);
    if (cell.options.isConcurrent) return runConcurrently(cell, limit);
    if (cell.phase === Phase.starting && cell.busy === 0) {
      begin(cell);
      cell.kernel.current = undefined;
      if (limit > 1 && cell.context !== undefined) return 1 + cell.run(limit - 1);
      cell.turnEnds();
      return 1;
    }
    cell.turnEnds();
    return 0;
  }

  /** After the last message of a turn: does it want another one, or was that all there was to drain? */
  turnEnds(): void {
    const holdings = this.#holdings;
    if (holdings !== undefined) {
      if (holdings.offers !== undefined) holdings.offers.admit(this);
      if (holdings.receiveTimeout !== undefined) holdings.receiveTimeout.touch();
      if (holdings.isPooled && this.busy < this.options.concurrency) this.parent?.wake();
    }
    if (this.hasWork) this.#state |= Flag.scheduled;
    else this.#state &= ~Flag.scheduled;
    if (this.phase !== Phase.draining || this.busy > 0 || this.hasQueued) return;
    // Nothing is left, unless it was handed to workers that are not done with it.
    if (holdings?.crew?.isIdle !== false) endNow(this, "stop", "normal");
  }

  /** It has a turn, or will have one. */
  get isScheduled(): boolean {
    return (this.#state & Flag.scheduled) !== 0;
  }

  /** There is something to do that need not wait for a handler's end. */
  get hasWork(): boolean {
    const phase = this.phase;
    if (phase === Phase.starting) return this.context === undefined && this.busy === 0;
    if (phase !== Phase.running && phase !== Phase.draining) return false;
    if (this.busy === 0) return this.hasQueued && Cell.#canHandOn(this);
    return this.options.isConcurrent && this.#holdings?.inHand?.hasRoomFor(this) === true;
  }

  static #canHandOn(cell: Cell): boolean {
    if (!cell.behavior.isPool || cell.systemQueued > 0) return true;
    return cell.#holdings?.crew?.withRoom() !== undefined;
  }

  /** A message waits, of whichever lane. */
  get hasQueued(): boolean {
    const mailbox = this.#mailbox;
    if (mailbox === undefined) return this.#first !== undefined && !Cell.#isFirstInHand(this);
    return mailbox.length > 0 || mailbox.systemLength > 0;
  }

  /** A message waits that may run beside others. */
  get hasInterleaving(): boolean {
    const { interleave } = this.options;
    if (interleave.size === 0 || !this.hasQueued) return false;
    return Cell.#ownMailbox(this).some((message) => interleave.has(message.handler.operation));
  }

  static #schedule(cell: Cell): void {
    cell.#state |= Flag.scheduled;
    cell.kernel.dispatcher.schedule(cell);
  }

  /** Runs a message's handler, to its end or to its first await. */
  handle(context: Context, message: Message): void {
    if (message.reply !== undefined) {
      Cell.#handleCall(this, context, message, message.reply);
      return;
    }
    try {
      const result = message.handler.run(context, message.payload);
      if (result !== undefined && isThenable(result)) Cell.#await(this, context, result);
    } catch (error) {
      Cell.#threw(this, context, error);
    }
  }

  /** Somebody waits for what comes of it, or watches. */
  static #handleCall(cell: Cell, context: Context, message: Message, reply: ReplyTo): void {
    if (Cell.#isMoot(cell, message, reply)) return;
    const { handler } = message;
    const { span } = reply;
    if (span !== undefined) span.receivedAtMs = cell.kernel.dispatcher.wallMs;
    let result: unknown;
    try {
      result = handler.run(context, message.payload);
      if (handler.isStream && result !== undefined) {
        result = Cell.#produce(cell, context, message, result);
      }
      if (isThenable(result)) {
        Cell.#await(cell, context, result);
        return;
      }
    } catch (error) {
      Cell.#threw(cell, context, error);
      return;
    }
    if (context.message === message) complete(cell, message, result);
  }

  static #await(cell: Cell, context: Context, result: PromiseLike<unknown>): void {
    const promise = promiseOf(result);
    cell.addBusy();
    if (cell.options.timeLimitMs > 0) context.limit = new TimeLimit(context);
    promise.then(context.onResolved, context.onRejected);
  }

  static #produce(
    cell: Cell,
    context: Context,
    message: Message,
    result: unknown,
  ): Promise<unknown> {
    const sink = message.reply as ChunkSink;
    const producer = new StreamProducer(message.handler, result as ChunkGenerator, sink);
    return producer.run(cell.kernel, context);
  }

  static #isMoot(cell: Cell, message: Message, reply: ReplyTo): boolean {
    if (reply.settled) return true;
    if (!reply.isPast(cell.kernel.dispatcher.readMs)) return false;
    reply.reject(timedOut(message.handler.type, cell.address, true));
    return true;
  }

  /** Runs a message of the runtime, serially like any other. */
  handleSystem(context: Context, message: (() => unknown) | undefined): void {
    try {
      const result = message?.();
      if (isThenable(result)) Cell.#await(this, context, result);
    } catch (error) {
      Cell.#threw(this, context, error);
    }
  }

  /** An asynchronous handler ended well. */
  resolved(context: Context, value: unknown): void {
    if (!Cell.#returned(this, context)) return;
    const message = context.message;
    if (message !== undefined) complete(this, message, value);
    context.release();
    this.goOn();
  }

  /** An asynchronous handler threw. */
  rejected(context: Context, error: unknown): void {
    if (!Cell.#returned(this, context)) return;
    Cell.#threw(this, context, error);
    this.goOn();
  }

  /** What was awaited is over; `false` when its generation is gone. */
  static #returned(cell: Cell, context: Context): boolean {
    if (cell.isLate(context)) return false;
    cell.#state -= BUSY;
    if (context.limit !== undefined) context.limit.lift();
    if (context.root !== context) cell.#holdings?.inHand?.remove(context);
    return true;
  }

  /** A handler ran past its limit: its message is accounted for, and the actor has failed. */
  overran(context: Context, error: TroupeError): void {
    if (this.context === context.root) Cell.#threw(this, context, error);
  }

  /** A handler or a hook threw: is it a refusal, the echo of a cancel, or a failure? */
  static #threw(cell: Cell, context: Context, error: unknown): void {
    const { aside } = context;
    const message = context.message ?? Cell.#unstashed(cell, aside);
    context.release();
    if (message === undefined) {
      const isTask = error instanceof TaskFailed;
      const operation = isTask ? error.operation : (aside?.handler.operation ?? "terminated");
      failed(cell, "failed", operation, isTask ? error.cause : error);
      return;
    }
    const { reply, handler } = message;
    if (error instanceof Refusal) {
      fail(cell, message, refused(error), "refused");
      return;
    }
    if (reply?.settled === true && !(error instanceof Fatal) && !isOverrun(error)) {
      emitHandled(cell, message, "cancelled");
      return;
    }
    fail(cell, message, handlerFailed(handler.type, cell.address, error), "failed");
    failed(cell, "failed", handler.operation, error);
  }

  /** Takes a message off the stash; `undefined` when it was put back meanwhile. */
  static #unstashed(cell: Cell, message: Message | undefined): Message | undefined {
    return message !== undefined && cell.#holdings?.unstashed(message) === true
      ? message
      : undefined;
  }

  // Its life, one step at a time; what the steps mean is `generation.ts` and `ending.ts`.

  /** Enters the phase that follows; an event that the phase does not know changes nothing. */
  step(event: LifeEventNumber): void {
    const phase = advance(this.phase, event);
    let state = this.#state & ~(PHASE_MASK | Flag.handles | Flag.refuses);
    if (phase === Phase.running || phase === Phase.draining) state |= Flag.handles;
    if (phase > Phase.waiting) state |= Flag.refuses;
    this.#state = state | (phase << PHASE_SHIFT);
  }

  /** Puts a new cell on its way. */
  launch(): void {
    Cell.#schedule(this);
  }

  /** There may be something to do again. */
  wake(): void {
    if (!this.isScheduled) Cell.#schedule(this);
  }

  /** What was awaited is over. */
  goOn(): void {
    if (this.busy === 0) this.#holdings?.wait?.finish(true);
    if (this.isScheduled) return;
    this.#state |= Flag.scheduled;
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
    this.#state = (this.#state & ~Flag.hasState) | Flag.wasBegun;
    if (this.#holdings === undefined) return;
    this.#holdings.generation++;
    this.#holdings.startedAtMs = this.kernel.nowMs();
  }

  /** The generation has its state. */
  noteState(): void {
    this.#state |= Flag.hasStarted | Flag.hasState;
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
    if (this.phase > Phase.draining) {
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
    const child = new Cell(specOf(this.kernel, definition, options), this, name, options?.input);
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
