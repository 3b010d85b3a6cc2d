/**
 * A scheduler whose turns run when a test says so, in an order that a seed decides.
 *
 * Owns: the order of turns. Its neighbour `manual-clock.ts` owns time. Continuations of promises
 * are the platform's and are not ordered here.
 *
 * I1: all microtask turns run before the next macrotask turn.
 * I2: without a `Random`, turns run in the order in which they were scheduled.
 * I3: the same `Random` and the same work give the same order.
 */
import type { Random } from "../ports/random.ts";
import type { Scheduler } from "../ports/scheduler.ts";

/** Options of a {@link ManualScheduler}. */
export interface ManualSchedulerOptions {
  /** Chooses among the turns that are ready; in order of scheduling when absent. */
  readonly random?: Random;
}

/** A turn that scheduled itself this often without an end is taken for a live-lock. */
const MOST_TURNS = 1_000_000;

/** A manual scheduler. */
export class ManualScheduler implements Scheduler {
  readonly #random: Random | undefined;
  readonly #micro: (() => void)[] = [];
  readonly #macro: (() => void)[] = [];

  constructor(options: ManualSchedulerOptions = {}) {
    this.#random = options.random;
  }

  microtask(turn: () => void): void {
    this.#micro.push(turn);
  }

  macrotask(turn: () => void): void {
    this.#macro.push(turn);
  }

  /** How many turns are ready. */
  get ready(): number {
    return this.#micro.length + this.#macro.length;
  }

  /** Runs one turn; `false` when none was ready. */
  runOne(): boolean {
    const turn = this.#take(this.#micro) ?? this.#take(this.#macro);
    if (turn === undefined) return false;
    turn();
    return true;
  }

  /**
   * Runs turns until none is ready.
   *
   * @throws {RangeError} after a million turns: something schedules itself for ever
   */
  run(): void {
    for (let turns = 0; this.runOne(); turns++) {
      if (turns >= MOST_TURNS) throw new RangeError(`no rest after ${MOST_TURNS} turns`);
    }
  }

  /** Runs turns and lets promises settle in between until neither brings new turns. */
  async runAsync(): Promise<void> {
    do {
      this.run();
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (this.ready > 0);
  }

  #take(turns: (() => void)[]): (() => void) | undefined {
    if (this.#random === undefined || turns.length < 2) return turns.shift();
    return turns.splice(this.#random.int(turns.length), 1)[0];
  }
}
