/**
 * One generation of a machine actor: a live XState actor whose every step is one of our handlers'.
 *
 * XState carries events out where they occur: in a timer, in the turn of a promise. Here they wait
 * until a handler runs, so that steps are serial with messages, belong to the actor that takes them,
 * and fail it as a handler does.
 *
 * Owns: when the machine steps, and what becomes of a step that throws. Its neighbours are
 * `machine-clock.ts` (delays), `actor-guard.ts` (errors outside steps), `machine-waiters.ts` (who waits
 * for a state) and `machine-record.ts` (its state as plain data).
 *
 * M1: the machine steps only within a handler. What occurred outside comes first in the next one, so
 *     that the machine sees everything in the order in which it occurred.
 * M2: a step that throws leaves the machine where it was: nothing is assigned, sent, started or stopped.
 *     Only what the user's own actions did before stays done.
 * M3: the error of the message in hand is thrown by its handler; one that occurred outside is thrown
 *     by a step of its own, so that no other message is blamed for it.
 * M4: when the generation ends, so do the machine, all actors below it and their delays, in the turn
 *     in which `signal` aborts.
 * M5: a machine that is done answers those who wait for it and what is queued, and then stops its
 *     actor. Events that come meanwhile are refused.
 */
import {
  type AnyActorLogic,
  type AnyActorRef,
  type AnyActorScope,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  type EventObject,
} from "xstate";
import type { ActorContext } from "../actor.ts";
import { isThenable } from "../kernel/thenable.ts";
import type { Tell } from "../protocol.ts";
import { messageOf } from "../troupe-error.ts";
import { guardActors, stopBelow } from "./actor-guard.ts";
import { MachineClock } from "./machine-clock.ts";
import { Inspector, type MachineInspection } from "./machine-inspection.ts";
import { STEP } from "./machine-protocol.ts";
import { type MachineRecord, recordOf, resumeDelays, snapshotIn } from "./machine-record.ts";
import { type Condition, MachineWaiters, stateOf } from "./machine-waiters.ts";

/** The operations that a run uses itself. */
type OwnOperations = Readonly<Record<typeof STEP, Tell<undefined>>>;

/** The context of the actor whose behaviour the machine is. */
export type RunContext = ActorContext<OwnOperations, unknown, unknown>;

/** What a run tells its owner; types are erased. */
export interface RunListeners {
  readonly save: ((record: MachineRecord) => unknown) | undefined;
  readonly emitted: ((event: EventObject) => unknown) | undefined;
  readonly inspect: ((event: MachineInspection) => unknown) | undefined;
}

/** An error, in a box because anything can be thrown. */
interface Thrown {
  readonly error: unknown;
}

/** A machine that runs. */
export class MachineRun {
  readonly #ctx: RunContext;
  readonly #listeners: RunListeners;
  readonly #clock: MachineClock;
  readonly #root: AnyActorRef;
  /** What occurred outside a handler, oldest first. */
  readonly #pending: (() => void)[] = [];
  readonly #waiters = new MachineWaiters();
  readonly #inspector: Inspector | undefined;
  #isStepping: boolean = false;
  #isClosed: boolean = false;
  /** Those who wait were told that it is done. */
  #isOver: boolean = false;
  /** A tell of `STEP` is on its way. */
  #isAnnounced: boolean = false;
  /** The step in hand threw; until that is dealt with, the machine takes no other. */
  #thrown: Thrown | undefined = undefined;
  /** An error that occurred outside and still has to be thrown (M3). */
  #owed: Thrown | undefined = undefined;

