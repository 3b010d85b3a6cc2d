/**
 * One node of a seeded world, in one of its lives.
 *
 * Owns: the node's ports, and what befalls it: it stands still and goes on, is cut off and comes back,
 * is fenced, dies. What befalls it when is the world's business (`seeded-world.ts`).
 *
 * N1: while it stands still no turn of it runs; what reaches it waits, in order.
 * N2: while it is cut off it reaches neither stores nor nodes, and is not reached.
 * N3: once dead or fenced it does nothing that anybody sees: it has no turns, its calls have no
 *     effect, its events are not in the history.
 */

import { createSystem } from "../create-system.ts";
import { createTasks } from "../durable/create-tasks.ts";
import { EventFeed } from "../event-feed.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Membership, MemberTraits, NodeIdentity } from "../ports/membership.ts";
import type { ModelClients } from "../ports/model-client.ts";
import {
  blobsOf,
  eventLogsOf,
  keyValuesOf,
  queueOf,
  remindersOf,
  type StoreLine,
} from "../ports/node-stores.ts";
import type { Ports } from "../ports/ports.ts";
import type { Random } from "../ports/random.ts";
import type { Transport } from "../ports/transport.ts";
import type { Registration } from "../registration.ts";
import type { System } from "../system.ts";
import { TroupeError } from "../troupe-error.ts";
import type { ManualClock } from "./manual-clock.ts";
import type { ManualTime } from "./manual-time.ts";
import { WorldClock } from "./world-clock.ts";
import type { WorldHistory } from "./world-history.ts";
import type { TurnOwner } from "./world-scheduler.ts";
import type { WorldStores } from "./world-stores.ts";

/** What a node of a world is made from. */
export interface WorldNodeSetting {
  readonly identity: NodeIdentity;
  readonly traits: Partial<MemberTraits>;
  readonly owner: TurnOwner;
  readonly clock: ManualClock;
  readonly time: ManualTime;
  readonly random: Random;
  readonly log: Log;
  readonly history: WorldHistory;
  readonly stores: WorldStores;
  readonly models: (clock: Clock) => ModelClients;
  readonly actors: readonly Registration[] | undefined;
  /** Ports that the test gives instead. */
  readonly given: Partial<Ports>;
}

/** `paused` = N1, `isolated` = N2, `over` = N3. */
export type WorldNodePhase = "running" | "paused" | "isolated" | "over";

/** How long a call of a node that is cut off waits before it rejects. */
const CALL_LIMIT_MS = 5_000;

/** A node. */
export class WorldNode implements StoreLine {
  readonly identity: NodeIdentity;
  readonly system: System;
  readonly #owner: TurnOwner;
  readonly #clock: WorldClock;
  /** What it is told while it is cut off, in order. */
  #unheard: (() => void)[] = [];
  #phase: WorldNodePhase = "running";

  constructor(setting: WorldNodeSetting) {
    const { identity, owner, random, log, history, stores, given } = setting;
    this.identity = identity;
    this.#owner = owner;
    const clock = new WorldClock(setting.clock, (fire) => owner.turn("timers", fire), setting.time);
    this.#clock = clock;
    const events = new EventFeed(identity.name, clock);
    events.subscribe((event) => {
      if (this.#phase !== "over") history.add(event);
    });
    const membership = this.#membership(stores.members.join(identity, setting.traits));
    const keyValues = given.keyValues ?? keyValuesOf(this, stores.keyValues);
    const queue = given.queue ?? queueOf(this, stores.queue);
    this.system = createSystem({
      node: identity.name,
      clock,
      scheduler: owner.scheduler,
      random,
      log,
      events,
      transport: this.#transport(stores.links.join(identity.name)),
      membership,
      keyValues,
      queue,
      tasks: createTasks({
        queue,
        keyValues,
        membership,
        clock,
        random: random.fork("tasks"),
        events,
        log,
      }),
      eventLogs: eventLogsOf(this, stores.eventLogs),
      blobs: blobsOf(this, stores.blobs),
      reminders: remindersOf(this, stores.reminders),
      models: setting.models(clock),
      ...(setting.actors === undefined ? {} : { actors: setting.actors }),
      ...given,
    });
  }

  get phase(): WorldNodePhase {
    return this.#phase;
  }

  /** Stands still (N1). */
  pause(): void {
    this.#phase = "paused";
    this.#owner.hold();
  }

  /** Is cut off from the stores (N2); its links are the world's. */
  isolate(): void {
    this.#phase = "isolated";
  }

  /** Goes on, or comes back. */
  resume(): void {
    this.#phase = "running";
    this.#owner.release();
    for (const news of this.#unheard.splice(0)) news();
  }

  /** Its lease has run out while it was absent: it stands still until it comes back and learns so. */
  fence(): void {
    this.#owner.hold();
  }

  /** Dies, or is fenced (N3). */
  end(): void {
    this.#phase = "over";
    this.#owner.drop();
    this.#unheard = [];
  }

  // StoreLine

  get isOpen(): boolean {
    return this.#phase === "running" || this.#phase === "paused";
  }

  reach<T>(store: string, call: () => Promise<T>): Promise<T> {
    if (this.#phase === "over") return new Promise(() => {});
    if (this.#phase === "isolated") return this.#timeOut(store);
    return new Promise((resolve, reject) => {
      const answered = (settle: () => void) => {
        // An answer that finds nobody there is lost; the caller gives up in time.
        if (this.#phase === "isolated") this.#timeOut(store).catch(reject);
        else this.#owner.turn(store, settle);
      };
      call().then(
        (value) => answered(() => resolve(value)),
        (error: unknown) => answered(() => reject(error)),
      );
    });
  }

  hear(store: string, news: () => void): void {
    const inTurn = () => this.#owner.turn(store, news);
    if (this.#phase === "isolated") this.#unheard.push(inTurn);
    else inTurn();
  }

  #timeOut(store: string): Promise<never> {
    return new Promise((_resolve, reject) => {
      this.#clock.after(CALL_LIMIT_MS, () => {
        reject(new TroupeError("store.unavailable", `${store} did not answer in time`));
      });
    });
  }

  /** What the dead send reaches nobody, although another of their name may have joined. */
  #transport(transport: Transport): Transport {
    const isThere = () => this.#phase !== "over";
    return {
      node: transport.node,
      get mostBodyBytes() {
        return transport.mostBodyBytes ?? Number.POSITIVE_INFINITY;
      },
      attach: (sink) => transport.attach(sink),
      send: (to, envelope) => isThere() && transport.send(to, envelope),
      publish: (topic, envelope) => isThere() && transport.publish(topic, envelope),
      subscribe: (topic) => transport.subscribe(topic),
      unsubscribe: (topic) => transport.unsubscribe(topic),
    };
  }

  /** News of the members come in turns of this node; one that is cut off learns nothing. */
  #membership(view: Membership): Membership {
    return {
      self: view.self,
      members: () => view.members(),
      phaseOf: (node) => view.phaseOf(node),
      standing: () => this.#phase !== "over" && view.standing?.() !== false,
      verify: (node) => this.reach("members", async () => (await view.verify?.(node)) ?? "down"),
      subscribe: (listener) =>
        view.subscribe((event) => {
          if (this.#phase === "isolated") return;
          this.#owner.turn("membership", () => listener(event));
        }),
    };
  }
}
