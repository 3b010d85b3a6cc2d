/**
 * Runs the turns of a world until it is at rest.
 *
 * Owns: when turns run, and when there are none left to wait for. Which turn is next is
 * `world-scheduler.ts`'s business.
 *
 * T1: between two turns promises settle, or do not, as chance has it: what a process would do in one
 *     stretch and what it would do in two are both seen.
 * T2: at rest = no turn was ready for three rounds of the event loop, in each of which all promises
 *     settled that could.
 * T3: a turn that throws breaks the world: whoever waits for rest, now or later, is told.
 *
 * Why rounds of the event loop: there is no other way to let all promises settle. Real input and
 * output inside a world would end in a round that no seed knows, and so has no place there.
 */
import type { Random } from "../ports/random.ts";

/** Where turns come from. */
export interface TurnSource {
  /** Runs one turn; `false` when none was ready. */
  runOne(): boolean;
}

/** Rounds without a turn after which the world is at rest; more than one for code that yields. */
const QUIET_ROUNDS = 3;
/** A world that ran this many turns without rest is taken for a live-lock. */
const MOST_TURNS = 5_000_000;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Runs turns. */
export class TurnPump {
  readonly #source: TurnSource;
  readonly #random: Random;
  #waiters: Waiter[] = [];
  #isRunning: boolean = false;
  #quiet = 0;
  #turns = 0;
  #broken: { readonly error: unknown } | undefined;

  constructor(source: TurnSource, random: Random) {
    this.#source = source;
    this.#random = random;
  }

  /** Sees to it that what is ready runs soon. */
  wake(): void {
    this.#quiet = 0;
    if (this.#isRunning || this.#broken !== undefined) return;
    this.#isRunning = true;
    this.#turns = 0;
    setImmediate(this.#round);
  }

  /**
   * Resolves when the world is at rest (T2).
   *
   * Rejects with what a turn threw (T3), and with a `RangeError` after five million turns without
   * rest: something schedules itself for ever.
   */
  rest(): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken.error);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.wake();
    });
  }

  /** Runs one turn and lets promises settle; `false` when none was ready. */
  async step(): Promise<boolean> {
    if (this.#broken !== undefined) throw this.#broken.error;
    const ran = this.#source.runOne();
    await new Promise<void>((resolve) => setImmediate(resolve));
    return ran;
  }

  readonly #round = (): void => {
    try {
      this.#run();
    } catch (error) {
      this.#broken = { error };
      this.#end((waiter) => waiter.reject(error));
      return;
    }
    if (this.#quiet < QUIET_ROUNDS) setImmediate(this.#round);
    else this.#end((waiter) => waiter.resolve());
  };

  #run(): void {
    let ran = false;
    while (this.#source.runOne()) {
      ran = true;
      if (++this.#turns > MOST_TURNS) throw new RangeError(`no rest after ${MOST_TURNS} turns`);
      if (this.#random.int(2) === 0) break;
    }
    this.#quiet = ran ? 0 : this.#quiet + 1;
  }

  #end(tell: (waiter: Waiter) => void): void {
    this.#isRunning = false;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) tell(waiter);
  }
}
