/**
 * The nodes of a seeded world, and what befalls them.
 *
 * Owns: who lives, who is absent, and what the others make of that. One node's life is `world-node.ts`,
 * when an absent one is suspected or down `verdict.ts`.
 *
 * W4: a node that is gone, frozen or cut off for long enough is suspected, then down, as S21 has it;
 *     one that lives to see itself down acts no more.
 */
import type { Happening } from "../event.ts";
import type { Log } from "../log.ts";
import { hostMetadata } from "../placement/hosts.ts";
import type { Cancel } from "../ports/clock.ts";
import type { DelayRange } from "../ports/faults.ts";
import type { MemberPhase, MemberTraits } from "../ports/membership.ts";
import type { MemoryModels } from "../ports/memory-model-client.ts";
import type { Ports } from "../ports/ports.ts";
import { type Random, seededRandom } from "../ports/random.ts";
import type { Registration } from "../registration.ts";
import type { System } from "../system.ts";
import type { ManualClock } from "./manual-clock.ts";
import type { ManualTime } from "./manual-time.ts";
import { verdictOn } from "./verdict.ts";
import type { WorldHappening, WorldHistory } from "./world-history.ts";
import { WorldNode } from "./world-node.ts";
import type { TurnOwner, WorldScheduler } from "./world-scheduler.ts";
import type { WorldStores } from "./world-stores.ts";

/** How a node joins. */
export interface JoinOptions extends Partial<MemberTraits> {
  /** The actors that it can run when somebody asks for them by name. */
  readonly actors?: readonly Registration[];
  /** Ports of its own, instead of the world's. What they do is up to the test. */
  readonly ports?: Partial<Ports>;
}

/** What {@link WorldNodes} are made of: the parts of their world. */
export interface WorldNodesSetting {
  readonly seed: number;
  readonly clock: ManualClock;
  readonly time: ManualTime;
  /** Decides when an absent node is noticed. */
  readonly random: Random;
  readonly scheduler: WorldScheduler;
  readonly stores: WorldStores;
  readonly models: MemoryModels;
  readonly history: WorldHistory;
  readonly log: Log;
  readonly suspectedAfterMs: DelayRange;
  readonly downAfterMs: DelayRange;
  happened(happening: WorldHappening | Happening): void;
}

/** A world's nodes; see the file's header. */
export class WorldNodes {
  readonly #setting: WorldNodesSetting;
  /** The newest life of each node. */
  readonly #nodes = new Map<string, WorldNode>();
  readonly #owners = new Map<string, TurnOwner>();
  /** Calls off what the others are about to say of an absent node. */
  readonly #verdicts = new Map<WorldNode, Cancel>();
  #lives = 0;

  constructor(setting: WorldNodesSetting) {
    this.#setting = setting;
  }

