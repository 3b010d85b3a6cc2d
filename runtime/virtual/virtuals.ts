/**
 * Virtual actors and singletons of a system: everything of them that is not one actor's business.
 *
 * Owns: putting router, region and questions together, what other nodes say of all three, and the sweep.
 * Its neighbour `remote.ts` hands over what concerns it.
 *
 * S22: a virtual actor is active on at most one node whose writes are accepted.
 * V3: a singleton that should be active is looked after with every change of the members, and in every
 *     sweep. I1: a system without registrations that sends to no virtual actor has no timer for them.
 */
import type { ActorRef } from "../actor-ref.ts";
import { type Address, nodeOf } from "../address.ts";
import { type Behavior, behaviorOf, cellOptions } from "../kernel/behavior.ts";
import type { Cell } from "../kernel/cell.ts";
import type { Context } from "../kernel/context.ts";
import { Delay } from "../kernel/delay.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { type Unit, unitOf } from "../placement/unit.ts";
import type { Cancel } from "../ports/clock.ts";
import type { UndeliveredReason } from "../ports/transport.ts";
import type { Operations, Protocol } from "../protocol.ts";
import type { Registration } from "../registration.ts";
import { type Envelope, EnvelopeKind } from "../remote/envelope.ts";
import type { RemoteCalls } from "../remote/remote-calls.ts";
import { Arrival, type Border, Question } from "./arrival.ts";
import type { EntrySetting } from "./entry.ts";
import type { Holding } from "./holding.ts";
import { HostedType } from "./hosted-type.ts";
import { Hosting } from "./hosting.ts";
import { givenBody, parseMoved, parseUnit, type SentBack } from "./moved.ts";
import { type Ownership, ownershipAlone, ownershipIn } from "./ownership-store.ts";
import { type Contents, isCall, Parcel } from "./parcel.ts";
import { Questions } from "./questions.ts";
import { Region } from "./region.ts";
import type { Route } from "./route.ts";
import { Router } from "./router.ts";
import { parseVirtual, VIRTUAL } from "./virtual-address.ts";
import { VirtualRef, type Ways } from "./virtual-ref.ts";

const SWEEP_MS = 250;
/** A unit is not handed on sooner than this after it came: views of the members differ for a while. */
const SETTLED_MS = 1_000;
/** How often a unit's place is thought over when no member has changed. */
const REVIEW_MS = 5_000;
/** How many units are handed over at a time while the cluster changes. */
const MOVES = 32;
/** How many while this node leaves: the fewer, the shorter is each of them out of reach. */
const LEAVING_MOVES = 16;
/** A unit whose messages in hand take longer than this lets the next one go beside it. */
const LEAVING_PAUSE_MS = 50;
/** How long a hand-over waits for the messages in hand before the unit stays after all. */
const MOVE_MS = 10_000;
/** How long a message waits for a node that runs its type. */
const HOST_MS = 5_000;
const MOST_HOMELESS = 1_024;
/** Of the time to leave, how much the messages in hand may take. */
const END_SHARE = 0.5;
const LEAVE_MS = 2_000;

/** What it is made of. */
export interface VirtualsSetting {
  readonly kernel: Kernel;
  readonly border: Border;
  readonly calls: RemoteCalls;
  readonly registrations: ReadonlyMap<string, Registration>;
  /** The actor above all others. */
  readonly root: Cell;
  /** There are no other nodes, and nothing outlives this one. */
  readonly isAlone: boolean;
}

/** The virtual actors of a system; see the file's header. */
export class Virtuals implements Ways {
  readonly kernel: Kernel;
  readonly #border: Border;
  readonly #calls: RemoteCalls;
  readonly #hosting: Hosting;
  readonly #questions: Questions;
  readonly #router: Router;
  readonly #region: Region;
  readonly #types = new Map<string, HostedType>();
  /** Messages of types that no node is known to run, in the order of sending. */
  readonly #homeless = new Map<string, Parcel[]>();
  #moves = 0;
  #reviewedAtMs = 0;
  #isStale: boolean = true;
  #closed: boolean = false;
  #cancelSweep: Cancel | undefined;

