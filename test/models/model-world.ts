/**
 * The world of one random schedule: a system on stepped time, its turns in a seeded order.
 *
 * Owns: time, turns, and the first rule that was seen broken. What is sent and expected is the
 * models' business.
 *
 * I1: one seed and the same commands give the same history.
 * I2: nothing is awaited but the world itself, so that a promise that never settles ends a run with a
 *     broken rule instead of no end.
 * I3: an observation inside a handler is kept here and thrown by `verdict`: thrown on the spot it would
 *     be a failure of the handler.
 */
import { createSystem } from "../../runtime/create-system.ts";
import type { DeadLetter } from "../../runtime/dead-letter.ts";
import type { TroupeEvent } from "../../runtime/event.ts";
import { EventFeed } from "../../runtime/event-feed.ts";
import { silentLog } from "../../runtime/log.ts";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import { type Random, seededRandom } from "../../runtime/ports/random.ts";
import type { System } from "../../runtime/system.ts";
import { ManualScheduler } from "../../runtime/testing/index.ts";

/** A rule that a run broke. */
export class BrokenRule extends Error {
  override readonly name = "BrokenRule";
}

interface Timer {
  readonly atMs: number;
  readonly fire: () => void;
}

/** A manual clock that can be stepped from timer to timer, and be late with all of them. */
class SteppedClock implements Clock {
  #elapsedMs = 0;
  readonly #timers = new Set<Timer>();

  nowMs(): number {
    return 1_767_225_600_000 + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, fire: () => void): Cancel {
    const timer = { atMs: this.#elapsedMs + Math.max(0, delayMs), fire };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many timers are outstanding. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Time passes and no timer fires, as when the process was held up. */
  lag(ms: number): void {
    this.#elapsedMs += ms;
  }

  /** Fires the next timer due by `endMs`; `false` when there is none. */
  fireNext(endMs: number): boolean {
    let next: Timer | undefined;
    for (const timer of this.#timers)
      if (next === undefined || timer.atMs < next.atMs) next = timer;
    if (next === undefined || next.atMs > endMs) return false;
    this.#timers.delete(next);
    this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
    next.fire();
    return true;
  }

  /** Moves on to `endMs`; no timer may be due before. */
  moveTo(endMs: number): void {
    this.#elapsedMs = Math.max(this.#elapsedMs, endMs);
  }
}

/** What befalls any world between a model's own commands. */
export type Passing =
  /** One turn of the scheduler; continuations of promises wait. */
  | { readonly type: "turn" }
  /** Some continuations of promises run, and no turn. */
  | { readonly type: "tick" }
  /** Everything runs that can without time. */
  | { readonly type: "settle" }
  | { readonly type: "advance"; readonly ms: number }
  /** Time passes, timers are late. */
  | { readonly type: "lag"; readonly ms: number };

/** A seeded world. */
export class ModelWorld {
  readonly clock: SteppedClock = new SteppedClock();
  readonly random: Random;
  readonly scheduler: ManualScheduler;
  readonly system: System;
  /** All dead letters, in order. */
  readonly letters: DeadLetter[] = [];
  #onEvent: (event: TroupeEvent) => void = () => {};
  #broken: BrokenRule | undefined;

  /** @param watched - whether the event feed has a subscriber; by the seed when not said */
  constructor(seed: number, watched?: boolean) {
    const random = seededRandom(seed);
    this.random = random.fork("model");
    this.scheduler = new ManualScheduler({ random: random.fork("turns") });
    const feed = new EventFeed("local", this.clock);
    if (watched ?? random.fork("watched").int(2) === 0) {
      feed.subscribe((event) => this.#onEvent(event));
    }
    this.system = createSystem({
      clock: this.clock,
      scheduler: this.scheduler,
      random: random.fork("system"),
      log: silentLog,
      events: feed,
    });
    this.system.onDeadLetter((letter) => this.letters.push(letter));
  }

  /** Shows every event from now on, in a world that is watched. */
  onEvent(see: (event: TroupeEvent) => void): void {
    this.#onEvent = see;
  }

  get nowMs(): number {
    return this.clock.monotonicMs();
  }

  /** Notes that a rule is broken unless `holds`; the first one is what `verdict` throws. */
  expect(holds: boolean, rule: string): void {
    if (!holds) this.#broken ??= new BrokenRule(`${rule} (at ${this.nowMs} ms)`);
  }

  /** @throws {BrokenRule} when one was noted */
  verdict(): void {
    if (this.#broken !== undefined) throw this.#broken;
  }

  /** Waits on the world's clock; for handlers. */
  after(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  async pass(passing: Passing): Promise<void> {
    switch (passing.type) {
      case "turn":
        this.scheduler.runOne();
        return;
      case "tick":
        await Promise.resolve();
        return;
      case "settle":
        await this.settle();
        return;
      case "advance":
        await this.advance(passing.ms);
        return;
      case "lag":
        this.clock.lag(passing.ms);
        return;
    }
  }

  /** Runs turns and continuations until neither is left; time stands still. */
  async settle(): Promise<void> {
    await this.scheduler.runAsync();
  }

  /** Moves time on; at each instant whatever is ready runs before the next. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await this.settle();
    while (this.clock.fireNext(endMs)) await this.settle();
    this.clock.moveTo(endMs);
  }

  /** Moves time on until `promise` settled; notes `rule` as broken when it has not after `ms`. */
  async until(promise: Promise<unknown>, ms: number, rule: string): Promise<void> {
    let settled = false;
    const note = (): void => {
      settled = true;
    };
    promise.then(note, note);
    await this.settle();
    const endMs = this.nowMs + ms;
    while (!settled && this.clock.fireNext(endMs)) await this.settle();
    this.expect(settled, rule);
  }

  /** Shuts the system down and checks what holds of every world that has ended. */
  async end(): Promise<void> {
    this.verdict();
    const deadlineMs = 10_000;
    const done = this.system.shutdown({ deadline: deadlineMs });
    await this.until(done, deadlineMs + 100, "S9: the shutdown of a system ends by its deadline");
    await this.settle();
    const { pendingReplies, deadLetters } = this.system;
    this.expect(pendingReplies === 0, `A4: ${pendingReplies} answers are awaited after the end`);
    this.expect(
      deadLetters === this.letters.length,
      `S17: ${deadLetters} dead letters were counted and ${this.letters.length} shown`,
    );
    this.verdict();
  }
}

/** Something that a handler waits for and a command opens. */
export interface Gate {
  readonly passed: Promise<void>;
  readonly open: () => void;
}

/** A closed gate. */
export function gate(): Gate {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
