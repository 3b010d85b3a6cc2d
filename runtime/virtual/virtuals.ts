/**
 * Virtual actors and singletons of a system: everything of them that is not one actor's business.
 *
 * Owns: putting router, region and questions together, what other nodes say of all three, and the sweep.
 * What has no home yet is `homeless.ts`, what should be elsewhere `hand-over.ts`; its neighbour `remote.ts`
 * passes on what concerns it.
 *
 * S22: a virtual actor is active on at most one node whose writes are accepted.
 * V3: a singleton that should be active is looked after with every change of the members, and in every
 *     sweep. I1: a system without registrations that sends to no virtual actor has no timer for them.
 */
import type { ActorRef } from "../actor-ref.ts";
import type { Address } from "../address.ts";
import type { Cell } from "../kernel/cell.ts";
import type { Context } from "../kernel/context.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { type Unit, unitOf } from "../placement/unit.ts";
import type { Cancel } from "../ports/clock.ts";
import type { UndeliveredReason } from "../ports/transport.ts";
import type { Operations, Protocol } from "../protocol.ts";
import type { Registration } from "../registration.ts";
import { type Envelope, EnvelopeKind } from "../remote/envelope.ts";
import type { RemoteCalls } from "../remote/remote-calls.ts";
import { Arrival, type Border, Question } from "./arrival.ts";
import { HandOver } from "./hand-over.ts";
import { Homeless, SWEEP_MS } from "./homeless.ts";
import type { HostedType } from "./hosted-type.ts";
import { hostedTypes } from "./hosted-types.ts";
import { Hosting } from "./hosting.ts";
import { type Departure, Leavers } from "./leavers.ts";
import { parseMoved, parseUnit } from "./moved.ts";
import { type Ownership, ownershipAlone, ownershipIn } from "./ownership-store.ts";
import { type Contents, Parcel } from "./parcel.ts";
import { Questions } from "./questions.ts";
import { Region } from "./region.ts";
import { returnedParcel } from "./returned-parcel.ts";
import type { Route } from "./route.ts";
import { Router } from "./router.ts";
import { parseVirtual } from "./virtual-address.ts";
import { VirtualRef, type Ways } from "./virtual-ref.ts";