  /** The system of a node, which joins when there is none. */
  system(name: string, join: JoinOptions): System {
    const known = this.#nodes.get(name);
    if (known !== undefined && known.phase !== "over") return known.system;
    const incarnation = String(++this.#lives);
    const { seed, clock, time, log, history, models, scheduler, stores } = this.#setting;
    const owner = scheduler.owner();
    this.#owners.set(name, owner);
    this.#setting.happened({ type: "world.joined", name, incarnation });
    const node = new WorldNode({
      identity: { name, incarnation },
      traits: {
        ...join,
        metadata: { ...join.metadata, ...hostMetadata(join.actors ?? []) },
      },
      owner,
      clock,
      time,
      random: seededRandom(seed).fork(`node ${name} ${incarnation}`),
      log,
      history,
      stores,
      models: (of) => models.clients(of),
      given: join.ports ?? {},
      actors: join.actors,
    });
    for (const [other, { phase }] of this.#nodes) {
      if (phase === "isolated") stores.links.disconnect(name, other);
    }
    this.#nodes.set(name, node);
    return node.system;
  }

  /** Something reaches a node from another one. */
  deliver(from: string, to: string, arrive: () => void): void {
    this.#owners.get(to)?.turn(`from ${from}`, arrive);
  }

  /** Those that have not crashed, in order of joining. */
  get names(): readonly string[] {
    return [...this.#nodes].filter(([, node]) => node.phase !== "over").map(([name]) => name);
  }

  crash(name: string): void {
    const node = this.#living(name);
    this.#setting.happened({ type: "world.crashed", name });
    node.end();
    this.#declare(node);
  }

  /**
   * Shuts a node down; it leaves.
   *
   * @param passing - lets time pass until the node has shut down
   */
  async stop(name: string, passing: (ended: Promise<void>) => Promise<void>): Promise<void> {
    const node = this.#running(name);
    this.#move(node, "draining");
    await passing(node.system.shutdown());
    this.#move(node, "down");
    this.#over(node);
  }

  pause(name: string): void {
    const node = this.#running(name);
    this.#setting.happened({ type: "world.paused", name });
    node.pause();
    this.#declare(node);
  }

  resume(name: string): void {
    this.#return(name, "paused", "world.resumed");
  }

  /** Cuts nodes off from all others and from the stores; they still reach one another. */
  isolate(names: readonly string[]): void {
    for (const node of names.map((name) => this.#running(name))) {
      const { name } = node.identity;
      this.#setting.happened({ type: "world.isolated", name });
      node.isolate();
      for (const other of this.#nodes.keys())
        if (!names.includes(other)) this.#setting.stores.links.disconnect(name, other);
      this.#declare(node);
    }
  }

  rejoin(name: string): void {
    this.#return(name, "isolated", "world.rejoined");
    const { links } = this.#setting.stores;
    for (const [other, { phase }] of this.#nodes) {
      if (phase === "isolated") links.disconnect(name, other);
      else links.connect(name, other);
    }
  }

  /** Ends those that are absent; resolves when the others have shut down. */
  shutDown(): Promise<unknown> {
    const ending: Promise<void>[] = [];
    for (const node of this.#nodes.values()) {
      if (node.phase === "running") ending.push(node.system.shutdown());
      else if (node.phase !== "over") this.#over(node);
    }
    return Promise.all(ending);
  }

  /** Ends those that are left. */
  finish(): void {
    for (const node of this.#nodes.values()) if (node.phase !== "over") this.#over(node);
  }

  #living(name: string): WorldNode {
    const node = this.#nodes.get(name);
    if (node !== undefined && node.phase !== "over") return node;
    throw new RangeError(`no such node in this world: ${name}`);
  }

  #running(name: string): WorldNode {
    const node = this.#living(name);
    if (node.phase === "running") return node;
    throw new RangeError(`${name} is ${node.phase}`);
  }

  /** An absent node comes back, or learns that it is too late. */
  #return(
    name: string,
    from: "paused" | "isolated",
    type: "world.resumed" | "world.rejoined",
  ): void {
    const node = this.#living(name);
    if (node.phase !== from) throw new RangeError(`${name} is not ${from} but ${node.phase}`);
    this.#setting.happened({ type, name });
    this.#verdicts.get(node)?.();
    const { members } = this.#setting.stores;
    if (members.phaseOf(node.identity) === "down") {
      this.#setting.happened({ type: "world.fenced", name });
      this.#over(node);
      return;
    }
    if (members.phaseOf(node.identity) === "suspected") this.#move(node, "up");
    node.resume();
  }

  /** The others find out that a node is absent (W4). */
  #declare(node: WorldNode): void {
    const { clock, random, suspectedAfterMs, downAfterMs, stores } = this.#setting;
    const verdict = verdictOn({
      clock,
      random,
      suspectedAfterMs,
      downAfterMs,
      isDown: () => stores.members.phaseOf(node.identity) === "down",
      declare: (phase) => {
        this.#move(node, phase);
        if (phase !== "down") return;
        node.fence();
        this.#leave(node);
      },
    });
    this.#verdicts.set(node, verdict);
  }

  #move({ identity }: WorldNode, phase: MemberPhase): void {
    this.#setting.stores.members.move(identity, phase);
    this.#setting.happened({ type: "node.changed", ...identity, phase });
  }

  #over(node: WorldNode): void {
    node.end();
    this.#leave(node);
  }

  /** From now on what is sent to the node is refused; before, it was lost. */
  #leave({ identity }: WorldNode): void {
    const newest = this.#nodes.get(identity.name);
    if (newest?.identity === identity) this.#setting.stores.links.leave(identity.name);
  }
}
