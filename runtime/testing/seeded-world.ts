/**
 * A world in one process in which a whole cluster runs, and runs again in the same way.
 *
 * Owns: the parts of a world, and what a test does with it. What befalls nodes is `world-nodes.ts`, a
 * node's life `world-node.ts`, time `manual-clock.ts`, the order of turns `world-scheduler.ts`, what goes
 * wrong between nodes and in stores `world-stores.ts`, the record `world-history.ts`.
 *
 * W1: the same seed and the same doings of the test give the same history, byte for byte.
 * W2: time moves only when the test moves it; at each instant the world comes to rest first.
 * W3: real asynchronous code runs in it unchanged, as long as it waits for nothing but promises,
 *     actors, the node's clock and the node's stores: what waits for the process's own timers, files
 *     or sockets is outside the world, and no seed knows when it ends.
 * W4: a node that is gone, frozen or cut off for long enough is suspected, then down, as S21 has it;
 *     one that lives to see itself down acts no more.
 */

import { type Duration, durationMs } from "../duration.ts";
import type { Happening } from "../event.ts";
import { type Log, silentLog } from "../log.ts";
import type { DelayRange } from "../ports/faults.ts";
import { MemoryModels, type ModelScript, type ScriptedCall } from "../ports/memory-model-client.ts";
import { type Random, seededRandom } from "../ports/random.ts";
import type { Leadership } from "../ports/store-faults.ts";
import type { System } from "../system.ts";
import { ManualClock } from "./manual-clock.ts";
import type { ManualTime } from "./manual-time.ts";
import { TurnPump } from "./turn-pump.ts";
import { type WorldEvent, type WorldHappening, WorldHistory } from "./world-history.ts";
import { type JoinOptions, WorldNodes } from "./world-nodes.ts";
import { WorldScheduler } from "./world-scheduler.ts";
import {
  type InitialFaults,
  type WorldFaults,
  type WorldStores,
  worldStores,
} from "./world-stores.ts";

/** Options of {@link seededWorld}. */
export interface WorldOptions {
  /** Any 32-bit integer; it decides everything that chance decides. */
  readonly seed: number;
  /** Nodes to begin with, by name; others join when they are first asked for. */
  readonly nodes?: readonly string[];
  /** What goes wrong; default nothing. */
  readonly faults?: InitialFaults;
  /** What models answer, by name; the first is `auto`. Default none. */
  readonly models?: Readonly<Record<string, ModelScript>>;
  /** Where nodes log to; default nowhere. */
  readonly log?: Log;
  /** After how long an absent node is suspected; default 1 to 3 s. */
  readonly suspectedAfterMs?: DelayRange;
  /** After how long an absent node is down; default 4 to 6 s. */
  readonly downAfterMs?: DelayRange;
  /**
   * Whether ready turns run by themselves (`auto`, the default), or only in `step`, `settle` and
   * whatever moves time (`manual`).
   */
  readonly drive?: "auto" | "manual";
}

/** A store of the world that has a leader. */
export type LedStore = "keyValues" | "queue" | "eventLogs" | "blobs" | "reminders";

const SUSPECTED_AFTER_MS: DelayRange = [1_000, 3_000];
const DOWN_AFTER_MS: DelayRange = [4_000, 6_000];
const ALONE = "local";

/**
 * A world.
 *
 * @example
 * const world = seededWorld({ seed: 17 });
 * const ref = world.system("n1").spawn(counter);
 * ref.tell("add", 2);
 * const total = await world.run(ref.ask("total"));
 * await world.end();
 */
export function seededWorld(options: WorldOptions): SeededWorld {
  return new SeededWorld(options);
}

