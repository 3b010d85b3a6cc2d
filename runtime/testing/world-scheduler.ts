/**
 * Whose turn it is in a seeded world: chance decides, and the seed decides chance.
 *
 * Owns: the order of turns of all nodes and links. Its neighbour `turn-pump.ts` owns when turns run,
 * `manual-clock.ts` time. Continuations of promises are the platform's and run in its order.
 *
 * Turns stand in lanes. What must keep its order shares a lane: the microtasks of a node, its
 * macrotasks, its timers, the envelopes of one link.
 *
 * I1: the turns of a lane run in the order in which they came.
 * I2: a node's macrotasks wait until it has no microtask left, as in a process.
 * I3: which lane has the next turn is drawn anew for each turn, from the scheduler's `Random` alone.
 * I4: no turn of an owner runs while it is held; once it was dropped, none ever.
 *
 * Cost: O(1) a turn, however many lanes.
 */
import type { Random } from "../ports/random.ts";
import type { Scheduler } from "../ports/scheduler.ts";

/** Who has turns: a node in one of its lives, or a part of the world. */
export interface TurnOwner {
  /** Its place in the process order: microtasks, macrotasks, timers. */
  readonly scheduler: Scheduler;
  /** Runs `turn` in a lane of the owner's own. */
  turn(lane: string, turn: () => void): void;
  /** Keeps its turns back, in order, until {@link release}. */
  hold(): void;
  /** Lets its turns go on. */
  release(): void;
  /** Forgets its turns and all that it will ever want. */
  drop(): void;
}

/** Deals out the turns of a world. */
export class WorldScheduler {
  readonly #random: Random;
  readonly #wake: () => void;
  /** Lanes with turns whose owner is not held. */
  readonly #ready: Lane[] = [];

  /**
   * @param random - draws the order; nobody else may draw from it
   * @param wake - called when a turn became ready
   */
  constructor(random: Random, wake: () => void) {
    this.#random = random;
    this.#wake = wake;
  }

  /** Somebody with turns of its own. */
  owner(): TurnOwner {
    return new Owner(this.#ready, this.#wake, (ready) => this.#random.int(ready));
  }

  /** Whether a turn could run now. */
  get isReady(): boolean {
    return this.#ready.length > 0;
  }

  /** Runs one turn; `false` when none was ready. */
  runOne(): boolean {
    const { length } = this.#ready;
    if (length === 0) return false;
    const drawn = this.#ready[length === 1 ? 0 : this.#random.int(length)];
    const before = drawn?.before;
    const lane = before !== undefined && before.turns.length > 0 ? before : drawn;
    const turn = lane?.turns.shift();
    if (lane !== undefined && lane.turns.length === 0) remove(this.#ready, lane);
    turn?.();
    return true;
  }
}

interface Lane {
  readonly turns: (() => void)[];
  /** The lane whose turns all come before those of this one. */
  readonly before: Lane | undefined;
  /** Where it stands among the ready lanes; -1 when it does not. */
  place: number;
}

type Phase = "running" | "held" | "dropped";

class Owner implements TurnOwner {
  readonly scheduler: Scheduler;
  readonly #ready: Lane[];
  readonly #wake: () => void;
  readonly #lanes = new Map<string, Lane>();
  #phase: Phase = "running";

  constructor(ready: Lane[], wake: () => void, pick: (ready: number) => number) {
    this.#ready = ready;
    this.#wake = wake;
    const micro = this.#lane("micro");
    const macro = this.#lane("macro", micro);
    this.scheduler = {
      microtask: (turn) => this.#push(micro, turn),
      macrotask: (turn) => this.#push(macro, turn),
      pick,
    };
  }

  turn(lane: string, turn: () => void): void {
    this.#push(this.#lanes.get(lane) ?? this.#lane(lane), turn);
  }

  hold(): void {
    if (this.#phase !== "running") return;
    this.#phase = "held";
    for (const lane of this.#lanes.values()) remove(this.#ready, lane);
  }

  release(): void {
    if (this.#phase !== "held") return;
    this.#phase = "running";
    for (const lane of this.#lanes.values()) if (lane.turns.length > 0) this.#add(lane);
  }

  drop(): void {
    this.#phase = "dropped";
    for (const lane of this.#lanes.values()) remove(this.#ready, lane);
    this.#lanes.clear();
  }

  #lane(name: string, before?: Lane): Lane {
    const lane: Lane = { turns: [], before, place: -1 };
    this.#lanes.set(name, lane);
    return lane;
  }

  #push(lane: Lane, turn: () => void): void {
    if (this.#phase === "dropped") return;
    lane.turns.push(turn);
    if (this.#phase === "running" && lane.place < 0) this.#add(lane);
  }

  #add(lane: Lane): void {
    lane.place = this.#ready.length;
    this.#ready.push(lane);
    this.#wake();
  }
}

/** Takes a lane out; the last one takes its place. */
function remove(ready: Lane[], lane: Lane): void {
  const { place } = lane;
  if (place < 0) return;
  lane.place = -1;
  const last = ready.pop();
  if (last === undefined || last === lane) return;
  ready[place] = last;
  last.place = place;
}
