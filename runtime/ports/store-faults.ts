/**
 * What all stores have in common when they go wrong: the way to the leader and back.
 *
 * Owns: whether and when a call has its effect, and what its caller learns. The effect is the
 * store's own business (`memory-key-value.ts`, `memory-durable-queue.ts`, `memory-event-log.ts`,
 * `memory-blob-store.ts`).
 *
 * I1: with all switches off a call has its effect within the call and settles in a microtask.
 * I2: calls have their effects in the order in which they were made, whatever their delays.
 * I3: a call that found the leader away waits for it, at most 5 s; then it rejects
 *     with `store.unavailable` and never has an effect.
 * I4: a power cut undoes what was changed since the last sync, the latest first, and nothing else.
 *
 * Source: what JetStream was seen to do; a leader's election takes 4 to 9 s there.
 */

import { TroupeError } from "../troupe-error.ts";
import type { Clock } from "./clock.ts";
import { type DelayRange, drawnMs, happens } from "./faults.ts";
import { type Random, seededRandom } from "./random.ts";

/** What can go wrong with any store; all off at first, changed by tests while it runs. */
export interface StoreFaults {
  /** Every call rejects with `store.unavailable` and has no effect. */
  unavailable: boolean;
  /** The share of calls that reject with `store.unavailable` and have no effect, 0..1. */
  refusedShare: number;
  /** The next so many writes are stored, yet reject with `store.unavailable`. */
  storedButTimedOut: number;
  /** The share of writes that are stored, yet reject with `store.unavailable`, 0..1. */
  storedButTimedOutShare: number;
  /**
   * How long after its rejection a write in doubt is stored, out of order; `[0, 0]` = before it. One that
   * meets a leader's absence or a power cut on its way is lost.
   */
  storedLateMs: DelayRange;
  /**
   * How often what was acknowledged is synced to the disk, in milliseconds: a server's default is every
   * 120,000. 0 = before each acknowledgement, `sync_interval: always`.
   */
  syncEveryMs: number;
  /** How long a call is on its way, and its answer on its way back. */
  delayMs: DelayRange;
  /** What a call does while the leader is away: wait for it (I3), or reject at once. */
  whileAway: "waits" | "rejects";
}

/** A store whose leader can go. */
export interface Leadership {
  /**
   * The leader is away for `forMs`, or for 4 to 9 s by the store's chance: calls wait or reject,
   * watches, follows and pulls hear nothing; afterwards all goes on.
   *
   * @returns for how long, in milliseconds
   */
  loseLeader(forMs?: number): number;
}

/** A store whose server can lose its power. */
export interface Power {
  /**
   * The server loses its power and with it all that was not synced, then starts again: it is away for
   * `forMs`, or for 0.3 to 3 s by the store's chance, as while a leader is.
   *
   * @returns for how long, in milliseconds
   */
  cutPower(forMs?: number): number;
}

/** A store's faults at first: all off. */
export function noStoreFaults(): StoreFaults {
  return {
    unavailable: false,
    refusedShare: 0,
    storedButTimedOut: 0,
    storedButTimedOutShare: 0,
    storedLateMs: [0, 0],
    syncEveryMs: 0,
    delayMs: [0, 0],
    whileAway: "waits",
  };
}

/** How long a call waits for its leader; the client's default. */
const CALL_LIMIT_MS = 5_000;

const ELECTION_MS: DelayRange = [4_000, 9_000];
/** How long a server takes to start again, its disk and its clients included. */
const RESTART_MS: DelayRange = [300, 3_000];

/** The calls of one store. */
export class StoreCalls {
  readonly random: Random;
  readonly #clock: Clock;
  readonly #faults: StoreFaults;
  readonly #what: string;
  #backMs = -Infinity;
  /** When the last call on its way has its effect (I2). */
  #lastEffectMs = -Infinity;
  /** How many calls are on their way. */
  #underWay = 0;
  /** How often the leader went: what is on its way meanwhile is lost. */
  #losses = 0;
  /** What undoes the changes since the last sync, oldest first (I4). */
  readonly #unsynced: (() => void)[] = [];
  /** Which sync comes next, counted from the clock's beginning. */
  #period = 0;

  /** @param what - the store as its errors name it, for example `the queue` */
  constructor(
    what: string,
    faults: StoreFaults,
    world: { readonly clock: Clock; readonly random?: Random | undefined },
  ) {
    this.#what = what;
    this.#faults = faults;
    this.#clock = world.clock;
    this.random = world.random ?? seededRandom(0);
  }

