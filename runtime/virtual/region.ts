/**
 * The units that this node owns, and the actors in them.
 *
 * Owns: claiming units, admitting what comes for them, giving them away. Its neighbour `router.ts` owns
 * what this node sends, `hosted-type.ts` the activations, `ownership-store.ts` the registry.
 *
 * One file: claiming, admitting and giving are steps of one state machine, and R1 and R2 hold between them.
 *
 * V1: a unit has one owner per token, and tokens grow: every change is a compare-and-set.
 * V2: nothing is admitted, and no activation holds, unless this node's lease is fresh on its own clock.
 * R1: what was sent under a token is admitted while that token is held, or goes back to its origin; once
 *     one message under a token went back, all later ones do. So an origin sees a prefix admitted. A unit
 *     that is won with a token under which something went back is won once more, for a new one.
 * R2: a unit is given away only after its activations have ended: each finishes the message in hand, and
 *     what it has not handled goes back before what came since.
 * R3: a message never waits here longer than a hand-over takes, and a hand-over has a deadline. Past it the
 *     unit is let go, whoever is its owner on record: what waited goes on, and is found an owner by the
 *     registry. Should that be this node still, it wins the unit once more, for a new token.
 * R4: a region that is closed takes only what the registry says is its own already, so that it can be given on: a
 *     node is given units until the others have heard that it leaves.
 */
import type { ExitReason } from "../exit-reason.ts";
import type { Cell } from "../kernel/cell.ts";
import { Deferred } from "../kernel/deferred.ts";
import { Delay } from "../kernel/delay.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Owner } from "../placement/ownership.ts";
import type { Unit } from "../placement/unit.ts";
import type { NodeIdentity } from "../ports/membership.ts";
import { messageOf } from "../troupe-error.ts";
import type { Entry } from "./entry.ts";
import { Holding } from "./holding.ts";
import { type HostedType, passivationReason } from "./hosted-type.ts";
import type { Item } from "./item.ts";
import type { Ownership } from "./ownership-store.ts";
import { SpentTokens } from "./spent-tokens.ts";

const GIVE_TRIES_MS = 250;
/** How long the registry may take to note a new owner. */
const GIVE_MS = 10_000;
/** How long a singleton that ended for good stays away. */
const SINGLETON_PAUSE_MS = 1_000;

/** What a region needs of its node. */
export interface RegionSetting {
  readonly kernel: Kernel;
  readonly ownership: Ownership;
  /** By name. */
  readonly types: ReadonlyMap<string, HostedType>;
  /** This node's own routes follow: whoever sends from here learns it first. */
  ownerChanged(unit: Unit, before: number, owner: Owner | undefined): void;
  /** A unit is held from now on. */
  taken(holding: Holding): void;
}

/** The units of this node; see the file's header. */
export class Region {
  readonly self: NodeIdentity;
  readonly #setting: RegionSetting;
  readonly #holdings = new Map<string, Holding>();
  readonly #claims = new Map<string, Promise<Owner | undefined>>();
  readonly #spent: SpentTokens = new SpentTokens();
  /** Shards and singletons that were let go without a word of who owns them now (R3). */
  readonly #unsure = new Set<string>();
  #phase: "open" | "closed" | "over" = "open";

  constructor(setting: RegionSetting) {
    this.#setting = setting;
    this.self = setting.kernel.ports.membership.self;
  }

  /** Whether this node may act (V2). */
  standing(): boolean {
    return this.#setting.kernel.ports.membership.standing?.() ?? true;
  }

  /** Whether this node can run anything at all. */
  get mayHold(): boolean {
    return this.#setting.types.size > 0;
  }

