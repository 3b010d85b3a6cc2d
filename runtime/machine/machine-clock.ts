/**
 * XState's clock on ours: what a machine delays hangs on the clock port.
 *
 * Owns: the delays outstanding, of a machine and of all machines below it, and how long each has left.
 * Its neighbour `machine-run.ts` decides when one that is due is carried out.
 *
 * C1: a delay that is due is handed over, never carried out by the clock itself.
 * C2: one that is called off is not carried out, also when it was handed over already.
 * C3: none is asked of the clock that is longer than a platform's timer can be.
 */
import type { AnyActorRef, EventObject } from "xstate";
import type { Cancel, Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";

/** An event on its way: from whom, to whom, and the name by which it can be called off. */
export interface DelayedEvent {
  readonly source: AnyActorRef;
  readonly target: AnyActorRef;
  readonly event: EventObject;
  readonly id: string;
}

/** What a machine's delays need. */
interface World {
  readonly clock: Clock;
  /** Read at the first delay without a name, and not before: it costs the actor its path. */
  readonly random: Random;
}

interface XStateClock {
  readonly setTimeout: (fire: () => void, delayMs: number) => unknown;
  readonly clearTimeout: (delay: unknown) => void;
}

/** The longest wait that is asked of the clock at once; platforms take no more than 2^31 - 1 ms. */
const LONGEST_MS = 2 ** 31 - 1;

class Delay {
  readonly about: DelayedEvent | undefined;
  readonly dueMs: number;
  isLive: boolean = true;
  cancel: Cancel = () => {};

  constructor(about: DelayedEvent | undefined, dueMs: number) {
    this.about = about;
    this.dueMs = dueMs;
  }
}

/** The delays of one machine. */
export class MachineClock {
  /** What XState takes for its clock. */
  readonly port: XStateClock = {
    setTimeout: (fire, delayMs) => this.#set(fire, delayMs),
    clearTimeout: (delay) => {
      if (delay instanceof Delay) this.#end(delay);
    },
  };
  readonly #world: World;
  readonly #due: (carryOut: () => void) => void;
  readonly #delays = new Set<Delay>();
  #about: DelayedEvent | undefined = undefined;

  /** @param due - takes what is to be carried out, when its time has come */
  constructor(world: World, due: (carryOut: () => void) => void) {
    this.#world = world;
    this.#due = due;
  }

  /** Notes of every event that `system` delays from now on what it is. */
  follow(system: AnyActorRef["system"]): void {
    const { scheduler } = system;
    const schedule = scheduler.schedule;
    scheduler.schedule = (source, target, event, delayMs, given) => {
      const id = given ?? this.#world.random.id();
      this.#about = { source, target, event, id };
      schedule(source, target, event, delayMs, id);
      this.#about = undefined;
    };
  }

  /** The events outstanding, with the milliseconds that each has left. */
  outstanding(): readonly (DelayedEvent & { readonly leftMs: number })[] {
    const nowMs = this.#world.clock.monotonicMs();
    return [...this.#delays].flatMap(({ about, dueMs }) =>
      about === undefined ? [] : [{ ...about, leftMs: Math.max(0, dueMs - nowMs) }],
    );
  }

  #set(fire: () => void, delayMs: number): Delay {
    const delay = new Delay(
      this.#about,
      this.#world.clock.monotonicMs() + Math.max(0, delayMs || 0),
    );
    this.#delays.add(delay);
    this.#arm(delay, fire);
    return delay;
  }

  #arm(delay: Delay, fire: () => void): void {
    const leftMs = delay.dueMs - this.#world.clock.monotonicMs();
    delay.cancel =
      leftMs > LONGEST_MS
        ? this.#world.clock.after(LONGEST_MS, () => this.#arm(delay, fire))
        : this.#world.clock.after(leftMs, () => this.#due(() => this.#carryOut(delay, fire)));
  }

  #carryOut(delay: Delay, fire: () => void): void {
    if (!delay.isLive) return;
    this.#end(delay);
    fire();
  }

  #end(delay: Delay): void {
    delay.isLive = false;
    delay.cancel();
    this.#delays.delete(delay);
  }
}
