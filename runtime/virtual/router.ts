/**
 * What this node sends to virtual actors: to whom, when, and again when it comes back.
 *
 * Owns: the routes. Its neighbour `region.ts` owns what lives here, `parcel.ts` a message's ways,
 * `questions.ts` what is asked of other nodes.
 *
 * T1: a message is sent again only when it came back unread, or never left.
 * T2: FIFO per pair survives a move: once one message came back, what follows is held; a question on the
 *     same link is answered when all that was sent before has been taken in or has come back; then what
 *     came back goes, then what was held.
 * R1: correctness never rests on fresh news: a stale route is corrected by `moved`, an unknown one by a
 *     read from the leader.
 * R2: what waits is bounded, and none of it waits longer than {@link WAIT_MS}.
 */
import { Delay } from "../kernel/delay.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { type Owner, standingOf } from "../placement/ownership.ts";
import type { Unit } from "../placement/unit.ts";
import type { NodeIdentity } from "../ports/membership.ts";
import type { RemoteCalls } from "../remote/remote-calls.ts";
import { messageOf } from "../troupe-error.ts";
import type { Leavers } from "./leavers.ts";
import type { Ownership } from "./ownership-store.ts";
import type { Parcel, Sender } from "./parcel.ts";
import type { Questions } from "./questions.ts";
import type { Region } from "./region.ts";
import { Route } from "./route.ts";

/** How long a message may wait for an owner. */
export const WAIT_MS = 30_000;
/** A node that is to take a unit answers sooner, or another one is asked: it may have died unnoticed. */
const TAKEN_MS = 200;
const FIRST_PAUSE_MS = 20;
const LAST_PAUSE_MS = 1_000;
/** A route to one actor is forgotten when it was not used for so long. */
const FORGET_MS = 60_000;

/** What a router needs of its node. */
export interface RouterSetting {
  readonly kernel: Kernel;
  readonly calls: RemoteCalls;
  readonly ownership: Ownership;
  readonly questions: Questions;
  readonly leavers: Leavers;
  readonly region: () => Region;
  /** Which node is to have a unit that nobody owns; those that were silent are passed over. */
  readonly chosen: (unit: Unit, silent: ReadonlySet<string>) => string | undefined;
}

/** The routes of this node; see the file's header. */
export class Router implements Sender {
  readonly calls: RemoteCalls;
  readonly #setting: RouterSetting;
  readonly #routes = new Map<string, Route>();
  /** Between two looks for an owner. */
  readonly #pauses = new Set<Delay>();
  #closed: boolean = false;

  constructor(setting: RouterSetting) {
    this.#setting = setting;
    this.calls = setting.calls;
  }

  /** The route to a unit. */
  routeTo(unit: Unit): Route {
    let route = this.#routes.get(unit.id);
    if (route === undefined) {
      route = new Route(unit);
      this.#routes.set(unit.id, route);
    }
    return route;
  }

  /** The newest owner of a unit that this node has heard of. */
  knownOwner({ id }: Pick<Unit, "id">): Owner | undefined {
    const route = this.#routes.get(id);
    const { owner, named } = route ?? {};
    return (named?.token ?? 0) > (owner?.token ?? 0) ? named : owner;
  }

  /** Whether what is sent on a route goes straight to an activation here. */
  isHere(route: Route): boolean {
    return route.phase === "known" && route.owner?.node === this.#self.name;
  }