/** How often a unit's place is thought over when no member has changed. */
const REVIEW_MS = 5_000;

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
  readonly #hosting: Hosting;
  readonly #questions: Questions;
  readonly #leavers: Leavers;
  readonly #router: Router;
  readonly #region: Region;
  readonly #handOver: HandOver;
  readonly #types: ReadonlyMap<string, HostedType>;
  readonly #homeless: Homeless;
  #reviewedAtMs = 0;
  #isStale: boolean = true;
  #closed: boolean = false;
  #cancelSweep: Cancel | undefined;

  constructor(setting: VirtualsSetting) {
    const { kernel, border, calls, registrations, root, isAlone } = setting;
    const { membership } = kernel.ports;
    this.kernel = kernel;
    this.#border = border;
    this.#leavers = new Leavers(membership);
    this.#hosting = new Hosting(membership, registrations, this.#leavers);
    this.#questions = new Questions(border.postbox);
    const ownership: Ownership = isAlone
      ? ownershipAlone(membership.self)
      : ownershipIn(kernel.ports);
    this.#router = new Router({
      kernel,
      calls,
      ownership,
      questions: this.#questions,
      leavers: this.#leavers,
      region: () => this.#region,
      chosen: (unit, silent) => this.#hosting.chosen(unit, silent),
    });
    this.#types = hostedTypes(registrations.values(), root, {
      border,
      sender: this.#router,
      standing: () => this.#region.standing(),
      ended: (entry, left, reason) => this.#region.ended(entry, left, reason),
    });
    this.#region = new Region({
      kernel,
      ownership,
      types: this.#types,
      ownerChanged: (unit, before, owner) => this.#router.ownerChanged(unit, before, owner),
      taken: (holding) => this.#handOver.taken(holding),
    });
    this.#handOver = new HandOver({
      kernel,
      postbox: border.postbox,
      hosting: this.#hosting,
      questions: this.#questions,
      region: this.#region,
    });
    this.#homeless = new Homeless({
      isRun: (type) => this.#hosting.placementOf(type) !== undefined,
      unitOf: (type, key) => this.#unitOf(type, key),
      send: (unit, parcel) => this.#router.send(unit, parcel),
    });
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
    return unit === undefined ? this.#homeless.wait(type, parcel) : this.#router.send(unit, parcel);
  }

  // What other nodes say.

  /** A message for a virtual actor came. */
  received(from: string, envelope: Envelope): void {
    const target = parseVirtual(envelope.to);
    const unit = target === undefined ? undefined : this.#unitOf(target.type, target.key);
    const arrival = new Arrival(this.#border, from, envelope, target?.key ?? "");
    if (unit === undefined) arrival.refuse("no-such-actor");
    // It was given the unit while it was leaving, perhaps: whoever sent this sends it to the next owner.
    else if (this.#closed) arrival.moveOn(unit, this.#router.knownOwner(unit));
    else this.#region.arrived(arrival, unit, this.#router.knownOwner(unit));
  }

  /** Another node asks about a unit. */
  asked(from: string, envelope: Envelope): void {
    const unit = parseUnit(envelope.body);
    const question = new Question(this.#border.postbox, from, envelope);
    // Without an answer whoever asks waits for the end of this node, and sends nothing back and forth.
    if (this.#closed) return;
    if (unit === undefined) question.refuse();
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
        this.kernel.pacedLog.warn({ from }, "dropped what cannot be read");
        return;
      case "given":
        void this.#region.claim(moved.unit);
        return;
      case "closing":
      case "leaving":
        void this.#departing(from, moved, envelope.correlation);
        return;
      case "back": {
        const { message, token, owner } = moved;
        // What another node says this one has said is signed by nobody: a signed operation is refused then.
        const parcel = returnedParcel(this.#router, from, message, false);
        const unit = this.#unitOfAddress(message.to);
        if (parcel === undefined || unit === undefined) return;
        this.#router.cameBack(from, token, unit, owner, parcel);
        return;
      }
    }
  }

  /** Whether a message that could not be carried goes another way now: its node is down. */
  undelivered(to: string, envelope: Envelope, reason: UndeliveredReason): boolean {
    if (envelope.kind === EnvelopeKind.moved) return this.#notReturned(envelope);
    if (envelope.token === undefined || reason !== "disconnected" || this.#closed) return false;
    const unit = this.#unitOfAddress(envelope.to);
    if (unit === undefined || !this.#isDown(to)) return false;
    const { kind } = envelope;
    if (kind !== EnvelopeKind.tell && kind !== EnvelopeKind.ask && kind !== EnvelopeKind.open) {
      return false;
    }
    const parcel = returnedParcel(
      this.#router,
      to,
      { ...envelope, kind },
      envelope.signature !== undefined,
    );
    if (parcel !== undefined) this.#router.neverLeft(envelope.token, unit, parcel);
    return true;
  }

  nodeDown(node: string): void {
    this.#leavers.nodeDown(node);
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
  handOver(deadlineMs: number): Promise<void> {
    return this.#handOver.leave(deadlineMs);
  }

  /** Ends all that waits. */
  close(): void {
    this.#closed = true;
    this.#cancelSweep?.();
    this.#region.end();
    this.#questions.close();
    this.#router.close();
    this.#homeless.close();
  }

  // What it runs.

  #unitOf(type: string, key: string): Unit | undefined {
    const placement = this.#hosting.placementOf(type);
    return placement === undefined ? undefined : unitOf(type, placement, key);
  }

  #unitOfAddress(address: Address): Unit | undefined {
    const target = parseVirtual(address);
    return target === undefined ? undefined : this.#unitOf(target.type, target.key);
  }

  /** Another node leaves: it hears when it may take the next step. */
  async #departing(
    node: string,
    { type, incarnation }: { readonly type: Departure; readonly incarnation: string | undefined },
    correlation: number,
  ): Promise<void> {
    if (incarnation !== undefined) {
      this.#leavers.note({ name: node, incarnation }, type);
      this.#hosting.changed();
    }
    if (type === "closing") await this.#handOver.given(node);
    else await this.#router.settleAll(node);
    this.#border.postbox.send(node, EnvelopeKind.passed, { to: "", correlation });
  }

  /** Whoever sent it is gone before it came back: a tell is counted here then. */
  #notReturned({ body }: Envelope): boolean {
    const moved = parseMoved(body);
    if (moved?.type !== "back" || moved.message.kind !== EnvelopeKind.tell) return false;
    const { to, from, type, body: told } = moved.message;
    this.kernel.deadLetters.add({ to, from, type, body: told, reason: "disconnected" });
    return true;
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
    this.#homeless.sweep(nowMs);
    for (const type of this.#types.values()) type.sweep(nowMs);
    if (this.#isStale || nowMs - this.#reviewedAtMs >= REVIEW_MS) this.#review();
    this.#sweepSoon();
  };

  /** Claims what singletons need, and hands on what should be elsewhere. */
  #review(): void {
    const { kernel } = this;
    const nowMs = kernel.nowMs();
    this.#reviewedAtMs = nowMs;
    const { self } = kernel.ports.membership;
    for (const { name, registration } of this.#types.values()) {
      if (registration.kind !== "singleton") continue;
      const unit = unitOf(name, registration.placement, name);
      const holding = this.#region.holdingOf(unit);
      if (holding !== undefined) this.#region.keep(holding);
      else if (this.#hosting.chosen(unit) === self.name || this.#region.isUnsure(unit))
        void this.#region.claim(unit);
    }
    this.#isStale = !this.#handOver.review(nowMs);
  }
}
