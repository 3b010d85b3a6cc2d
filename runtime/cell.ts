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
import type { SpawnOptions } from "./actor.ts";
import type { AnyActorRef } from "./actor-ref.ts";
import { ActorTimers } from "./actor-timers.ts";
import { type Address, addressOf, checkedName, nodeOf, pathOf } from "./address.ts";
import {
  Fatal,
  handlerFailed,
  neverRan,
  Refusal,
  refused,
  streamAborted,
  timedOut,
} from "./ask-error.ts";
import {
  type Behavior,
  behaviorOf,
  type CellOptions,
  cellOptions,
  type OperationHandler,
} from "./behavior.ts";
import { Children, type StopHow } from "./children.ts";
import { Context } from "./context.ts";
import type { DeadLetterReason } from "./dead-letter.ts";
import { Watch } from "./death-watch.ts";
import { Deferred } from "./deferred.ts";
import { DeferredReplies, DeferredReply } from "./deferred-reply.ts";
import { Delay } from "./delay.ts";
import type { Runnable } from "./dispatcher.ts";
import type { ExitReason } from "./exit-reason.ts";
import { Holdings } from "./holdings.ts";
import type { Kernel } from "./kernel.ts";
import { advance, LifeEvent, type LifeEventNumber, Phase, type PhaseNumber } from "./lifecycle.ts";
import type { Log } from "./log.ts";
import { Mailbox } from "./mailbox.ts";
import { type ChunkSink, type Message, type ReplyTo, senderOf } from "./message.ts";
import type { Random } from "./random.ts";
import { type ChunkGenerator, StreamProducer } from "./stream-producer.ts";
import { messageOf, TroupeError } from "./troupe-error.ts";
import { validated } from "./validation.ts";