  /** Sends a parcel; `false` when it was refused here. */
  send(unit: Unit, parcel: Parcel): boolean {
    if (this.#isOver(parcel)) return false;
    const route = this.routeTo(unit);
    route.usedAtMs = parcel.atMs;
    if (route.phase === "unknown") {
      const here = this.#setting.region().claimNow(unit);
      if (here !== undefined) this.#know(route, here);
      else {
        const held = route.hold(parcel);
        this.#seek(route);
        return held;
      }
    }
    return route.phase === "known" ? this.#deliver(route, parcel) : route.hold(parcel);
  }

  /** A unit of this node changed hands: what is sent from here follows at once. */
  ownerChanged(unit: Unit, before: number, owner: Owner | undefined): void {
    const route = this.routeTo(unit);
    route.name(owner);
    if (route.phase !== "known" && route.phase !== "unknown") return;
    const isOld = route.phase === "unknown" || route.owner?.token === before;
    if (!isOld) return;
    if (owner === undefined) this.#forget(route);
    else this.#know(route, owner);
  }

  // Sender: what waited for a unit of this node goes on.

  again(unit: Unit, parcel: Parcel, owner: Owner | undefined): void {
    const route = this.routeTo(unit);
    route.name(owner);
    if (!parcel.isOver) this.send(unit, parcel);
  }

  /** A parcel came back from `node`, where it was sent under `token`. */
  cameBack(
    node: string,
    token: number,
    unit: Unit,
    owner: Owner | undefined,
    parcel: Parcel,
  ): void {
    if (this.#isOver(parcel)) return;
    const route = this.routeTo(unit);
    route.name(owner);
    if (route.owner?.node !== node || route.owner.token !== token) {
      // It comes after the question that should have been the last: others may have gone before it.
      parcel.refuse("disconnected");
      return;
    }
    route.returned(parcel);
    if (route.phase === "known") void this.#settle(route, route.owner);
    else if (route.phase !== "settling") this.#seek(route);
  }

  /** A parcel that was sent under `token` never left, for its node is down; others follow, in order. */
  neverLeft(token: number, unit: Unit, parcel: Parcel): void {
    if (this.#isOver(parcel)) return;
    const route = this.routeTo(unit);
    if (route.phase === "known" && (route.owner?.token ?? 0) > token) {
      // What was sent since has gone to the new owner already.
      parcel.refuse("disconnected");
      return;
    }
    if (route.phase === "known") route.phase = "unknown";
    route.returned(parcel);
    if (route.phase === "unknown") this.#seek(route);
  }

  /** Another node leaves: resolves when nothing of what was sent to it is open any more. */
  async settleAll(node: string): Promise<void> {
    const settled: Promise<void>[] = [];
    for (const route of this.#routes.values()) {
      const { owner } = route;
      if (owner?.node !== node) continue;
      if (route.phase === "known") settled.push(this.#settle(route, owner));
      else if (route.phase === "settling" && route.settled !== undefined)
        settled.push(route.settled);
    }
    await Promise.all(settled);
  }

  nodeDown(node: string): void {
    for (const route of this.#routes.values()) {
      const { owner } = route;
      if (route.phase !== "known" || owner?.node !== node || !this.#isDown(owner)) continue;
      this.#forget(route);
    }
    // What was its own is free now.
    for (const pause of this.#pauses) pause.finish(true);
  }

  /** Refuses what has waited for too long, forgets what is not used. */
  sweep(nowMs: number): void {
    for (const [id, route] of this.#routes) {
      if (!route.isEmpty) {
        for (const parcel of route.takeStale(nowMs - WAIT_MS)) parcel.refuse("disconnected");
      } else if (
        route.unit.placement === "local" &&
        nowMs - route.usedAtMs > FORGET_MS &&
        (route.phase === "unknown" || (route.phase === "known" && !this.isHere(route)))
      ) {
        route.isForgotten = true;
        this.#routes.delete(id);
      }
    }
  }

  /** Refuses all that waits. */
  close(): void {
    this.#closed = true;
    for (const route of this.#routes.values()) {
      for (const parcel of route.takeAll()) parcel.refuse("stopped");
    }
  }

  /** Nothing waits here after the end: what comes then is accounted for. */
  #isOver(parcel: Parcel): boolean {
    if (this.#closed) parcel.refuse("stopped");
    return this.#closed;
  }

  get #self(): NodeIdentity {
    return this.#setting.kernel.ports.membership.self;
  }

  #deliver(route: Route, parcel: Parcel): boolean {
    const { owner } = route;
    if (owner === undefined) return route.hold(parcel);
    parcel.token = owner.token;
    if (owner.node !== this.#self.name) return parcel.sendTo(owner);
    if (this.#setting.region().take(parcel, route.unit)) return true;
    // Its owner stays noted: only a newer one will do.
    route.phase = "unknown";
    const held = route.hold(parcel);
    this.#seek(route);
    return held;
  }

  #know(route: Route, owner: Owner): void {
    route.phase = "known";
    route.owner = owner;
    route.silent.clear();
    route.name(owner);
    const waiting = route.takeAll();
    for (let i = 0; i < waiting.length; i++) {
      const parcel = waiting[i] as Parcel;
      if (!parcel.isOver) this.#deliver(route, parcel);
      if (route.phase === "known") continue;
      route.keep(waiting.slice(i + 1));
      return;
    }
  }

  #forget(route: Route): void {
    route.phase = "unknown";
    route.owner = undefined;
  }

  /** Waits until the old owner has returned all that it did not take in, then goes on (T2). */
  #settle(route: Route, old: Owner): Promise<void> {
    route.phase = "settling";
    route.settled = this.#settling(route, old);
    return route.settled;
  }

  async #settling(route: Route, old: Owner): Promise<void> {
    const { questions } = this.#setting;
    for (;;) {
      const answer = await questions.ask(old.node, route.unit, old.token);
      route.name(answer?.owner);
      if (answer !== undefined || this.#closed || this.#isDown(old)) break;
    }
    if (this.#closed) return;
    this.#seek(route);
  }

  /** Looks for the owner, until somebody is found or nothing waits any more. */
  #seek(route: Route): void {
    if (route.phase === "seeking") return;
    const old = route.owner?.token ?? 0;
    route.phase = "seeking";
    const { named } = route;
    if (named !== undefined && named.token > old && this.#counts(named)) this.#know(route, named);
    else void this.#search(route);
  }

  async #search(route: Route): Promise<void> {
    const { kernel } = this.#setting;
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      const owner = await this.#find(route);
      if (this.#closed) return;
      if (owner !== undefined && this.#counts(owner)) {
        this.#know(route, owner);
        return;
      }
      if (route.isEmpty) {
        this.#forget(route);
        return;
      }
      const pause = new Delay(kernel.wheel, kernel.nowMs(), pauseMs);
      this.#pauses.add(pause);
      const isNews = await pause.over;
      this.#pauses.delete(pause);
      if (this.#closed) return;
      pauseMs = isNews ? FIRST_PAUSE_MS : Math.min(LAST_PAUSE_MS, pauseMs * 2);
    }
  }

  /** The owner as the registry has it, or whoever is to become it and does. */
  async #find(route: Route): Promise<Owner | undefined> {
    const { unit } = route;
    const { ownership, questions, chosen } = this.#setting;
    const region = this.#setting.region();
    try {
      const owner = await ownership.read(unit);
      if (owner !== undefined && !this.#isFree(owner)) {
        // Its own it may have been given without hearing of it.
        return owner.node === this.#self.name ? await region.claim(unit) : owner;
      }
      const node = chosen(unit, route.silent);
      if (node === undefined) return undefined;
      if (node === this.#self.name) return await region.claim(unit);
      const answer = await questions.ask(node, unit, 0, TAKEN_MS);
      if (answer === undefined) route.silent.add(node);
      else route.silent.clear();
      return answer?.owner;
    } catch (error) {
      this.#setting.kernel.ports.log.debug(
        { unit: unit.id, error: messageOf(error) },
        "the owner was not found",
      );
      return undefined;
    }
  }

  /** Whether an owner that was named may be sent to. */
  #counts(owner: Owner): boolean {
    if (owner.node !== this.#self.name) return !this.#isDown(owner) && !this.#isLeaving(owner);
    return owner.incarnation === this.#self.incarnation && this.#setting.region().standing();
  }

  #isFree(owner: Owner): boolean {
    const { membership } = this.#setting.kernel.ports;
    const phase = membership.phaseOf({ name: owner.node, incarnation: owner.incarnation });
    // Of one that was never heard of the chosen node finds out more when it claims.
    const standing = standingOf(owner, this.#self, phase);
    return standing === "free" || standing === "unknown";
  }

  /** It could not give away what it has, and is about to end. */
  #isLeaving({ node: name, incarnation }: Owner): boolean {
    return this.#setting.leavers.departureOf({ name, incarnation }) === "leaving";
  }

  #isDown({ node, incarnation }: Owner): boolean {
    const { membership } = this.#setting.kernel.ports;
    return membership.phaseOf({ name: node, incarnation }) === "down";
  }
}