  /** Takes no more units (R4). */
  close(): void {
    if (this.#phase === "open") this.#phase = "closed";
  }

  /** Activates nothing more: what is left of activations that end now is refused. */
  end(): void {
    this.#phase = "over";
    for (const holding of this.#holdings.values()) {
      for (const item of [...holding.leftovers.splice(0), ...holding.takeWaiting()]) {
        this.#sendBack(item, holding.unit, undefined);
      }
    }
  }

  /** Resolves when all claims that are under way have come to something. */
  async claimed(): Promise<void> {
    await Promise.all(this.#claims.values());
  }

  /** The units that it holds. */
  holdings(): readonly Holding[] {
    return [...this.#holdings.values()];
  }

  /** The holding of a unit, whatever its phase. */
  holdingOf(unit: Pick<Unit, "id">): Holding | undefined {
    return this.#holdings.get(unit.id);
  }

  /** The cell that is active for a key of a unit that is held; `undefined` when anything stands between. */
  activeCell(type: string, key: string): Cell | undefined {
    const hosted = this.#setting.types.get(type);
    const entry = hosted?.find(key);
    if (hosted === undefined || entry === undefined || entry.phase !== "active") return undefined;
    if (entry.holding.phase !== "held") return undefined;
    hosted.used(entry);
    return entry.cell;
  }

  /** Takes an item that was sent under `item.token`; `false` = that is not held here, and nothing happened. */
  take(item: Item, unit: Unit): boolean {
    const holding = this.#holdings.get(unit.id);
    if (holding?.token !== item.token || this.#isOver || !this.standing()) return false;
    switch (holding.phase) {
      case "held":
        this.#admit(item, holding);
        return true;
      case "giving":
        holding.wait(item);
        return true;
      case "claiming":
      case "gone":
        return false;
    }
  }

  /** Something came from another node (R1); `known` is the owner as far as this node has heard. */
  arrived(item: Item, unit: Unit, known: Owner | undefined): void {
    if (!this.standing()) return;
    let holding = this.#holdings.get(unit.id);
    // A question without a token wants an owner; a message with a newer one knows that this node was
    // given the unit, and so may this node itself. Only the registry can tell.
    const isNewer = item.token === 0 || known === undefined || item.token > known.token;
    if (holding === undefined && (isNewer || this.#isMine(known))) {
      void this.claim(unit);
      holding = this.#holdings.get(unit.id);
    }
    if (holding === undefined) this.#sendBack(item, unit, known);
    else if (holding.phase === "claiming" || holding.phase === "giving") holding.wait(item);
    else this.#admitOrReturn(item, holding);
  }

  #admitOrReturn(item: Item, holding: Holding): void {
    if (item.key !== undefined && item.token === holding.token) this.#admit(item, holding);
    else item.moveOn(holding.unit, this.#me(holding.token));
  }

  /** What is not admitted under its token goes back, and so does all that follows under it (R1). */
  #sendBack(item: Item, unit: Unit, owner: Owner | undefined): void {
    if (item.key !== undefined) this.#spent.add(unit.id, item.token);
    item.moveOn(unit, owner);
  }

  /**
   * Takes a unit when it is free, and learns whose it is when it is not; never rejects, and `undefined`
   * when that cannot be found out now.
   */
  claim(unit: Unit): Promise<Owner | undefined> {
    const known = this.#holdings.get(unit.id);
    if (known?.phase === "held") return Promise.resolve(this.#me(known.token));
    const underWay = this.#claims.get(unit.id);
    if (underWay !== undefined) return underWay;
    if (this.#phase === "over" || known !== undefined || !this.#setting.types.has(unit.type)) {
      return Promise.resolve(undefined);
    }
    const holding = new Holding(unit);
    this.#holdings.set(unit.id, holding);
    const now = this.#phase === "open" ? this.#setting.ownership.claimNow(unit) : undefined;
    if (now !== undefined) {
      this.#won(holding, now);
      return Promise.resolve(this.#me(now));
    }
    const claiming = this.#claim(holding).finally(() => this.#claims.delete(unit.id));
    this.#claims.set(unit.id, claiming);
    return claiming;
  }

  /** Whether a unit may be this node's on record, although it does not hold it. */
  isUnsure(unit: Unit): boolean {
    return this.#unsure.has(unit.id);
  }

  /** As {@link claim}, where no store need be asked. */
  claimNow(unit: Unit): Owner | undefined {
    if (!this.#setting.ownership.isAlone) return undefined;
    void this.claim(unit);
    const holding = this.#holdings.get(unit.id);
    return holding?.phase === "held" ? this.#me(holding.token) : undefined;
  }

  async #claim(holding: Holding): Promise<Owner | undefined> {
    const { unit } = holding;
    let owner: Owner | undefined;
    try {
      const { ownership } = this.#setting;
      const claimed =
        this.#phase === "open" ? await ownership.claim(unit) : await ownership.read(unit);
      const isSpent = this.#isMine(claimed) && this.#spent.has(unit.id, claimed.token);
      owner = isSpent ? await ownership.give(unit, claimed.token, this.self) : claimed;
    } catch (error) {
      this.#setting.kernel.ports.log.debug(
        { unit: unit.id, error: messageOf(error) },
        "not claimed",
      );
    }
    if (owner !== undefined) this.#unsure.delete(unit.id);
    if (this.#isMine(owner) && !this.#isOver) {
      this.#spent.forget(unit.id);
      this.#won(holding, owner.token);
      return owner;
    }
    holding.phase = "gone";
    this.#holdings.delete(unit.id);
    for (const item of holding.takeWaiting()) this.#sendBack(item, unit, owner);
    return owner;
  }

  get #isOver(): boolean {
    return this.#phase === "over";
  }

  #isMine(owner: Owner | undefined): owner is Owner {
    return owner?.node === this.self.name && owner.incarnation === this.self.incarnation;
  }

  #won(holding: Holding, token: number): void {
    const { kernel } = this.#setting;
    const { unit } = holding;
    holding.token = token;
    holding.phase = "held";
    holding.sinceMs = kernel.nowMs();
    this.#emit({ type: "shard.taken", unit: unit.id, token });
    for (const item of holding.takeWaiting()) this.#admitOrReturn(item, holding);
    this.keep(holding);
    this.#setting.taken(holding);
  }

  /** Activates the singleton of a unit that is held. */
  keep(holding: Holding): void {
    const type = this.#setting.types.get(holding.unit.type);
    if (type === undefined || type.registration.kind !== "singleton") return;
    if (holding.phase !== "held" || this.#phase !== "open" || type.find(type.name) !== undefined)
      return;
    const entry = type.activate(type.name, holding);
    if (typeof entry !== "string") this.#activated(entry);
  }

  #admit(item: Item, holding: Holding): void {
    const { key } = item;
    const type = this.#setting.types.get(holding.unit.type);
    if (key === undefined || type === undefined || !type.knows(key)) {
      item.refuse("no-such-actor");
      return;
    }
    const known = type.find(key);
    type.admit(item, key, holding);
    const entry = type.find(key);
    if (known === undefined && entry !== undefined) this.#activated(entry);
  }

  #activated({ type, key, token }: Entry): void {
    this.#emit({ type: "activation.started", actor: type, key, token });
  }

  /** An activation has ended: what it left goes to the next one, or waits for the next owner. */
  ended(entry: Entry, left: readonly Item[], reason: ExitReason): void {
    const { holding } = entry;
    const type = this.#setting.types.get(entry.type);
    type?.remove(entry);
    const why = passivationReason(reason, holding);
    const { type: actor, key, token } = entry;
    this.#emit({ type: "activation.passivated", actor, key, token, reason: why });
    if (this.#phase === "over") {
      for (const item of left) item.refuse("stopped");
      return;
    }
    switch (holding.phase) {
      case "held":
        for (const item of left) this.#admit(item, holding);
        if (type?.registration.kind === "singleton") this.#keepLater(holding);
        else if (holding.unit.placement === "local" && holding.entries.size === 0) {
          void this.#release(holding);
        }
        return;
      case "giving":
        holding.leftovers.push(...left);
        if (holding.entries.size === 0) holding.emptied?.resolve();
        return;
      case "gone":
      case "claiming":
        // What came later has gone on already, and must not be overtaken from behind.
        for (const item of left) item.refuse("stopped");
        return;
    }
  }

  #keepLater(holding: Holding): void {
    const { clock } = this.#setting.kernel.ports;
    clock.after(SINGLETON_PAUSE_MS, () => this.keep(holding));
  }

