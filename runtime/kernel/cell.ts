/**
 * A running actor: its queue, its phase, its present generation.
 *
 * Owns: which message is handled when, and what becomes of each; the order of a stop and of a
 * restart. Phases are `lifecycle.ts`, decisions about failures `supervision.ts` through the parent's
 * `children.ts`, what handlers may do `context.ts`.
 *
 * S1: one handler at a time, awaits included. S8: a restart keeps the ref and the queue; results of
 *     an old generation are fenced and counted. S9: an ending actor ends its children first.
 * I1: every message that was accepted is handled, or becomes a dead letter, or its asker is told.
 *
 * Cost: an idle actor is one object of fourteen fields, its context and its state; the first waiting
 * message lies in a field, a mailbox is made for the second. `run` allocates nothing.
 */
import type { SpawnOptions } from "../actor.ts";
import type { AnyActorRef } from "../actor-ref.ts";
import { type Address, addressOf, checkedName, nodeOf, pathOf } from "../address.ts";
import type { ExitReason } from "../exit-reason.ts";
import { advance, LifeEvent, type LifeEventNumber, Phase, type PhaseNumber } from "../lifecycle.ts";
import type { Log } from "../log.ts";
import type { Random } from "../ports/random.ts";
import { messageOf, TroupeError } from "../troupe-error.ts";
import { ActorTimers } from "./actor-timers.ts";
import { Fatal, handlerFailed, Refusal, refused, timedOut } from "./ask-error.ts";
import { type Behavior, behaviorOf, type CellOptions, cellOptions } from "./behavior.ts";
import { Children, type StopHow } from "./children.ts";
import { Context } from "./context.ts";
import type { Watch } from "./death-watch.ts";
import { Deferred } from "./deferred.ts";
import type { Runnable } from "./dispatcher.ts";
import { Holdings } from "./holdings.ts";
import type { Kernel } from "./kernel.ts";
import { Mailbox } from "./mailbox.ts";
import type { ChunkSink, Message, ReplyTo } from "./message.ts";
import { complete, drop, emitHandled, fail } from "./message-outcome.ts";
import { type ChunkGenerator, StreamProducer } from "./stream-producer.ts";
import { type DownMode, takeDown } from "./take-down.ts";
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
  readonly #name: string | number;
  #phase: PhaseNumber = Phase.starting;
  #first: Message | undefined = undefined;
  #mailbox: Mailbox | undefined = undefined;
  #isScheduled: boolean = false;
  /** A handler, a hook or `init` is awaited. */
  #isBusy: boolean = false;
  #hasStarted: boolean = false;
  #holdings: Holdings | undefined = undefined;

  constructor(
    kernel: Kernel,
    parent: Cell | undefined,
    name: string | undefined,
    spec: { readonly behavior: Behavior; readonly options: CellOptions; readonly input: unknown },
  ) {
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

  /** A first start has succeeded. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  get phase(): PhaseNumber {
    return this.#phase;
  }

  /** A handler, a hook or `init` is awaited. */
  get isBusy(): boolean {
    return this.#isBusy;
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
    if (this.hasStopped) holdings.ready.reject(this.#notStarted());
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
      if (queued >= this.options.capacity && !this.#makeRoom(message)) {
        return this.options.onFull === "drop-newest";
      }
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
        const oldest = this.#shift();
        if (oldest !== undefined) drop(this, oldest, "mailbox-full");
        return true;
      }
    }
  }

  #shift(): Message | undefined {
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
    while (handled < limit && !this.#isBusy) {
      const context = this.context;
      if (this.#phase !== Phase.running && this.#phase !== Phase.draining) {
        if (this.#phase !== Phase.starting || context !== undefined) break;
        this.#begin();
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
    if (this.#phase === Phase.draining && !this.#isBusy && !this.#hasQueued) {
      this.#stopNow("stop", "normal");
    }
    return handled;
  }

  parked(): boolean {
    if (!this.#isBusy) {
      const phase = this.#phase;
      if (phase === Phase.starting && this.context === undefined) return false;
      if ((phase === Phase.running || phase === Phase.draining) && this.#hasQueued) return false;
    }
    this.#isScheduled = false;
    return true;
  }

  get #hasQueued(): boolean {
    if (this.#first !== undefined) return true;
    const mailbox = this.#mailbox;
    return mailbox !== undefined && (mailbox.length > 0 || mailbox.systemLength > 0);
  }

  #schedule(): void {
    this.#isScheduled = true;
    this.kernel.dispatcher.schedule(this);
  }

  #wake(): void {
    if (!this.#isScheduled) this.#schedule();
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
      this.#isBusy = true;
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
    this.#isBusy = true;
    result.then(context.onResolved, context.onRejected);
  }

  /** An asynchronous handler ended well. */
  resolved(context: Context, value: unknown): void {
    if (this.#isLate(context)) return;
    const message = context.message;
    this.#isBusy = false;
    context.done();
    if (message !== undefined) complete(this, message, value);
    this.#goOn();
  }

  /** An asynchronous handler threw. */
  rejected(context: Context, error: unknown): void {
    if (this.#isLate(context)) return;
    this.#isBusy = false;
    this.#threw(context, error);
    this.#goOn();
  }

  #isLate(context: Context): boolean {
    if (this.context === context) return false;
    this.kernel.fenced++;
    return true;
  }

  #goOn(): void {
    this.#holdings?.wait?.finish(true);
    this.#wake();
  }

  /** A handler or a hook threw: is it a refusal, the echo of a cancel, or a failure? */
  #threw(context: Context, error: unknown): void {
    const message = context.message;
    context.done();
    if (message === undefined) {
      this.failed("failed", "terminated", error);
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
    this.failed("failed", handler.operation, error);
  }

  // Starting, failing, restarting.

  #step(event: LifeEventNumber): void {
    this.#phase = advance(this.#phase, event);
  }

  /** Puts a new cell on its way. */
  launch(): void {
    this.#schedule();
  }

  #begin(): void {
    const context = new Context(this);
    this.context = context;
    this.generation++;
    if (this.#holdings !== undefined) this.#holdings.startedAtMs = this.kernel.nowMs();
    this.kernel.current = context;
    let state: unknown;
    try {
      state = this.behavior.definition.init(this.input, context);
    } catch (error) {
      this.#startFailed(context, error);
      return;
    }
    if (!isThenable(state)) {
      this.#started(context, state);
      return;
    }
    this.#isBusy = true;
    state.then(
      (made) => this.#started(context, made),
      (error) => this.#startFailed(context, error),
    );
  }

  #started(context: Context, state: unknown): void {
    if (this.#isLate(context)) return;
    this.#isBusy = false;
    if (this.#phase === Phase.starting) {
      context.state = state;
      context.isStarted = true;
      this.#hasStarted = true;
      this.#step(LifeEvent.started);
      const { events } = this.kernel.ports;
      if (events.watched) {
        events.emit({ type: "actor.started", path: this.path, generation: this.generation });
      }
      this.#holdings?.ready?.resolve();
      this.#holdings?.startup?.resolve();
    }
    if (this.#holdings?.wait !== undefined || this.#hasQueued) this.#goOn();
  }

  #startFailed(context: Context, error: unknown): void {
    if (this.#isLate(context)) return;
    this.#isBusy = false;
    const holdings = this.holdings;
    if (this.#phase === Phase.starting) {
      holdings.startError ??= error;
      this.#step(LifeEvent.failed);
      if (!this.hasStarted) holdings.ready?.reject(this.#notStarted());
      this.parent?.children.childExited(this, exitOf(error), "init", error);
      holdings.startup?.resolve();
    }
    holdings.wait?.finish(true);
  }

  #notStarted(): TroupeError {
    const cause = this.#holdings?.startError;
    const why = cause === undefined ? "it was stopped first" : messageOf(cause);
    return new TroupeError("actor.start-failed", `${this.address} did not start: ${why}`, {
      outcome: "never-ran",
      ...(cause === undefined ? {} : { cause }),
    });
  }

  /** It cannot go on as it is; whoever supervises it decides. */
  failed(reason: "failed" | "intensity", operation: string, error: unknown): void {
    const before = this.#phase;
    this.#step(LifeEvent.failed);
    if (this.#phase === before) return;
    if (reason === "intensity") this.holdings.exitReason = reason;
    if (this.#phase === Phase.failed) {
      this.parent?.children.childExited(this, exitOf(error), operation, error);
      return;
    }
    this.log.error({ operation, err: error }, "actor failed while draining");
    this.holdings.exitReason ??= reason;
    void this.#end("stop");
  }

  resume(): void {
    this.#step(LifeEvent.resume);
    this.#wake();
  }

  /** Ends the present generation for a restart; the queue stays. */
  async takeDown(): Promise<void> {
    this.#step(LifeEvent.restart);
    if (this.#phase !== Phase.restarting) return;
    await this.#down("restart");
    // A stop that came meanwhile finishes by itself.
    if (this.#phase === Phase.restarting) this.#step(LifeEvent.tornDown);
  }

  /** Starts the next generation; resolves when its `init` succeeded or failed. */
  startAgain(): Promise<void> {
    if (this.#phase !== Phase.waiting) return Promise.resolve();
    this.#step(LifeEvent.due);
    const holdings = this.holdings;
    holdings.exitReason = undefined;
    holdings.startup = new Deferred<void>();
    this.#wake();
    return holdings.startup.promise;
  }

  // Stopping.

  /** Ends it; resolves when it has ended. */
  stop(how: StopHow, reason?: ExitReason): Promise<void> {
    if (this.#phase === Phase.stopped) return Promise.resolve();
    const holdings = this.holdings;
    holdings.ended ??= new Deferred<void>();
    const { promise } = holdings.ended;
    if (how === "drain") this.#drain();
    else this.#stopNow(how, reason ?? (how === "kill" ? "killed" : "normal"));
    return promise;
  }

  /** After the current message; a permanent actor is started again. */
  stopSelf(): void {
    if (this.options.restart !== "permanent" || this.parent === undefined) {
      void this.stop("stop");
      return;
    }
    const { children } = this.parent;
    this.acceptSystem(() => children.childExited(this, "normal", "stop", undefined));
  }

  stopChild(child: AnyActorRef): void {
    const path = pathOf(child.address);
    const found = this.#holdings?.children?.list().find((cell) => cell.path === path);
    if (found !== undefined && nodeOf(child.address) === this.kernel.node) void found.stop("stop");
    else if (path.startsWith(`${this.path}/`)) return;
    else throw new TypeError(`not a child of ${this.path}: ${child.address}`);
  }

  #drain(): void {
    if (this.#phase === Phase.starting) {
      const holdings = this.holdings;
      holdings.startup ??= new Deferred<void>();
      void holdings.startup.promise.then(() => this.#drain());
      return;
    }
    this.#step(LifeEvent.drain);
    if (this.#phase === Phase.draining) this.#wake();
    else this.#stopNow("stop", "normal");
  }

  #stopNow(how: "stop" | "kill", reason: ExitReason): void {
    if (this.#phase === Phase.stopping) {
      if (how === "kill") this.#hurry();
      return;
    }
    if (this.#phase === Phase.stopped) return;
    this.#step(LifeEvent.stop);
    this.holdings.exitReason ??= reason;
    if (how === "kill") this.#hurry();
    void this.#end(how);
  }

  #hurry(): void {
    const holdings = this.holdings;
    holdings.inHurry = true;
    holdings.wait?.finish(false);
    holdings.children?.hurry();
  }

  async #end(how: "stop" | "kill"): Promise<void> {
    await this.#down(how);
    this.#step(LifeEvent.tornDown);
    for (let left = this.#shift(); left !== undefined; left = this.#shift()) {
      drop(this, left, "stopped");
    }
    const holdings = this.holdings;
    const reason = holdings.exitReason ?? "normal";
    const { events } = this.kernel.ports;
    if (events.watched) events.emit({ type: "actor.stopped", path: this.path, reason });
    this.parent?.children.remove(this);
    for (const watcher of holdings.watchers ?? []) watcher.notify(reason);
    holdings.watchers = undefined;
    holdings.startup?.resolve();
    if (!this.hasStarted) holdings.ready?.reject(this.#notStarted());
    holdings.ended?.resolve();
  }

  #down(mode: DownMode): Promise<void> {
    const holdings = this.holdings;
    holdings.takingDown ??= takeDown(this, mode).then(() => {
      holdings.takingDown = undefined;
      this.context = undefined;
      this.#isBusy = false;
    });
    return holdings.takingDown;
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
    const behavior = behaviorOf(definition as Parameters<typeof behaviorOf>[0]);
    const { name, input, ...overrides } = options ?? {};
    const hasOverrides = Object.keys(overrides).length > 0;
    const merged = hasOverrides
      ? cellOptions({ ...behavior.definition.options, ...overrides })
      : behavior.options;
    const { children } = this;
    if (name !== undefined) {
      checkedName(name);
      if (/^\$\d+$/.test(name)) throw new TypeError(`names like ${name} are given by the runtime`);
      if (children.find(name) !== undefined) {
        throw new TroupeError("actor.name-taken", `${this.address} has a child ${name} already`);
      }
    }
    const child = new Cell(this.kernel, this, name, { behavior, options: merged, input });
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

function exitOf(error: unknown): "fatal" | "failed" {
  return error instanceof Fatal ? "fatal" : "failed";
}
