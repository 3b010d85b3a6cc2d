/**
 * A running actor: its identity, its phase, its present generation, and where its belongings lie.
 *
 * Owns: the fields, and what they say. What happens to a cell is told elsewhere: what waits `queue.ts`,
 * turns `turn.ts`, handlers `handling.ts`, starting, failing and restarting `generation.ts`, stopping for
 * good `ending.ts`, its children `children.ts`, what handlers may do `context.ts`. These work on its open
 * fields; nobody else does.
 *
 * Long, but one noun: what is left here are its fields and one-line answers about them. A second object per
 * actor would cost a hop per message, and every idle actor its header.
 *
 * S8: a restart keeps the ref and the queue; what an old generation brings is fenced and counted.
 *
 * Cost: an idle actor is one object of twelve fields, its context and its state; the first waiting
 * message lies in a field, a mailbox is made for the second.
 */
import type { SpawnOptions } from "../actor.ts";
import { type Address, addressOf, checkedName } from "../address.ts";
import { advance, type LifeEventNumber, Phase, type PhaseNumber } from "../lifecycle.ts";
import type { Log } from "../log.ts";
import type { Random } from "../ports/random.ts";
import { TroupeError } from "../troupe-error.ts";
import { ActorTimers } from "./actor-timers.ts";
import { startFailed } from "./ask-error.ts";
import { type Behavior, type CellOptions, type CellSpec, specOf } from "./behavior.ts";
import { BUSY, busyOf, FIRST_WORD, Flag, phaseOf, withPhase } from "./cell-word.ts";
import { Children } from "./children.ts";
import type { Context } from "./context.ts";
import type { Watch } from "./death-watch.ts";
import { Deferred } from "./deferred.ts";
import type { Runnable } from "./dispatcher.ts";
import { overran, rejected, resolved } from "./handling.ts";
import { Holdings } from "./holdings.ts";
import { inHandFor } from "./in-hand.ts";
import type { Kernel } from "./kernel.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Message, ReplyTo } from "./message.ts";
import { accept, wake } from "./queue.ts";
import type { Tenancy } from "./tenancy.ts";
import { run } from "./turn.ts";

/** Names of this form are given to actors without one. */
const GIVEN_NAME = /^\$\d+$/;

/** An actor of this process. */
export class Cell implements Runnable {
  // What every message touches comes first and lies together; few words make few cache lines.
  /** Flags, phase and the number of awaited handlers, hooks and `init`s. */
  word: number;
  /** The first message that waits, as long as no second one ever did. */
  first: Message | undefined;
  /** See `queue.ts`. */
  mailbox: Mailbox | undefined;
  /** Absent as long as nothing of it was needed; see {@link holdings}. */
  ownHoldings: Holdings | undefined;
  readonly spec: CellSpec;
  /** The generation that runs; absent before its start and after its end. */
  context: Context | undefined;
  readonly input: unknown;
  readonly parent: Cell | undefined;
  /** The sibling started just before; the links are its parent's `Children`'s. */
  elder: Cell | undefined;
  /** The sibling started just after. */
  younger: Cell | undefined;
  readonly #name: string | number;

  constructor(spec: CellSpec, parent: Cell | undefined, name: string | undefined, input: unknown) {
    this.word = FIRST_WORD;
    this.first = undefined;
    this.mailbox = undefined;
    this.ownHoldings = undefined;
    this.spec = spec;
    this.#name = name ?? spec.kernel.nextNumber();
    this.context = undefined;
    this.input = input;
    this.parent = parent;
    this.elder = undefined;
    this.younger = undefined;
  }

  get kernel(): Kernel {
    return this.spec.kernel;
  }

  get behavior(): Behavior {
    return this.spec.behavior;
  }

