/**
 * The transport over NATS: links to other nodes on one subscription, topics on one each.
 *
 * Owns: which bytes on which subject are ours, and from whom. Its neighbour `link.ts` owns order and
 * loss; who is alive comes from membership.
 *
 * N1: a frame's sender is the last token of its subject, which the server's permissions vouch for.
 * N2: what the server was made to deliver in a sender's name is dropped and counted: `forgery.ts`.
 * N3: while the connection is down nothing is published: the client would drop it without an error.
 * N4: frames of an incarnation that membership has declared down are dropped.
 */
import type { Msg, NatsConnection, Subscription } from "nats";
import type { Log } from "../../runtime/log.ts";
import { PacedLog } from "../../runtime/paced-log.ts";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import type { MembershipEvent, NodeIdentity } from "../../runtime/ports/membership.ts";
import type { Scheduler } from "../../runtime/ports/scheduler.ts";
import type { Transport, TransportSink, UndeliveredReason } from "../../runtime/ports/transport.ts";
import type { Envelope } from "../../runtime/remote/envelope.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import { forgeryIn } from "../security/forgery.ts";
import { INLINE_BYTES } from "./body-store.ts";
import type { ClaimStore } from "./claim-store.ts";
import { parseFrame } from "./frame.ts";
import { Link, type LinkClaims, type LinkCounts } from "./link.ts";
import { frameSubject, framesTo, senderOf, topicFrom, topicSubject } from "./node-subject.ts";
import { TopicOutbox } from "./topic-outbox.ts";

const SWEEP_MS = 250;
const EARLY_ENVELOPES = 1_024;

/** How the link to a node is. */
export interface LinkReport extends Readonly<LinkCounts> {
  readonly node: string;
  /** The newest that was met; empty before the first. */
  readonly incarnation: string;
  /** Envelopes in the outbox. */
  readonly waiting: number;
  /** The peer has all that was sent. */
  readonly settled: boolean;
  /** It has acknowledged nothing for some seconds. */
  readonly stalled: boolean;
}

/** What a {@link NatsTransport} is made of. */
export interface NatsTransportOptions {
  /** The data connection. */
  readonly connection: NatsConnection;
  readonly cluster: string;
  readonly self: NodeIdentity;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  /** Whether this node may still act; once it may not, nothing is received or sent. */
  readonly standing?: () => boolean;
  /** What of the wire this node reads; default nothing beyond the first release. */
  readonly reads?: readonly string[];
  /** Where bodies go that no frame carries; absent: they are not sent, and cannot be read. */
  readonly claims?: ClaimStore;
}

/** What was refused at the border, and why. */
export interface TransportCounts {
  /** What the server was made to deliver (N2). */
  forged: number;
  undecodable: number;
  /** Frames of nodes that are down (N4). */
  buried: number;
}

interface Peer {
  readonly incarnation: string;
  readonly reads: readonly string[];
}

/** A transport over NATS; see the file's header. */
export class NatsTransport implements Transport {
  readonly node: string;
  readonly mostBodyBytes: number;
  readonly counts: TransportCounts = { forged: 0, undecodable: 0, buried: 0 };
  readonly #options: NatsTransportOptions;
  readonly #log: PacedLog;
  /** The subject of all frames to this node. */
  readonly #heard: string;
  readonly #links = new Map<string, Link>();
  /** The live incarnation of each member, and what it reads; only members are sent to. */
  readonly #members = new Map<string, Peer>();
  /** The last incarnation of each name that went down. */
  readonly #buried = new Map<string, string>();
  readonly #topics = new Map<string, { readonly subscription: Subscription; interested: number }>();
  readonly #published: TopicOutbox;
  #sink: TransportSink | undefined;
  /** What came before anyone was attached. */
  #early: { readonly from: string; readonly envelope: Envelope }[] = [];
  #connected: boolean = true;
  #closed: boolean = false;
  #cancelSweep: Cancel;