  constructor(setting: VirtualsSetting) {
    const { kernel, border, calls, registrations, root, isAlone } = setting;
    const { membership } = kernel.ports;
    this.kernel = kernel;
    this.#border = border;
    this.#calls = calls;
    this.#hosting = new Hosting(membership, registrations);
    this.#questions = new Questions(border.postbox);
    const ownership: Ownership = isAlone
      ? ownershipAlone(membership.self)
      : ownershipIn(kernel.ports);
    this.#router = new Router({
      kernel,
      calls,
      ownership,
      questions: this.#questions,
      region: () => this.#region,
      chosen: (unit) => this.#hosting.chosen(unit),
    });
    this.#region = new Region({
      kernel,
      ownership,
      types: this.#types,
      ownerChanged: (unit, before, owner) => this.#router.ownerChanged(unit, before, owner),
    });
    this.#host(registrations, root);
    if (this.#types.size > 0) this.#sweepSoon();
  }

  // What this node sends.

  refOf<O extends Operations>(
    protocol: Protocol<O>,
    address: Address,
    owner: Context | undefined,
  ): ActorRef<O> {
    const target = parseVirtual(address);
    if (target === undefined) {
      throw new TypeError(`not the address of a virtual actor: ${JSON.stringify(address)}`);
    }
    return new VirtualRef(this, protocol, { address, ...target }, owner).as();
  }

  routeTo(type: string, key: string): Route | undefined {
    const unit = this.#unitOf(type, key);
    return unit === undefined ? undefined : this.#router.routeTo(unit);
  }

  activeCell(route: Route, key: string): Cell | undefined {
    if (!this.#router.isHere(route)) return undefined;
    return this.#region.activeCell(route.unit.type, key);
  }

  send(type: string, contents: Contents): boolean {
    const parcel = new Parcel(this.#router, contents, this.kernel.nowMs());
    if (this.#closed) {
      parcel.refuse("stopped");
      return false;
    }
    this.#sweepSoon();
    const unit = this.#homeless.has(type) ? undefined : this.#unitOf(type, contents.key);
    return unit === undefined ? this.#wait(type, parcel) : this.#router.send(unit, parcel);
  }

  // What other nodes say.

  /** A message for a virtual actor came. */
  received(from: string, envelope: Envelope): void {
    const target = parseVirtual(envelope.to);
    const unit = target === undefined ? undefined : this.#unitOf(target.type, target.key);
    const arrival = new Arrival(this.#border, from, envelope, target?.key ?? "");
    if (unit === undefined || this.#closed) arrival.refuse("no-such-actor");
    else this.#region.arrived(arrival, unit, this.#router.knownOwner(unit));
  }

  /** Another node asks about a unit. */
  asked(from: string, envelope: Envelope): void {
    const unit = parseUnit(envelope.body);
    const question = new Question(this.#border.postbox, from, envelope);
    if (unit === undefined || this.#closed) question.refuse();
    else this.#region.arrived(question, unit, this.#router.knownOwner(unit));
  }

  /** Another node answers. */
  answered(from: string, { correlation, body }: Envelope): void {
    this.#questions.answered(from, correlation, body);
  }

  /** Something changed hands. */
  moved(from: string, envelope: Envelope): void {
    const moved = parseMoved(envelope.body);
    switch (moved?.type) {
      case undefined:
        this.kernel.ports.log.warn({ from }, "dropped what cannot be read");
        return;
      case "given":
        void this.#region.claim(moved.unit);
        return;
      case "leaving":
        void this.#settle(from, envelope.correlation);
        return;
      case "back": {
        const { message, token, owner } = moved;
        // What another node says this one has said is signed by nobody: a signed operation is refused then.
        const parcel = this.#returned(from, message, false);
        const unit = this.#unitOfAddress(message.to);
        if (parcel === undefined || unit === undefined) return;
        this.#router.cameBack(from, token, unit, owner, parcel);
        return;
      }
    }
  }

  /** Whether a message that could not be carried goes another way now: its node is down. */
  undelivered(to: string, envelope: Envelope, reason: UndeliveredReason): boolean {
    if (envelope.token === undefined || reason !== "disconnected" || this.#closed) return false;
    const unit = this.#unitOfAddress(envelope.to);
    if (unit === undefined || !this.#isDown(to)) return false;
    const { kind } = envelope;
    if (kind !== EnvelopeKind.tell && kind !== EnvelopeKind.ask && kind !== EnvelopeKind.open) {
      return false;
    }
    const parcel = this.#returned(to, { ...envelope, kind }, envelope.signature !== undefined);
    if (parcel !== undefined) this.#router.neverLeft(envelope.token, unit, parcel);
    return true;
  }

  nodeDown(node: string): void {
    this.#questions.nodeDown(node);
    this.#router.nodeDown(node);
  }

  /** The members have changed. */
  membersChanged(): void {
    this.#hosting.changed();
    this.#isStale = true;
    if (this.#types.size > 0 && !this.#closed) this.#review();
  }

  // The end.

  /** Gives everything to other nodes, and waits until nobody sends here any more, or time is up. */
  async handOver(deadlineMs: number): Promise<void> {
    this.#hosting.leave();
    this.#region.close();
    const holdings = this.#region.holdings();
    if (!this.#region.standing()) return;
    const { kernel } = this;
    const startMs = kernel.nowMs();
    const limit = new Delay(kernel.wheel, startMs, deadlineMs);
    const gave = this.#giveAll(holdings, startMs + deadlineMs * END_SHARE);
    await Promise.race([gave, limit.over]);
    limit.finish(true);
    if (holdings.length === 0) return;
    const { self } = kernel.ports.membership;
    const others = kernel.ports.membership
      .members()
      .filter(({ name, phase }) => name !== self.name && phase !== "down" && phase !== "suspected");
    const leftMs = Math.max(0, startMs + deadlineMs - kernel.nowMs());
    const leaveMs = Math.min(LEAVE_MS, leftMs);
    await Promise.all(others.map(({ name }) => this.#questions.leave(name, leaveMs)));
  }

  /** Ends all that waits. */
  close(): void {
    this.#closed = true;
    this.#cancelSweep?.();
    this.#region.end();
    this.#questions.close();
    this.#router.close();
    for (const waiting of this.#homeless.values()) {
      for (const parcel of waiting) parcel.refuse("stopped");
    }
    this.#homeless.clear();
  }

  // What it runs.

  #host(registrations: ReadonlyMap<string, Registration>, root: Cell): void {
    const hosted = [...registrations.values()].filter(({ kind }) => kind !== "spawnable");
    if (hosted.length === 0) return;
    const { kernel } = this;
    const above = root.adopt(
      { kernel, behavior: supervision(), options: guarding(false) },
      VIRTUAL,
      undefined,
    );
    const entrySetting: EntrySetting = {
      border: this.#border,
      sender: this.#router,
      standing: () => this.#region.standing(),
      ended: (entry, left, reason) => this.#region.ended(entry, left, reason),
    };
    for (const each of hosted) {
      if (each.kind === "spawnable") continue;
      const options = guarding(each.kind === "singleton");
      const supervisor = above.adopt(
        { kernel, behavior: supervision(), options },
        each.name,
        undefined,
      );
      this.#types.set(each.name, new HostedType(each, supervisor, entrySetting));
    }
  }

  #unitOf(type: string, key: string): Unit | undefined {
    const placement = this.#hosting.placementOf(type);
    return placement === undefined ? undefined : unitOf(type, placement, key);
  }

  #unitOfAddress(address: Address): Unit | undefined {
    const target = parseVirtual(address);
    return target === undefined ? undefined : this.#unitOf(target.type, target.key);
  }

  /** A message as it is sent again; `undefined` when nobody waits for it, or it was never this node's. */
  #returned(node: string, message: SentBack, isSigned: boolean): Parcel | undefined {
    const { kind, to, from, correlation, type, body, traceparent, askChain } = message;
    const key = parseVirtual(to)?.key;
    const isOurs = from === "" || nodeOf(from) === VIRTUAL || nodeOf(from) === this.kernel.node;
    if (key === undefined || !isOurs) return undefined;
    const rest = { address: to, key, type, body, from: from === "" ? undefined : from };
    const traced = { ...rest, traceparent, askChain, isSigned };
    if (kind === EnvelopeKind.tell) {
      const contents: Contents = { ...traced, kind: "tell", reply: undefined, schemas: undefined };
      return new Parcel(this.#router, contents, this.kernel.nowMs());
    }
    const call = this.#calls.take(correlation, node);
    if (call === undefined) return undefined;
    const { waiting, schemas } = call;
    if (!isCall(waiting)) return undefined;
    const contents: Contents = { ...traced, kind: waiting.kind, reply: waiting, schemas };
    return new Parcel(this.#router, contents, this.kernel.nowMs());
  }

  /** A message whose type no node is known to run waits for one that does. */
  #wait(type: string, parcel: Parcel): boolean {
    const waiting = this.#homeless.get(type) ?? [];
    if (waiting.length >= MOST_HOMELESS) {
      parcel.refuse("mailbox-full");
      return false;
    }
    waiting.push(parcel);
    this.#homeless.set(type, waiting);
    return true;
  }

  async #settle(node: string, correlation: number): Promise<void> {
    await this.#router.settleAll(node);
    this.#border.postbox.send(node, EnvelopeKind.passed, { to: "", correlation });
  }

  #isDown(node: string): boolean {
    const members = this.kernel.ports.membership.members();
    return members.some(({ name, phase }) => name === node && phase === "down");
  }

  // What is done from time to time.

  #sweepSoon(): void {
    if (this.#closed || this.#cancelSweep !== undefined) return;
    this.#cancelSweep = this.kernel.ports.clock.after(SWEEP_MS, this.#sweep);
  }

  readonly #sweep = (): void => {
    this.#cancelSweep = undefined;
    if (this.#closed) return;
    const nowMs = this.kernel.nowMs();
    this.#router.sweep(nowMs);
    this.#house(nowMs);
    for (const type of this.#types.values()) type.sweep(nowMs);
    if (this.#isStale || nowMs - this.#reviewedAtMs >= REVIEW_MS) this.#review();
    this.#sweepSoon();
  };

  /** Sends what has waited for a node that runs its type, or gives it up. */
  #house(nowMs: number): void {
    for (const [type, waiting] of [...this.#homeless]) {
      const isKnown = this.#hosting.placementOf(type) !== undefined;
      const [first] = waiting;
      if (!isKnown && first !== undefined && nowMs - first.atMs < HOST_MS) continue;
      this.#homeless.delete(type);
      for (const parcel of waiting) {
        const unit = this.#unitOf(type, parcel.key);
        if (unit === undefined) parcel.refuse("no-such-actor");
        else if (!parcel.isOver) this.#router.send(unit, parcel);
      }
    }
  }

  /** Claims what singletons need, and hands on what should be elsewhere. */
  #review(): void {
    const { kernel } = this;
    const nowMs = kernel.nowMs();
    this.#reviewedAtMs = nowMs;
    this.#isStale = false;
    const { self } = kernel.ports.membership;
    for (const { name, registration } of this.#types.values()) {
      if (registration.kind !== "singleton") continue;
      const unit = unitOf(name, registration.placement, name);
      const holding = this.#region.holdingOf(unit);
      if (holding !== undefined) this.#region.keep(holding);
      else if (this.#hosting.chosen(unit) === self.name) void this.#region.claim(unit);
    }
    for (const holding of this.#region.holdings()) {
      if (holding.phase !== "held") continue;
      if (this.#hosting.heirOf(holding.unit) === undefined) continue;
      // Whatever is not handed on now is looked at again in the next sweep.
      if (this.#moves >= MOVES || nowMs - holding.sinceMs < SETTLED_MS) this.#isStale = true;
      else void this.#give(holding, nowMs + MOVE_MS, "keep");
    }
  }

  /** Gives many away, a few at a time. */
  async #giveAll(holdings: readonly Holding[], untilMs: number): Promise<void> {
    const { kernel } = this;
    const waiting = [...holdings];
    const giving: Promise<void>[] = [];
    const giveNext = async (): Promise<void> => {
      for (let holding = waiting.pop(); holding !== undefined; holding = waiting.pop()) {
        const gave = this.#give(holding, untilMs, "kill");
        giving.push(gave);
        const pause = new Delay(kernel.wheel, kernel.nowMs(), LEAVING_PAUSE_MS);
        await Promise.race([gave, pause.over]);
        pause.finish(true);
      }
    };
    await Promise.all(Array.from({ length: LEAVING_MOVES }, giveNext));
    await Promise.all(giving);
  }

  async #give(holding: Holding, untilMs: number, late: "kill" | "keep"): Promise<void> {
    const to = this.#hosting.heirOf(holding.unit);
    if (to === undefined) return;
    this.#moves++;
    const owner = await this.#region.give(holding, to, { untilMs, late });
    this.#moves--;
    if (owner?.node !== to.name) return;
    const body = givenBody(holding.unit);
    this.#border.postbox.send(to.name, EnvelopeKind.moved, { to: "", body });
  }
}

/** Does nothing but supervise. */
const supervisorDefinition: object = {
  protocol: { name: "virtual@1", operations: {} },
  init: () => undefined,
  handlers: {},
  hooks: {},
  options: { restart: "temporary" },
};

function supervision(): Behavior {
  return behaviorOf(supervisorDefinition);
}

/** A supervisor that never gives up itself; of a singleton not its child either. */
function guarding(forEver: boolean): ReturnType<typeof cellOptions> {
  const options = cellOptions({ restart: "temporary", mailbox: { capacity: 1 } });
  const endless = { restarts: Number.POSITIVE_INFINITY, withinMs: 1 };
  return {
    ...options,
    guards: true,
    limit: endless,
    childLimit: forEver ? endless : options.childLimit,
  };
}
