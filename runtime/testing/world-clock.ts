/**
 * The clock of one node in a seeded world.
 *
 * Owns: that a node's timers fire in turns of that node, so that timers of several nodes which are due
 * at one instant fire in an order that chance decides, and those of a node that stands still wait.
 *
 * C1: the timers of a node fire in the order of their instants, then of their making.
 * C2: a timer that was called off does not fire, also when its turn was already waiting.
 */
import type { Duration } from "../duration.ts";
import type { Cancel, Clock } from "../ports/clock.ts";
import type { ManualTime } from "./manual-time.ts";

/** A clock that shows what the world's clock shows. */
export class WorldClock implements Clock, ManualTime {
  readonly #clock: Clock;
  readonly #turn: (fire: () => void) => void;
  readonly #time: ManualTime;

  /**
   * @param clock - the world's
   * @param turn - runs what it is given in a turn of the node
   * @param time - moves the world's time
   */
  constructor(clock: Clock, turn: (fire: () => void) => void, time: ManualTime) {
    this.#clock = clock;
    this.#turn = turn;
    this.#time = time;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  after(delayMs: number, fire: () => void): Cancel {
    let isSet: boolean = true;
    const fireOnce = () => {
      if (!isSet) return;
      isSet = false;
      fire();
    };
    const cancel = this.#clock.after(delayMs, () => this.#turn(fireOnce));
    return () => {
      isSet = false;
      cancel();
    };
  }

  advanceUntil(holds: () => boolean, within: Duration): Promise<boolean> {
    return this.#time.advanceUntil(holds, within);
  }
}