  constructor(options: NatsTransportOptions) {
    this.#options = options;
    this.#log = new PacedLog(options.log, options.clock);
    this.node = options.self.name;
    this.mostBodyBytes = options.claims?.mostBytes ?? INLINE_BYTES;
    const { connection, cluster, self, clock, scheduler } = options;
    this.#published = new TopicOutbox({
      clock,
      scheduler,
      incarnation: self.incarnation,
      connected: () => this.#isOpen(),
      publish: (topic, bytes) => connection.publish(topicSubject(cluster, topic, self.name), bytes),
      handBack: (topic, envelope, reason) => this.#handBack(topic, envelope, reason),
    });
    this.#heard = framesTo(cluster, this.node);
    connection.subscribe(this.#heard, {
      callback: (error, message) => {
        if (error === null) this.#receive(message);
      },
    });
    this.#cancelSweep = options.clock.after(SWEEP_MS, this.#sweep);
  }

  attach(sink: TransportSink): void {
    this.#sink = sink;
    const early = this.#early;
    this.#early = [];
    for (const { from, envelope } of early) this.#deliver(from, envelope);
  }

  send(to: string, envelope: Envelope): boolean {
    return !this.#closed && this.#linkTo(to).send(envelope);
  }

  publish(topic: string, envelope: Envelope): boolean {
    return !this.#closed && this.#published.publish(topic, envelope);
  }

  subscribe(topic: string): void {
    if (this.#closed) return;
    const known = this.#topics.get(topic);
    if (known !== undefined) {
      known.interested++;
      return;
    }
    const subscription = this.#options.connection.subscribe(
      topicFrom(this.#options.cluster, topic),
      {
        callback: (error, message) => {
          if (error === null) this.#receiveTopic(topic, message);
        },
      },
    );
    this.#topics.set(topic, { subscription, interested: 1 });
  }

  unsubscribe(topic: string): void {
    const known = this.#topics.get(topic);
    if (known === undefined) return;
    known.interested--;
    if (known.interested > 0) return;
    this.#topics.delete(topic);
    if (!this.#closed) known.subscription.unsubscribe();
  }

  /** The connection was lost: from now on everything waits. */
  disconnected(): void {
    this.#connected = false;
  }

  /** The connection is back. */
  reconnected(): void {
    this.#connected = true;
    for (const link of this.#links.values()) link.resumed();
    this.#published.flush();
  }

  /** A member appeared, changed or went down. */
  memberChanged({ member }: MembershipEvent): void {
    const { name, incarnation, phase, reads = [] } = member;
    if (phase !== "down") {
      if (this.#members.get(name)?.incarnation === incarnation) return;
      this.#members.set(name, { incarnation, reads });
      this.#links.get(name)?.joined(incarnation, reads);
      return;
    }
    if (incarnation > (this.#buried.get(name) ?? "")) this.#buried.set(name, incarnation);
    if (this.#members.get(name)?.incarnation !== incarnation) return;
    this.#members.delete(name);
    const link = this.#links.get(name);
    // Frames of a successor may overtake its first beat: its link has begun, and a second one would
    // number its frames from 1 again.
    if (link === undefined || link.peer > incarnation) return;
    link.close();
    this.#links.delete(name);
  }

  /** What the links did, by node; for metrics and tests. */
  linkTo(node: string): Link | undefined {
    return this.#links.get(node);
  }

  /** How all links are. */
  reports(): readonly LinkReport[] {
    return Array.from(this.#links, ([node, link]) => {
      const { peer, waiting, settled, stalled, counts } = link;
      return { node, incarnation: peer, waiting, settled, stalled, ...counts };
    });
  }

  /** Resolves when every link's peer has all that was sent, or after `deadlineMs`. */
  async settle(deadlineMs: number): Promise<void> {
    const { clock } = this.#options;
    const untilMs = clock.monotonicMs() + deadlineMs;
    while (clock.monotonicMs() < untilMs) {
      this.#published.flush();
      for (const link of this.#links.values()) link.flush();
      if ([...this.#links.values()].every((link) => link.settled)) return;
      await new Promise<void>((resolve) => clock.after(SWEEP_MS / 10, resolve));
    }
  }

  /** Sends and receives no more; what waits is handed back. The connection is its owner's. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelSweep();
    for (const link of this.#links.values()) link.close();
    this.#published.close();
  }

  readonly #sweep = (): void => {
    if (this.#closed) return;
    for (const [name, link] of this.#links) {
      link.sweep();
      if (link.unused) this.#links.delete(name);
    }
    this.#cancelSweep = this.#options.clock.after(SWEEP_MS, this.#sweep);
  };

  #linkTo(node: string): Link {
    const known = this.#links.get(node);
    if (known !== undefined) return known;
    const { connection, cluster, self, clock, scheduler } = this.#options;
    const subject = frameSubject(cluster, node, self.name);
    const peer = this.#members.get(node);
    const link = new Link(
      {
        clock,
        scheduler,
        incarnation: self.incarnation,
        connected: () => this.#isOpen(),
        publish: (bytes) => connection.publish(subject, bytes),
        deliver: (envelope) => this.#deliver(node, envelope),
        handBack: (envelope, reason) => this.#handBack(node, envelope, reason),
        lost: () => this.#sink?.lost(node),
        claims: this.#claimsOf(node),
      },
      peer?.incarnation,
      peer?.reads,
    );
    this.#links.set(node, link);
    return link;
  }

  #claimsOf(node: string): LinkClaims | undefined {
    const { claims, reads } = this.#options;
    // As the first release did, which did not look at claims.
    if (claims === undefined || !reads?.includes("claims")) return undefined;
    return {
      store: claims.between(node),
      unreadable: (envelope, why) => this.#sink?.unreadable(node, envelope, why),
      failed: (why) => this.#log.warn({ to: node, why }, "a large body was not sent"),
    };
  }

  #isOpen(): boolean {
    return this.#connected && this.#isStanding() && !this.#options.connection.isClosed();
  }

  #isStanding(): boolean {
    return this.#options.standing?.() ?? true;
  }

  #receive(message: Msg): void {
    if (this.#closed || !this.#isStanding() || this.#isForged(message, this.#heard)) return;
    const from = senderOf(message.subject);
    const frame = parseFrame(message.data);
    if (!frame.ok) {
      this.#undecodable(from, frame.error);
      return;
    }
    for (const fault of frame.value.faults) this.#undecodable(from, fault);
    if (frame.value.incarnation <= (this.#buried.get(from) ?? "")) {
      this.counts.buried++;
      return;
    }
    this.#linkTo(from).receive(frame.value, message.data.length);
  }

  #receiveTopic(topic: string, message: Msg): void {
    const heard = topicFrom(this.#options.cluster, topic);
    if (this.#closed || !this.#isStanding() || this.#isForged(message, heard)) return;
    const from = senderOf(message.subject);
    const frame = parseFrame(message.data);
    if (!frame.ok) {
      this.#undecodable(from, frame.error);
      return;
    }
    if (frame.value.incarnation <= (this.#buried.get(from) ?? "")) {
      this.counts.buried++;
      return;
    }
    for (const fault of frame.value.faults) this.#undecodable(from, fault);
    for (const envelope of frame.value.envelopes) this.#deliver(from, envelope);
  }

  /** N2. */
  #isForged(message: Msg, heard: string): boolean {
    const forgery = forgeryIn(message, heard);
    if (forgery === undefined) return false;
    this.counts.forged++;
    const { subject } = message;
    this.#log.warn({ subject, forgery }, "dropped what no node has sent");
    return true;
  }

  #undecodable(from: string, fault: string): void {
    this.counts.undecodable++;
    this.#log.warn({ from, fault }, "dropped what cannot be decoded");
  }

  #deliver(from: string, envelope: Envelope): void {
    const sink = this.#sink;
    if (sink === undefined) {
      if (this.#early.length < EARLY_ENVELOPES) this.#early.push({ from, envelope });
      else this.#undecodable(from, "nobody is attached and the hold is full");
      return;
    }
    try {
      sink.received(from, envelope);
    } catch (error) {
      // A throw here would end the subscription of all links.
      this.#log.error({ from, error: messageOf(error) }, "the receiver of envelopes threw");
    }
  }

  #handBack(to: string, envelope: Envelope, reason: UndeliveredReason): void {
    this.#sink?.undelivered(to, envelope, reason);
  }
}