  /**
   * Starts `machine`, from `record` if there is one. Calls `ctx` only in its own handlers.
   *
   * @throws what the machine's first step throws
   */
  constructor(
    machine: AnyStateMachine,
    ctx: RunContext,
    record: MachineRecord | undefined,
    listeners: RunListeners,
  ) {
    this.#ctx = ctx;
    this.#listeners = listeners;
    this.#clock = new MachineClock(ctx, (carryOut) => this.#occurred(carryOut));
    this.#isStepping = true;
    const { inspect } = listeners;
    const inspector = inspect === undefined ? undefined : new Inspector(inspect, () => ctx.log);
    this.#inspector = inspector;
    this.#root = createActor(this.#logicOf(machine), {
      input: ctx.input,
      clock: this.#clock.port,
      logger: (...values: unknown[]) => ctx.log.info({ values }, "a machine logs"),
      ...(inspector === undefined ? {} : { inspect: (event) => inspector.seen(event) }),
      ...(record === undefined ? {} : { snapshot: snapshotIn(record) }),
    });
    this.#start(record);
    this.#isStepping = false;
    ctx.signal.addEventListener("abort", () => this.#close(), { once: true });
    if (this.#snapshot.status === "done" || this.#pending.length > 0) this.#announce();
  }

  // What handlers call.

  /** Handles an event; with `save`, returns when the state that follows is saved. */
  receive(event: EventObject): void | Promise<void> {
    return this.#step(event, false);
  }

  /** Handles what occurred outside the handlers, and throws what is owed. */
  catchUp(): void | Promise<void> {
    this.#isAnnounced = false;
    if (this.#isOver) return this.#ctx.stop();
    return this.#step(undefined, true);
  }

  /** Where the machine is, as plain data. */
  state(): unknown {
    return this.#read((snapshot) => stateOf(snapshot));
  }

  /** Its state, to go on from; refused where that is no plain data. */
  persisted(): unknown {
    return this.#read(() => {
      try {
        return this.record();
      } catch (error) {
        return this.#ctx.fail("not-plain", messageOf(error));
      }
    });
  }

  /** Its state, to go on from. Throws what `recordOf` throws. */
  record(): MachineRecord {
    return recordOf(this.#root, this.#clock);
  }

  /** Its state once `condition` holds. */
  until(condition: Condition): unknown {
    return this.#read((snapshot) => this.#waiters.until(snapshot, condition));
  }

  /** Its output once it is done. */
  output(): unknown {
    return this.#read((snapshot) => this.#waiters.output(snapshot));
  }

  // Stepping.

  get #snapshot(): AnyMachineSnapshot {
    return this.#root.getSnapshot() as AnyMachineSnapshot;
  }

  /** The machine, with M1 and M2. */
  #logicOf(machine: AnyStateMachine): AnyActorLogic {
    const enter = (scope: AnyActorScope): void => {
      const self = scope.self as AnyActorRef;
      this.#clock.follow(scope.system);
      guardActors(self, {
        failed: (error) => this.#occurred(() => this.#fail(error)),
        actorFailed: (error) => this.#isClosed && this.#logLate(error),
      });
      const { emitted } = this.#listeners;
      if (emitted !== undefined) self.on("*", emitted);
    };
    return {
      config: machine.config,
      start: machine.start,
      getPersistedSnapshot: machine.getPersistedSnapshot,
      getInitialSnapshot: (scope, input) => {
        enter(scope);
        return machine.getInitialSnapshot(scope, input);
      },
      restoreSnapshot: (snapshot, scope) => {
        enter(scope);
        return machine.restoreSnapshot(snapshot, scope);
      },
      transition: (snapshot: AnyMachineSnapshot, event: EventObject, scope: AnyActorScope) => {
        if (event.type === "xstate.stop") return machine.transition(snapshot, event, scope);
        if (!this.#isStepping || this.#thrown !== undefined) {
          this.#inspector?.holding();
          this.#occurred(() => this.#resend(event));
          return snapshot;
        }
        return this.#transition(machine, snapshot, event, scope);
      },
    };
  }

  #transition(
    machine: AnyStateMachine,
    snapshot: AnyMachineSnapshot,
    event: EventObject,
    scope: AnyActorScope,
  ): AnyMachineSnapshot {
    const effects: (() => void)[] = [];
    const held = { ...scope, defer: (effect: () => void) => void effects.push(effect) };
    const next = this.#attempted(() => machine.transition(snapshot, event, held));
    if (next?.status === "error") this.#fail(next.error);
    if (next === undefined || next.status === "error") return snapshot;
    for (const effect of effects) scope.defer(() => this.#attempted(effect));
    return next;
  }

  #attempted<T>(call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #resend(event: EventObject): void {
    if (this.#snapshot.status !== "active") return;
    this.#inspector?.resending();
    this.#root.send(event);
  }

  #fail(error: unknown): void {
    this.#thrown ??= { error };
  }

  /** Something occurred outside a handler, or comes after a step that threw. */
  #occurred(handle: () => void): void {
    if (this.#isClosed) return;
    this.#pending.push(handle);
    if (!this.#isStepping) this.#announce();
  }

  /** Sees to it that a handler runs soon: a task's result is taken whatever the mailbox's bound. */
  #announce(): void {
    if (this.#isAnnounced) return;
    this.#isAnnounced = true;
    try {
      this.#ctx.task(() => undefined, STEP);
    } catch {
      // As many tasks run as may; a timer is bounded by nothing, but waits for the clock.
      this.#ctx.timers.after(STEP, 0, STEP);
    }
  }

  /**
   * Carries out what occurred, then `event`.
   *
   * @param pays - whether errors from outside are thrown here (M3)
   */
  #step(event: EventObject | undefined, pays: boolean): void | Promise<void> {
    const before = this.#snapshot;
    this.#isStepping = true;
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      next();
      if (this.#thrown !== undefined) break;
    }
    this.#owed ??= this.#taken();
    if (event !== undefined) this.#take(event);
    let thrown = this.#taken();
    this.#isStepping = false;
    if (pays) {
      thrown = this.#owed;
      this.#owed = undefined;
    }
    if (this.#owed !== undefined || this.#pending.length > 0) this.#announce();
    const settled = this.#settle(before);
    if (thrown === undefined) return settled;
    const { error } = thrown;
    if (settled === undefined) throw error;
    return settled.then(() => {
      throw error;
    });
  }

  #take(event: EventObject): void {
    if (this.#snapshot.status === "active") this.#root.send(event);
    else this.#attempted(() => this.#ctx.fail("machine-done"));
  }

  /** Answers an ask, after what occurred before it. */
  #read(answer: (snapshot: AnyMachineSnapshot) => unknown): unknown {
    const settled = this.#step(undefined, false);
    if (settled === undefined) return answer(this.#snapshot);
    return settled.then(() => answer(this.#snapshot));
  }

  #taken(): Thrown | undefined {
    const thrown = this.#thrown;
    this.#thrown = undefined;
    return thrown;
  }

  /** Saves what changed, then tells those who wait. */
  #settle(before: AnyMachineSnapshot): undefined | Promise<void> {
    if (this.#isClosed) return undefined;
    const snapshot = this.#snapshot;
    if (snapshot !== before) {
      const { save } = this.#listeners;
      const saved = save?.(this.record());
      if (isThenable(saved)) return Promise.resolve(saved).then(() => this.#tell(snapshot));
    }
    this.#tell(snapshot);
    return undefined;
  }

  #tell(snapshot: AnyMachineSnapshot): void {
    this.#waiters.notify(snapshot);
    if (snapshot.status !== "done" || this.#isOver) return;
    this.#isOver = true;
    this.#announce();
  }

  // Its beginning and its end.

  #start(record: MachineRecord | undefined): void {
    const root = this.#root;
    // With an observer, an error of the first step is not reported as unhandled.
    root.subscribe({ error: () => {} });
    if (this.#snapshot.status !== "error") root.start();
    if (this.#snapshot.status === "active" && this.#thrown === undefined && record !== undefined) {
      resumeDelays(root, record);
    }
    const { status, error } = this.#snapshot;
    const thrown = status === "error" ? { error } : this.#taken();
    if (thrown === undefined) return;
    this.#close();
    throw thrown.error;
  }

  #close(): void {
    this.#isClosed = true;
    if (this.#snapshot.status === "error") stopBelow(this.#root);
    else this.#root.stop();
    if (this.#owed !== undefined) this.#logLate(this.#owed.error);
  }

  #logLate(error: unknown): void {
    this.#ctx.log.error({ err: error }, "a machine was ending when this was thrown");
  }
}