  /** Whether nothing can be reached now: no call, no watch, no acknowledgement. */
  get isAway(): boolean {
    return this.#faults.unavailable || this.#clock.monotonicMs() < this.#backMs;
  }

  /** The leader goes; `back` is called when it is there again. See {@link Leadership}. */
  loseLeader(forMs: number | undefined, back: () => void): number {
    const awayMs = forMs ?? drawnMs(this.random, ELECTION_MS);
    this.#losses++;
    this.#backMs = Math.max(this.#backMs, this.#clock.monotonicMs() + awayMs);
    this.#clock.after(awayMs, back);
    return awayMs;
  }

  /** The server loses its power; `back` is called when it is there again. See {@link Power}. */
  cutPower(forMs: number | undefined, back: () => void): number {
    this.#sync();
    for (const undo of this.#unsynced.splice(0).reverse()) undo();
    return this.loseLeader(forMs ?? drawnMs(this.random, RESTART_MS), back);
  }

  /** Something was changed; `undo` takes it back, should the power go before the next sync (I4). */
  changed(undo: () => void): void {
    this.#sync();
    if (this.#faults.syncEveryMs > 0) this.#unsynced.push(undo);
  }

  /** A call that changes nothing. */
  async read<T>(effect: () => T): Promise<T> {
    this.#refuse();
    if (this.#isDirect) return effect();
    await this.#arrival();
    const result = effect();
    await this.#answer();
    return result;
  }

  /** A call that may change something; `stored` says whether it did. */
  async write<T>(effect: () => T, stored: (result: T) => boolean): Promise<T> {
    this.#refuse();
    if (!this.#isDirect) await this.#arrival();
    const comesLate = this.#faults.storedLateMs[1] > 0;
    if (comesLate && this.#isInDoubt()) {
      this.#storeLate(effect);
      throw this.#failure();
    }
    const result = effect();
    if (!comesLate && stored(result) && this.#isInDoubt()) throw this.#failure();
    if (!this.#isDirect) await this.#answer();
    return result;
  }

  get #isDirect(): boolean {
    return this.#faults.delayMs[1] <= 0 && this.#underWay === 0 && !this.isAway;
  }

  #refuse(): void {
    const { unavailable, refusedShare, whileAway } = this.#faults;
    const refuses = unavailable || (whileAway === "rejects" && this.isAway);
    if (refuses || happens(this.random, refusedShare)) throw this.#failure();
  }

  #isInDoubt(): boolean {
    if (this.#faults.storedButTimedOut > 0) {
      this.#faults.storedButTimedOut--;
      return true;
    }
    return happens(this.random, this.#faults.storedButTimedOutShare);
  }

  #storeLate(effect: () => unknown): void {
    const losses = this.#losses;
    this.#clock.after(drawnMs(this.random, this.#faults.storedLateMs), () => {
      if (losses === this.#losses && !this.isAway) effect();
    });
  }

  /** What was changed in an earlier period is synced by now. */
  #sync(): void {
    const { syncEveryMs } = this.#faults;
    const period = syncEveryMs > 0 ? Math.floor(this.#clock.monotonicMs() / syncEveryMs) : 0;
    if (syncEveryMs > 0 && period === this.#period) return;
    this.#period = period;
    this.#unsynced.length = 0;
  }

  /** Resolves when the call is to have its effect (I2, I3). */
  async #arrival(): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const arrivesMs = nowMs + drawnMs(this.random, this.#faults.delayMs);
    const effectMs = Math.max(arrivesMs, this.#lastEffectMs, this.#backMs);
    if (effectMs - nowMs > CALL_LIMIT_MS) {
      await this.#pause(CALL_LIMIT_MS);
      throw this.#failure();
    }
    this.#lastEffectMs = effectMs;
    this.#underWay++;
    await this.#pause(effectMs - nowMs);
    this.#underWay--;
    // The leader went while the call was on its way.
    if (this.isAway) throw this.#failure();
  }

  async #answer(): Promise<void> {
    const delayMs = drawnMs(this.random, this.#faults.delayMs);
    if (delayMs > 0) await this.#pause(delayMs);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(ms, resolve);
    });
  }

  #failure(): TroupeError {
    return new TroupeError("store.unavailable", `${this.#what} did not answer in time`);
  }
}