  get options(): CellOptions {
    return this.spec.options;
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

  /** An activation's names no node: it is wherever the actor is active. */
  get address(): Address {
    if (this.ownHoldings?.tenancy !== undefined) return this.path;
    const holdings = this.holdings;
    holdings.address ??= addressOf(this.kernel.node, this.path);
    return holdings.address;
  }

  /** A first start has succeeded. */
  get hasStarted(): boolean {
    return (this.word & Flag.hasStarted) !== 0;
  }

  /** The `init` of the present generation has made its state. */
  get hasState(): boolean {
    return (this.word & Flag.hasState) !== 0;
  }

  /** It never gives up itself: a child that needs too many restarts ends alone. */
  get isGuardian(): boolean {
    return this.parent === undefined || this.options.guards;
  }

  get hasStopped(): boolean {
    return this.phase === Phase.stopped;
  }

  get phase(): PhaseNumber {
    return phaseOf(this.word);
  }

  /** How many handlers, hooks and `init`s are awaited. */
  get busy(): number {
    return busyOf(this.word);
  }

  /** One more is awaited. */
  addBusy(): void {
    this.word += BUSY;
  }

  /** None is awaited any more. */
  clearBusy(): void {
    this.word &= BUSY - 1;
  }

  /** How many generations were begun. */
  get generation(): number {
    if (this.ownHoldings !== undefined) return this.ownHoldings.generation;
    return (this.word & Flag.wasBegun) === 0 ? 0 : 1;
  }

  /** Its rarer belongings, made at the first need. */
  get holdings(): Holdings {
    if (this.ownHoldings !== undefined) return this.ownHoldings;
    const { generation } = this;
    this.ownHoldings = new Holdings(generation);
    return this.ownHoldings;
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

  // What the rest of the kernel asks of it most.

  run(limit: number): number {
    return run(this, limit);
  }

  get isScheduled(): boolean {
    return (this.word & Flag.scheduled) !== 0;
  }

  /** Queues a message; a refused one is accounted for before this returns `false`. */
  accept(message: Message): boolean {
    return accept(this, message);
  }

  /**
   * The asker of a message gave up. A queued message is skipped when its turn comes.
   *
   * @returns whether it is certain that the message never ran
   */
  cancel(reply: ReplyTo): boolean {
    const holdings = this.ownHoldings;
    if (holdings !== undefined) {
      if (holdings.deferred?.delete(reply) === true) return false;
      // It was looked at, so nobody can say that it never ran.
      if (holdings.stashed?.has(reply) === true) return false;
    }
    const inHand = inHandFor(this, reply);
    if (inHand === undefined) return true;
    inHand.abortMessage();
    return false;
  }

  // Its life, one step at a time; what the steps mean is `generation.ts` and `ending.ts`.

  /** Enters the phase that follows; an event that the phase does not know changes nothing. */
  step(event: LifeEventNumber): void {
    this.word = withPhase(this.word, advance(this.phase, event));
  }

  /** Whether `context` belongs to a generation that is gone; its result is counted as fenced. */
  isLate(context: Context): boolean {
    if (this.context === context.root) return false;
    this.kernel.fenced++;
    return true;
  }

  /** A new generation is about to start. */
  noteStart(): void {
    this.word = (this.word & ~(Flag.hasState | Flag.aborted)) | Flag.wasBegun;
    if (this.ownHoldings === undefined) return;
    this.ownHoldings.generation++;
    this.ownHoldings.startedAtMs = this.kernel.nowMs();
  }

  /** The work of the generation is to end. */
  noteAbort(): void {
    this.word |= Flag.aborted;
  }

  /** The work of the present generation is to end, or has ended. */
  get isAborted(): boolean {
    return (this.word & Flag.aborted) !== 0;
  }

  /** The generation has its state. */
  noteState(): void {
    this.word |= Flag.hasStarted | Flag.hasState;
  }

  /** Tells those who wait for a start. */
  announceStart(): void {
    this.ownHoldings?.ready?.resolve();
    this.ownHoldings?.startup?.resolve();
  }

  /** Somebody waits for a handler, or for `init`, to end. */
  get isAwaited(): boolean {
    return this.ownHoldings?.wait !== undefined;
  }

  /** It is to be drained as soon as a generation runs. */
  get drainsNext(): boolean {
    return this.ownHoldings?.drainsNext === true;
  }

  /** Its parent is a pool, which wants to know when it has room. */
  get isPooled(): boolean {
    return this.ownHoldings?.isPooled === true;
  }

  /** An asynchronous handler ended well. */
  resolved(context: Context, value: unknown): void {
    resolved(this, context, value);
  }

  /** An asynchronous handler threw. */
  rejected(context: Context, error: unknown): void {
    rejected(this, context, error);
  }

  /** A handler ran past its limit. */
  overran(context: Context, error: TroupeError): void {
    overran(this, context, error);
  }

  /**
   * Starts a child.
   *
   * @throws {TroupeError} `actor.name-taken`; `actor.stopped` when this actor is ending
   * @throws {TypeError | RangeError} when the name or an option is wrong
   */
  spawn(
    definition: object,
    options: (SpawnOptions & { readonly input?: unknown }) | undefined,
  ): Cell {
    if (this.phase > Phase.draining) {
      throw new TroupeError("actor.stopped", `${this.address} is stopping and starts no children`);
    }
    if (options?.placement !== undefined && options.placement !== "local") {
      return this.#spawnElsewhere(definition, options);
    }
    const name = options?.name;
    const { children } = this;
    if (name !== undefined) {
      checkedName(name);
      if (GIVEN_NAME.test(name)) throw new TypeError(`names like ${name} are given by the runtime`);
      if (children.find(name) !== undefined) {
        throw new TroupeError("actor.name-taken", `${this.address} has a child ${name} already`);
      }
    }
    const child = new Cell(specOf(this.kernel, definition, options), this, name, options?.input);
    children.add(child);
    if (name !== undefined) children.register(name, child);
    wake(child);
    return child;
  }

  /** Starts what stands in for a child on another node. */
  #spawnElsewhere(definition: object, options: SpawnOptions & { readonly input?: unknown }): Cell {
    const { elsewhere } = this.kernel;
    if (elsewhere === undefined) {
      const given = `placement: ${options.placement}`;
      throw new TypeError(`${given}: this system has no registered actors (option "actors")`);
    }
    const placed = elsewhere.child(definition, options);
    return this.spawn(placed.definition, placed.options);
  }

  /** Starts a child of the runtime's own, whose name is free and need not have the form of others. */
  adopt(spec: CellSpec, name: string, input: unknown, tenancy?: Tenancy): Cell {
    const { children } = this;
    const child = new Cell(spec, this, name, input);
    if (tenancy !== undefined) child.holdings.tenancy = tenancy;
    children.add(child);
    children.register(name, child);
    wake(child);
    return child;
  }

  /** Somebody wants to know when this actor ends. */
  addWatcher(watch: Watch): void {
    const holdings = this.holdings;
    holdings.watchers ??= new Set();
    holdings.watchers.add(watch);
  }

  removeWatcher(watch: Watch): void {
    this.ownHoldings?.watchers?.delete(watch);
  }
}
