/**
 * Between the cells of this process and the envelopes of the transport: the switchboard.
 *
 * Owns: which part of this node an envelope, or a wish of an actor, concerns. The parts are
 * `remote-calls.ts` (calls of this node), `incoming-calls.ts` and `incoming-tells.ts` (what others
 * send here), `remote-watches.ts` and `postbox.ts` (the way out). Carrying envelopes is the
 * transport's, who is alive the membership's.
 *
 * I1: the sender that an envelope names lives on the node that the wire vouches for, or the envelope
 *     is dropped. I2: what cannot be delivered is reported back, so that the sending node knows.
 * I3: once a node is down, or frames from it are lost, nothing waits for an answer from it.
 */
import type { ActorRef } from "../actor-ref.ts";
import { type Address, nodeOf, pathOf } from "../address.ts";
import type { ExitReason } from "../exit-reason.ts";
import type { OperationHandler } from "../kernel/behavior.ts";
import type { Cell } from "../kernel/cell.ts";
import type { Context } from "../kernel/context.ts";
import type { Watch } from "../kernel/death-watch.ts";
import type { Kernel, Outward } from "../kernel/kernel.ts";
import { type Directory, PathRef } from "../kernel/local-ref.ts";
import type { Message } from "../kernel/message.ts";
import { Topics } from "../kernel/topics.ts";
import type { TransportSink, UndeliveredReason } from "../ports/transport.ts";
import type { Operations, Protocol } from "../protocol.ts";
import { addressHere, VIRTUAL } from "../virtual/virtual-address.ts";
import { Virtuals, type VirtualsSetting } from "../virtual/virtuals.ts";
import { type Envelope, EnvelopeKind } from "./envelope.ts";
import { IncomingCalls } from "./incoming-calls.ts";
import { IncomingTells } from "./incoming-tells.ts";
import { Postbox } from "./postbox.ts";
import { Relay } from "./relay.ts";
import { RemoteCalls } from "./remote-calls.ts";
import { RemoteRef } from "./remote-ref.ts";
import { RemoteWatches } from "./remote-watches.ts";
import { SignatureCheck } from "./signature-check.ts";

/** What virtual actors need beside the switchboard's own parts. */
export type VirtualSetting = Pick<VirtualsSetting, "registrations" | "root" | "isAlone">;

/** The node's switchboard. */
export class Remote implements Outward, TransportSink {
  readonly #kernel: Kernel;
  readonly #directory: Directory;
  readonly #postbox: Postbox;
  readonly #calls: RemoteCalls;
  readonly #check: SignatureCheck;
  readonly #incomingCalls: IncomingCalls;
  readonly #incomingTells: IncomingTells;
  readonly #watches: RemoteWatches;
  readonly #topics: Topics;
  readonly #relay: Relay;
  /** Absent where somebody else finds virtual actors: a client's gateway. */
  readonly #virtuals: Virtuals | undefined;

  constructor(directory: Directory, virtual?: VirtualSetting) {
    const { kernel } = directory;
    this.#kernel = kernel;
    this.#directory = directory;
    this.#topics = new Topics(kernel.ports.transport);
    this.#postbox = new Postbox(kernel);
    this.#calls = new RemoteCalls(this.#postbox);
    this.#check = new SignatureCheck(kernel, (from, envelope) => this.#deliver(from, envelope));
    this.#incomingCalls = new IncomingCalls(this.#postbox, directory, this.#check);
    this.#incomingTells = new IncomingTells(this.#postbox, directory, this.#topics, this.#check);
    this.#watches = new RemoteWatches(this.#postbox);
    this.#relay = new Relay(this.#calls, directory);
    if (virtual === undefined) return;
    const border = {
      postbox: this.#postbox,
      calls: this.#incomingCalls,
      tells: this.#incomingTells,
    };
    this.#virtuals = new Virtuals({ ...virtual, kernel, border, calls: this.#calls });
  }

  /** The virtual actors of this node; absent for a client. */
  get virtuals(): Virtuals | undefined {
    return this.#virtuals;
  }

  /** How many streams of actors here other nodes read. */
  get streamsOut(): number {
    return this.#incomingCalls.streams;
  }

  // Outward: what the actors of this node want of others.