type DownMode = "restart" | "stop" | "kill";

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
    return this.generation > 1 || this.context?.isStarted === true;
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
    if (this.hasStopped) holdings.ready.reject(this.#notStarted());
    return holdings.ready.promise;
  }

  // Taking messages in.

  /** Queues a message; a refused one is accounted for before this returns `false`. */
  accept(message: Message): boolean {
    if (this.#phase > Phase.waiting) {
      this.#drop(message, "stopped");
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
        this.#drop(incoming, "mailbox-full");
        return false;
      case "drop-oldest": {
        const oldest = this.#shift();
        if (oldest !== undefined) this.#drop(oldest, "mailbox-full");
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

  /** Accounts for a message that is not handled: its asker is told, or it is a dead letter. */
  #drop(message: Message, reason: DeadLetterReason): void {
    const { reply, handler } = message;
    if (reply !== undefined && handler.kind !== "tell") {
      if (reply.settled) return;
      const code = reason === "mailbox-full" ? "mailbox.full" : "actor.stopped";
      const why = reason === "mailbox-full" ? "its mailbox is full" : "it has stopped";
      reply.reject(neverRan(code, `${this.address} did not take ${handler.type}: ${why}`));
      return;
    }
    if (reply?.settled === true) return;
    reply?.reject(undefined);
    this.#deadLetter(message, reason);
  }

  #deadLetter(message: Message, reason: DeadLetterReason): void {
    const { payload: body, handler } = message;
    const from = senderOf(message);
    this.kernel.deadLetters.add({ to: this.address, from, type: handler.type, body, reason });
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
    if (reply !== undefined || message.span !== undefined) this.#complete(message, result);
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
    if (message !== undefined) this.#complete(message, value);
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

  #complete(message: Message, value: unknown): void {
    const { reply, handler } = message;
    const outcome = reply?.settled === true ? "cancelled" : "ok";
    if (reply !== undefined) {
      if (value instanceof DeferredReply) {
        this.holdings.deferred ??= new DeferredReplies();
        this.holdings.deferred.add(value, reply, {
          resolve: (later) => this.#answer(handler, reply, later),
          reject: (error) => reply.reject(this.#deferredFailure(handler, error)),
        });
      } else this.#answer(handler, reply, value);
    }
    this.#emitHandled(message, outcome);
  }

  #deferredFailure(handler: OperationHandler, error: unknown): TroupeError {
    if (error instanceof TroupeError) return error;
    return handlerFailed(handler.type, this.address, error);
  }

  #answer(handler: OperationHandler, reply: ReplyTo, value: unknown): void {
    const checked = validated(handler.reply, value);
    if (checked.ok) reply.resolve(checked.value);
    else {
      const why = `the reply of ${handler.type}: ${checked.error}`;
      reply.reject(new TroupeError("ask.invalid", why, { outcome: "failed" }));
    }
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
      this.#answerFailure(message, refused(error));
      this.#emitHandled(message, "refused");
      return;
    }
    if (reply?.settled === true && !(error instanceof Fatal)) {
      this.#emitHandled(message, "cancelled");
      return;
    }
    this.#answerFailure(message, handlerFailed(handler.type, this.address, error));
    this.#emitHandled(message, "failed");
    this.failed("failed", handler.operation, error);
  }

  #answerFailure(message: Message, error: TroupeError): void {
    if (message.handler.kind === "tell") {
      message.reply?.reject(error);
      this.#deadLetter(message, "failed");
    } else message.reply?.reject(error);
  }

  #emitHandled(message: Message, outcome: "ok" | "failed" | "refused" | "cancelled"): void {
    const span = message.span;
    const { events, clock } = this.kernel.ports;
    if (span === undefined || !events.watched) return;
    events.emit({
      type: "message.handled",
      trace: span.trace,
      span: span.span,
      parent: span.parent,
      from: senderOf(message),
      to: this.address,
      message: message.handler.type,
      sentAtMs: span.sentAtMs,
      receivedAtMs: span.receivedAtMs,
      doneAtMs: clock.nowMs(),
      outcome,
      attempt: 1,
    });
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
      this.#drop(left, "stopped");
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
    holdings.takingDown ??= this.#performDown(mode).finally(() => {
      holdings.takingDown = undefined;
    });
    return holdings.takingDown;
  }

  async #performDown(mode: DownMode): Promise<void> {
    const context = this.context;
    const holdings = this.holdings;
    if (mode === "stop") await this.#waitForHandler(this.#graceMs(context));
    context?.abort();
    await this.#waitForHandler(this.options.shutdownMs);
    const { children } = holdings;
    if (children !== undefined && children.size > 0) {
      await children.stopAll(holdings.inHurry ? "kill" : "stop");
    }
    if (this.#isBusy) this.#abandon(context);
    else if (context?.isStarted === true && !holdings.inHurry) await this.#runStopping(context);
    holdings.timers?.cancelAll();
    for (const address of [...(holdings.watching?.keys() ?? [])]) this.unwatch(address);
    for (const topic of [...(holdings.topics ?? [])]) this.unsubscribe(topic);
    holdings.deferred?.rejectAll(`${this.address} was stopped or restarted before it answered`);
    this.context = undefined;
    this.#isBusy = false;
  }

  /** How long a stop waits before it aborts: an ask has its deadline, others as long as a restart. */
  #graceMs(context: Context | undefined): number {
    const deadlineMs = context?.message?.reply?.deadlineMs ?? 0;
    if (deadlineMs === 0) return this.options.shutdownMs;
    return Math.max(0, deadlineMs - this.kernel.nowMs());
  }

  async #waitForHandler(limitMs: number): Promise<void> {
    const holdings = this.holdings;
    if (!this.#isBusy || holdings.inHurry) return;
    const wait = new Delay(this.kernel.wheel, this.kernel.nowMs(), limitMs);
    holdings.wait = wait;
    await wait.over;
    holdings.wait = undefined;
  }

  async #runStopping(context: Context): Promise<void> {
    const { stopping } = this.behavior.definition.hooks;
    if (stopping === undefined) return;
    const holdings = this.holdings;
    try {
      const result = stopping(context);
      if (!isThenable(result)) return;
      const wait = new Delay(this.kernel.wheel, this.kernel.nowMs(), this.options.shutdownMs);
      holdings.wait = wait;
      const ended = Promise.resolve(result).then(() => wait.finish(true));
      await Promise.race([ended, wait.over]);
    } catch (error) {
      this.log.error({ err: error }, "the stopping hook threw");
    } finally {
      holdings.wait?.finish(false);
      holdings.wait = undefined;
    }
  }

  /** The handler did not end in time: whoever waits for it is told, its result will be fenced. */
  #abandon(context: Context | undefined): void {
    const message = context?.message;
    this.log.warn({ operation: message?.handler.operation ?? "init" }, "abandoned a handler");
    if (message === undefined) return;
    const why = `${this.address} was stopped or restarted while it handled ${message.handler.type}`;
    if (message.handler.kind === "stream") {
      message.reply?.reject(streamAborted(message.handler.type, why, 0));
    } else if (message.handler.kind === "ask") {
      message.reply?.reject(new TroupeError("actor.stopped", why, { outcome: "unknown" }));
    } else this.#deadLetter(message, "stopped");
  }

  // Children, watches, topics.

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

  watch(target: Address): void {
    const holdings = this.holdings;
    holdings.watching ??= new Map();
    if (holdings.watching.has(target)) return;
    const watch: Watch = new Watch(target, (ended) => {
      this.acceptSystem(() => {
        // S12: never after `unwatch`, also when the news was already queued.
        if (holdings.watching?.get(target) !== watch || this.context === undefined) return;
        holdings.watching.delete(target);
        return this.behavior.definition.hooks.terminated?.(this.context, ended);
      });
    });
    holdings.watching.set(target, watch);
    this.kernel.outward.watch(watch);
  }

  unwatch(target: Address): void {
    const watch = this.#holdings?.watching?.get(target);
    if (watch === undefined) return;
    this.#holdings?.watching?.delete(target);
    watch.end();
    this.kernel.outward.unwatch(watch);
  }

  subscribe(topic: string, operation: string): void {
    const handler = this.behavior.find(operation);
    if (handler === undefined || handler.kind !== "tell") {
      throw new TypeError(`a topic tells; not a tell of this actor: ${operation}`);
    }
    const holdings = this.holdings;
    holdings.topics ??= new Set();
    holdings.topics.add(topic);
    this.kernel.outward.subscribe(topic, this, handler);
  }

  unsubscribe(topic: string): void {
    if (this.#holdings?.topics?.delete(topic) === true) {
      this.kernel.outward.unsubscribe(topic, this);
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { readonly then?: unknown }).then === "function"
  );
}

function exitOf(error: unknown): "fatal" | "failed" {
  return error instanceof Fatal ? "fatal" : "failed";
}