/** See {@link seededWorld}. */
export class SeededWorld implements ManualTime {
  readonly seed: number;
  /** The world's time; nodes have clocks of their own that show it. */
  readonly clock: ManualClock = new ManualClock();
  /** For the test's own choices; draws of the world do not shift it. */
  readonly random: Random;
  /** What goes wrong from now on. */
  readonly faults: WorldFaults;
  readonly #pump: TurnPump;
  readonly #scheduler: WorldScheduler;
  readonly #stores: WorldStores;
  readonly #models: MemoryModels;
  readonly #history = new WorldHistory();
  readonly #nodes: WorldNodes;
  #seq = 0;

  constructor(options: WorldOptions) {
    const root = seededRandom(options.seed);
    this.seed = options.seed;
    this.random = root.fork("test");
    const chance = root.fork("world");
    this.#scheduler = new WorldScheduler(root.fork("turns"), () => {
      if (options.drive !== "manual") this.#pump.wake();
    });
    this.#pump = new TurnPump(this.#scheduler, root.fork("stretches"));
    this.#stores = worldStores({
      clock: this.clock,
      random: root.fork("stores"),
      faults: options.faults ?? {},
      deliver: (from, to, arrive) => this.#nodes.deliver(from, to, arrive),
    });
    this.faults = this.#stores.faults;
    this.#models = new MemoryModels({
      models: options.models ?? {},
      random: root.fork("models"),
      faults: this.faults.models,
    });
    this.#nodes = new WorldNodes({
      seed: options.seed,
      clock: this.clock,
      time: this,
      random: chance,
      scheduler: this.#scheduler,
      stores: this.#stores,
      models: this.#models,
      history: this.#history,
      log: options.log ?? silentLog,
      suspectedAfterMs: options.suspectedAfterMs ?? SUSPECTED_AFTER_MS,
      downAfterMs: options.downAfterMs ?? DOWN_AFTER_MS,
      happened: (happening) => this.#happened(happening),
    });
    for (const name of options.nodes ?? []) this.system(name);
  }

  // Nodes

  /**
   * The system of a node. It joins when it is asked for the first time, and anew, as another
   * incarnation, when its last one crashed or was fenced.
   *
   * @param name - default `local`, for tests that need one node
   * @param join - counts only when it joins now
   */
  system(name: string = ALONE, join: JoinOptions = {}): System {
    return this.#nodes.system(name, join);
  }

  /** The nodes that have not crashed, by name, in order of joining. */
  get nodes(): readonly string[] {
    return this.#nodes.names;
  }

  /** The node's process is gone, with all that was in it; the others find out (W4). */
  crash(name: string): void {
    this.#nodes.crash(name);
  }

  /** The node shuts down in good order and leaves; lets time pass until it has. */
  async stop(name: string): Promise<void> {
    await this.#nodes.stop(name, (ended) => this.run(ended));
  }

  /** The node stands still: nothing in it runs, what reaches it waits. The others find out (W4). */
  pause(name: string): void {
    this.#nodes.pause(name);
  }

  /** A paused node goes on; it is fenced when the others have declared it down meanwhile. */
  resume(name: string): void {
    this.#nodes.resume(name);
  }

  /**
   * Nodes are cut off from all others and from the stores, as clients of servers in the minority are;
   * they still reach one another. The others find out (W4).
   */
  isolate(...names: readonly string[]): void {
    this.#nodes.isolate(names);
  }

  /** A node that was cut off comes back; it is fenced when it was declared down meanwhile. */
  rejoin(name: string): void {
    this.#nodes.rejoin(name);
  }

  /** Cuts the link between two nodes, both ways; nobody is suspected for that. */
  cut(a: string, b: string): void {
    this.#happened({ type: "world.cut", between: [a, b] });
    this.#stores.links.disconnect(a, b);
  }

  /** Heals the link between two nodes. */
  heal(a: string, b: string): void {
    this.#happened({ type: "world.healed", between: [a, b] });
    this.#stores.links.connect(a, b);
  }

  /** A store's leader is away, for 4 to 9 s unless it is said for how long; see {@link Leadership}. */
  loseLeader(store: LedStore, forHowLong?: Duration): void {
    const led: Leadership = this.#stores[store];
    const forMs = led.loseLeader(forHowLong === undefined ? undefined : durationMs(forHowLong));
    this.#happened({ type: "world.leader-lost", store, forMs });
  }

  /**
   * The server of all stores loses its power, and is away for 0.3 to 3 s unless it is said for how long.
   * What was not synced is gone: a store's `syncEveryMs` says what that is.
   */
  cutPower(forHowLong?: Duration): void {
    const { blobs, eventLogs, keyValues, queue, reminders } = this.#stores;
    const given = forHowLong === undefined ? undefined : durationMs(forHowLong);
    const forMs = keyValues.cutPower(given);
    for (const store of [queue, eventLogs, blobs, reminders]) store.cutPower(forMs);
    this.#happened({ type: "world.power-cut", forMs });
  }

  /** All calls of scripted models so far. */
  get modelCalls(): readonly ScriptedCall[] {
    return this.#models.calls;
  }

  // Time and turns

  /** Lets everything run that can run now; time stands still. */
  settle(): Promise<void> {
    return this.#pump.rest();
  }

  /** Runs one turn of one node, whichever the seed chooses; `false` when none was ready. */
  step(): Promise<boolean> {
    return this.#pump.step();
  }

  /** Moves time on, timer by timer; the world comes to rest at each. */
  async advance(duration: Duration): Promise<void> {
    await this.advanceUntil(() => false, duration);
  }

  async advanceUntil(holds: () => boolean, within: Duration): Promise<boolean> {
    const endMs = this.clock.monotonicMs() + durationMs(within);
    for (;;) {
      await this.#pump.rest();
      if (holds()) return true;
      const nextMs = this.clock.nextMs;
      if (nextMs > endMs) break;
      this.clock.advanceTo(nextMs);
    }
    this.clock.advanceTo(endMs);
    await this.#pump.rest();
    return holds();
  }

  /**
   * Lets time pass until a promise settles, and returns what it came to.
   *
   * @param within - default an hour of the world's time
   * @throws {RangeError} when it is still pending then; otherwise what the promise rejects with
   */
  async run<T>(promise: PromiseLike<T>, { within = "1h" }: { within?: Duration } = {}): Promise<T> {
    let isSettled: boolean = false;
    const settled = Promise.resolve(promise).finally(() => {
      isSettled = true;
    });
    settled.catch(() => {}); // it is handed over below; meanwhile nobody listens
    if (await this.advanceUntil(() => isSettled, within)) return settled;
    throw new RangeError(`still pending after ${within} of the world's time`);
  }

  /** Shuts all systems down, letting time pass; those of paused nodes die. */
  async end(): Promise<void> {
    await this.run(this.#nodes.shutDown());
    this.#nodes.finish();
  }

  // The record

  /** What happened so far, in order. */
  get events(): readonly WorldEvent[] {
    return this.#history.events;
  }

  /** The events of one type. */
  eventsOf<T extends WorldEvent["type"]>(
    type: T,
  ): readonly Extract<WorldEvent, { readonly type: T }>[] {
    return this.#history.events.filter(
      (event): event is Extract<WorldEvent, { readonly type: T }> => event.type === type,
    );
  }

  /** Writes a line of the test's own into the history. `data` is plain data. */
  note(text: string, data?: unknown): void {
    this.#happened(
      data === undefined ? { type: "world.noted", text } : { type: "world.noted", text, data },
    );
  }

  /** The history as canonical text: one line of JSON per event. */
  history(): string {
    return this.#history.text();
  }

  /** The SHA-256 of the history, hexadecimal. */
  hash(): string {
    return this.#history.hash();
  }

  #happened(happening: WorldHappening | Happening): void {
    const atMs = this.clock.nowMs();
    this.#history.add({ v: 1, node: "world", seq: ++this.#seq, atMs, ...happening });
  }
}