  refOf<O extends Operations>(
    protocol: Protocol<O>,
    address: Address,
    owner: Context | undefined,
  ): ActorRef<O> {
    const path = pathOf(address);
    if (path === "") throw new TypeError(`not an address: ${JSON.stringify(address)} (node/path)`);
    if (this.#virtuals !== undefined && nodeOf(address) === VIRTUAL) {
      return this.#virtuals.refOf(protocol, address, owner);
    }
    if (this.#isHere(address)) return new PathRef(this.#directory, protocol, path, owner).as();
    return new RemoteRef(this.#calls, protocol, address, owner).as();
  }

  watch(watch: Watch): void {
    if (nodeOf(watch.target) === VIRTUAL) {
      throw new TypeError(
        `${watch.target} has no end that could be watched: it is a virtual actor`,
      );
    }
    if (!this.#isHere(watch.target)) {
      this.#watches.add(watch);
      return;
    }
    const cell = this.#directory.find(pathOf(watch.target));
    if (cell === undefined) watch.notify("no-such-actor");
    else cell.addWatcher(watch);
  }

  unwatch(watch: Watch): void {
    if (!this.#isHere(watch.target)) this.#watches.remove(watch);
    else this.#directory.find(pathOf(watch.target))?.removeWatcher(watch);
  }

  pass(cell: Cell, message: Message, target: Address): boolean {
    return this.#relay.pass(cell, message, target);
  }

  publish(topic: string, payload: unknown, from: Address): boolean {
    return this.#postbox.publish({ to: topic, from, body: payload });
  }

  subscribe(topic: string, cell: Cell, handler: OperationHandler): void {
    this.#topics.subscribe(topic, cell, handler);
  }

  unsubscribe(topic: string, cell: Cell): void {
    this.#topics.unsubscribe(topic, cell);
  }

  #isHere(address: Address): boolean {
    return nodeOf(address) === this.#kernel.node;
  }

  // TransportSink: what arrives, and what did not.

  received(from: string, envelope: Envelope): void {
    const sender = envelope.from === "" ? from : nodeOf(envelope.from);
    // A virtual actor may be active anywhere.
    if (sender !== from && sender !== VIRTUAL) {
      this.#kernel.pacedLog.warn({ from, claims: envelope.from }, "dropped a forged envelope");
      return;
    }
    if (!this.#check.holds(from, envelope)) this.#deliver(from, envelope);
  }

  #deliver(from: string, envelope: Envelope): void {
    const virtuals = envelope.token === undefined ? undefined : this.#virtuals;
    switch (envelope.kind) {
      case EnvelopeKind.tell:
        if (virtuals !== undefined) virtuals.received(from, envelope);
        else this.#incomingTells.told(from, envelope);
        return;
      case EnvelopeKind.topic:
        this.#incomingTells.published(from, envelope);
        return;
      case EnvelopeKind.undelivered:
        this.#incomingTells.reported(envelope);
        return;
      case EnvelopeKind.ask:
      case EnvelopeKind.open:
        if (virtuals !== undefined) virtuals.received(from, envelope);
        else this.#incomingCalls.received(from, envelope);
        return;
      case EnvelopeKind.credit:
        this.#incomingCalls.credited(from, envelope);
        return;
      case EnvelopeKind.cancel:
        this.#incomingCalls.cancelled(from, envelope);
        return;
      case EnvelopeKind.reply:
      case EnvelopeKind.end:
        this.#calls.replied(from, envelope);
        return;
      case EnvelopeKind.failure:
        this.#calls.failed(from, envelope);
        return;
      case EnvelopeKind.chunk:
        this.#calls.chunk(from, envelope);
        return;
      case EnvelopeKind.chunks:
        this.#calls.chunks(from, envelope);
        return;
      case EnvelopeKind.watch:
        this.#watches.watched(from, envelope.to, this.#directory.find(envelope.to));
        return;
      case EnvelopeKind.unwatch:
        this.#watches.unwatched(from, envelope.to);
        return;
      case EnvelopeKind.part:
        return; // links put bodies together
      case EnvelopeKind.terminated:
        this.#watches.ended(envelope.from, reasonIn(envelope.body));
        return;
      case EnvelopeKind.moved:
        this.#virtuals?.moved(from, envelope);
        return;
      case EnvelopeKind.barrier:
        this.#virtuals?.asked(from, envelope);
        return;
      case EnvelopeKind.passed:
        this.#virtuals?.answered(from, envelope);
        return;
    }
  }

  undelivered(to: string, envelope: Envelope, reason: UndeliveredReason): void {
    if (this.#virtuals?.undelivered(to, envelope, reason) === true) return;
    switch (envelope.kind) {
      case EnvelopeKind.ask:
      case EnvelopeKind.open:
        this.#calls.undelivered(to, envelope, reason);
        return;
      case EnvelopeKind.reply:
      case EnvelopeKind.end:
      case EnvelopeKind.chunk:
      case EnvelopeKind.chunks:
        this.#incomingCalls.undelivered(to, envelope, reason);
        return;
      case EnvelopeKind.watch:
      case EnvelopeKind.terminated:
        void this.#watches.renew(to);
        return;
      case EnvelopeKind.tell:
      case EnvelopeKind.topic: {
        const { from, type, body } = envelope;
        const why = reason === "overflow" ? "disconnected" : reason;
        const letter = { to: addressHere(to, envelope.to), from, type, body, reason: why };
        this.#kernel.deadLetters.add(letter);
        return;
      }
      case EnvelopeKind.failure:
        this.#incomingCalls.failureUndelivered(to, envelope, reason);
        return;
      case EnvelopeKind.credit:
      case EnvelopeKind.cancel:
      case EnvelopeKind.unwatch:
      case EnvelopeKind.undelivered:
      case EnvelopeKind.part:
      case EnvelopeKind.barrier:
      case EnvelopeKind.passed:
        // Whoever asks asks again.
        return;
      case EnvelopeKind.moved:
        // Of what comes back, and whose sender is gone, nobody needs to know.
        return;
    }
  }

  unreadable(from: string, envelope: Envelope, why: string): void {
    const { kind } = envelope;
    if (kind === EnvelopeKind.tell) this.#incomingTells.unreadable(from, envelope);
    else if (kind === EnvelopeKind.ask || kind === EnvelopeKind.open)
      this.#incomingCalls.unreadable(from, envelope, why);
    else this.#calls.unreadable(from, envelope, why);
  }

  lost(node: string): void {
    this.#calls.failAll(node, "node.disconnected", `frames from ${node} are lost`);
    this.#incomingCalls.lost(node);
    void this.#watches.renew(node);
  }

  /** The membership declared a node down. */
  nodeDown(node: string): void {
    this.#calls.failAll(node, "node.down", `${node} is down`);
    this.#incomingCalls.nodeDown(node);
    this.#watches.nodeDown(node);
    this.#virtuals?.nodeDown(node);
  }
}

/** Why another node says that its actor ended; anything may arrive. */
function reasonIn(body: unknown): ExitReason {
  return typeof body === "string" ? (body as ExitReason) : "failed";
}