  /** Of an actor that is where it was first needed nothing stays behind when it is not needed. */
  async #release(holding: Holding): Promise<void> {
    const { ownership, kernel } = this.#setting;
    holding.phase = "giving";
    try {
      await ownership.release(holding.unit, holding.token);
    } catch (error) {
      kernel.ports.log.debug({ unit: holding.unit.id, error: messageOf(error) }, "not released");
      // It may be found on record again, with the token under which things go back now.
      this.#spent.add(holding.unit.id, holding.token);
    }
    this.#left(holding, undefined);
  }

  /**
   * Gives a unit away, once its activations have ended.
   *
   * @param heir - who is to have it, asked at the last moment; when there is none, it stays here
   * @param options.untilMs - when to give up waiting for them, on the monotonic clock
   * @param options.late - what happens then: they are ended at once, or the unit stays here
   * @returns who owns it now; `undefined` when it stays, or nobody knows
   */
  async give(
    holding: Holding,
    heir: () => NodeIdentity | undefined,
    { untilMs, late }: { readonly untilMs: number; readonly late: "kill" | "keep" },
  ): Promise<Owner | undefined> {
    if (holding.phase !== "held") return undefined;
    const { kernel, ownership } = this.#setting;
    holding.phase = "giving";
    for (const entry of [...holding.entries]) if (entry.phase === "active") entry.end("stop");
    if (!(await this.#emptied(holding, untilMs))) {
      if (late === "keep") {
        this.#stays(holding);
        return undefined;
      }
      for (const entry of [...holding.entries]) entry.end("kill");
      await this.#emptied(holding, kernel.nowMs() + GIVE_TRIES_MS);
    }
    const triedUntilMs = kernel.nowMs() + GIVE_MS;
    let to: NodeIdentity | undefined;
    while (this.standing() && kernel.nowMs() < triedUntilMs) {
      // After a write without an answer the unit may be that node's: it does not stay any more.
      to = heir() ?? to;
      if (to === undefined) {
        this.#stays(holding);
        return undefined;
      }
      try {
        const owner = await ownership.give(holding.unit, holding.token, to);
        if (owner === undefined) this.#spent.add(holding.unit.id, holding.token);
        this.#left(holding, owner);
        return owner;
      } catch (error) {
        kernel.ports.log.warn({ unit: holding.unit.id, error: messageOf(error) }, "not given yet");
      }
      await new Delay(kernel.wheel, kernel.nowMs(), GIVE_TRIES_MS).over;
    }
    this.#spent.add(holding.unit.id, holding.token);
    this.#unsure.add(holding.unit.id);
    this.#left(holding, undefined);
    return undefined;
  }

  /** It was not given away after all. */
  #stays(holding: Holding): void {
    holding.phase = "held";
    const waiting = [...holding.leftovers.splice(0), ...holding.takeWaiting()];
    for (const item of waiting) this.#admitOrReturn(item, holding);
  }

  /** A unit is not this node's any more: what waited goes on, before anything new does. */
  #left(holding: Holding, owner: Owner | undefined): void {
    const { unit, token } = holding;
    holding.phase = "gone";
    this.#holdings.delete(unit.id);
    for (const entry of [...holding.entries]) entry.end("kill");
    this.#emit({ type: "shard.given", unit: unit.id, token, to: owner?.node ?? "" });
    this.#setting.ownerChanged(unit, token, owner);
    for (const item of [...holding.leftovers.splice(0), ...holding.takeWaiting()]) {
      item.moveOn(unit, owner);
    }
  }

  /** Whether all activations of a holding end in time. */
  async #emptied(holding: Holding, untilMs: number): Promise<boolean> {
    const { kernel } = this.#setting;
    if (holding.entries.size === 0) return true;
    const nowMs = kernel.nowMs();
    const limit = new Delay(kernel.wheel, nowMs, Math.max(0, untilMs - nowMs));
    holding.emptied = new Deferred<void>();
    await Promise.race([holding.emptied.promise, limit.over]);
    limit.finish(true);
    holding.emptied = undefined;
    return holding.entries.size === 0;
  }

  #me(token: number): Owner {
    return { node: this.self.name, incarnation: this.self.incarnation, token };
  }

  #emit(happening: Parameters<Kernel["ports"]["events"]["emit"]>[0]): void {
    const { events } = this.#setting.kernel.ports;
    if (events.watched) events.emit(happening);
  }
}
