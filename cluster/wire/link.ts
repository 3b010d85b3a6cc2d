/**
 * The link to one other node: both directions, since each acknowledges the other.
 *
 * Owns: numbering frames, acknowledging, sending again what a broken connection swallowed, and delivering
 * in order. Its neighbour `nats-transport.ts` owns the connection and the subjects, `departures.ts` how
 * envelopes become frames, `send-window.ts` what is in flight, `link-sequence.ts` judges what arrives,
 * `incoming-claims.ts` holds what waits for a body from a store.
 *
 * L1: what is sent is delivered in order, and at most once per receiving incarnation: a frame is sent
 *     again with its old number, and its receiver drops what it has seen.
 * L2: nothing is dropped silently: an envelope is refused by `send`, handed back, or published and
 *     held until the peer has it. What was published and never acknowledged when the peer ended is
 *     counted, since nobody can know what became of it.
 * L3: the outbox and the window of unacknowledged frames are bounded; a full window fills the outbox,
 *     a full outbox refuses.
 * L4: a frame for another incarnation than the receiver's is dropped: what was meant for the dead is
 *     not delivered twice.
 * L5: an envelope whose time ran out in the outbox is handed back, not sent.
 * L6: a body that no frame carries goes by claim; what is for the same actors, ask or stream waits for it,
 *     at both ends, and everything else passes.
 * L7: once the connection was down for {@link PATIENCE_MS}, what has a deadline is handed back at the next
 *     sweep; what has none waits.
 *
 * Cost: the clock is read three times per frame, never per envelope. While no body is claimed, claims cost
 * a comparison per envelope that arrives.
 */
import type { Clock } from "../../runtime/ports/clock.ts";
import type { Scheduler } from "../../runtime/ports/scheduler.ts";
import type { UndeliveredReason } from "../../runtime/ports/transport.ts";
import { type Envelope, EnvelopeKind } from "../../runtime/remote/envelope.ts";
import type { BodyStore } from "./body-store.ts";
import { Departures } from "./departures.ts";
import type { Frame } from "./frame.ts";
import { frameBytes } from "./frame.ts";
import { IncomingClaims } from "./incoming-claims.ts";
import { LinkParts } from "./link-parts.ts";
import { arrived } from "./link-sequence.ts";
import { SendWindow } from "./send-window.ts";

// Acknowledged at the latest here, so that a sender's window never fills while all is well.
const ACK_FRAMES = 32;
const ACK_BYTES = 1024 * 1024;
const RESEND_ASK_MS = 200;
const AWAIT_PEER_MS = 5_000;
/** While the connection is down, what has less time than this is given up: two sweeps. */
const GIVE_UP_MS = 500;
/** Longer than a server takes to start again; once it was down for so long, whoever asks is told at once. */
const PATIENCE_MS = 3_000;

/** What a link needs for bodies that no frame carries. */
export interface LinkClaims {
  /** Where they go, and where those of the peer come from. */
  readonly store: BodyStore;
  /** An envelope arrived whose body cannot be had. */
  unreadable(envelope: Envelope, why: string): void;
  /** The store did not take a body. */
  failed(why: string): void;
}

/** What a link needs of its node. */
export interface LinkEnds {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** This node's own. */
  readonly incarnation: string;
  /** Whether what is published now reaches the server. */
  connected(): boolean;
  publish(bytes: Uint8Array): void;
  deliver(envelope: Envelope): void;
  handBack(envelope: Envelope, reason: UndeliveredReason): void;
  /** Frames from the peer will never come. */
  lost(): void;
  /** Absent: large bodies are handed back, and a claim is not looked at, as in the first release. */
  readonly claims?: LinkClaims | undefined;
}

/** What a link did, for metrics and tests. */
export interface LinkCounts {
  framesSent: number;
  framesResent: number;
  framesReceived: number;
  duplicates: number;
  /** Frames for another incarnation, or from an earlier one. */
  strays: number;
  /** Envelopes published to a peer that ended before it acknowledged them. */
  unresolved: number;
}

/** A link; see the file's header. */
export class Link {
  readonly counts: LinkCounts = {
    framesSent: 0,
    framesResent: 0,
    framesReceived: 0,
    duplicates: 0,
    strays: 0,
    unresolved: 0,
  };
  readonly #ends: LinkEnds;
  readonly #departures: Departures;
  readonly #incoming: IncomingClaims | undefined;
  readonly #parts: LinkParts | undefined;
  readonly #window: SendWindow = new SendWindow();
  #peer: string;
  #isMember: boolean;
  #expected = 0;
  #unreportedFrames = 0;
  #unreportedBytes = 0;
  #resendAskedAtMs = Number.NEGATIVE_INFINITY;
  #downSinceMs: number | undefined;

  /**
   * @param peer - the peer's incarnation, when membership knows it: only then is anything sent
   * @param reads - the features of the wire that the peer reads
   */
  constructor(ends: LinkEnds, peer: string | undefined, reads: readonly string[] = []) {
    this.#ends = ends;
    this.#peer = peer ?? "";
    this.#isMember = peer !== undefined;
    const { claims, clock, scheduler } = ends;
    this.#parts = claims?.store instanceof LinkParts ? claims.store : undefined;
    this.#departures = new Departures({
      clock,
      scheduler,
      isOpen: () => this.#isMember && this.#window.hasRoom && ends.connected(),
      bytesInFlight: () => this.#window.bytes,
      bytesOf: (batch) => this.#bytesOf(batch),
      publish: (bytes, envelopes) => this.#publish(bytes, envelopes),
      handBack: (envelope, reason) => ends.handBack(envelope, reason),
      store: claims?.store,
      parts: this.#parts,
      storeFailed: (why) => claims?.failed(why),
    });
    this.#departures.know(reads);
    if (claims === undefined) return;
    this.#incoming = new IncomingClaims({
      clock,
      store: claims.store,
      deliver: (envelope) => ends.deliver(envelope),
      unreadable: (envelope, why) => claims.unreadable(envelope, why),
      hasRoom: () => this.#report(true),
    });
  }

  /** Takes an envelope for the peer; `false` when the outbox is full. */
  send(envelope: Envelope): boolean {
    return this.#departures.send(envelope);
  }

  /** Publishes what waits, as far as the connection and the window allow. */
  flush(): void {
    this.#departures.flush();
  }

  /** Takes a frame from the peer. */
  receive(frame: Frame, sizeBytes: number): void {
    this.counts.framesReceived++;
    if (frame.incarnation < this.#peer) {
      this.counts.strays++;
      return;
    }
    if (frame.incarnation !== this.#peer) this.#meet(frame.incarnation);
    if (frame.target !== "" && frame.target !== this.#ends.incarnation) {
      this.counts.strays++;
      // The acknowledgement tells the sender who lives here now.
      this.#askResend();
      return;
    }
    // An acknowledgement that names no target may be meant for the node that bore this name before.
    if (frame.target !== "" && frame.ackSeq >= this.#window.baseSeq)
      this.#window.acknowledged(frame.ackSeq, this.#ends.clock.monotonicMs());
    if (frame.resend) this.#resend();
    // What is not taken is not acknowledged, and comes again.
    if (frame.linkSeq > 0 && this.#incoming?.isFull !== true) this.#take(frame, sizeBytes);
    this.flush();
  }

  /** Membership says that the peer lives, with this incarnation, and what of the wire it reads. */
  joined(incarnation: string, reads: readonly string[] = []): void {
    this.#isMember = true;
    this.#departures.know(reads);
    if (incarnation > this.#peer) this.#meet(incarnation);
    this.flush();
  }

  /** The connection is back: what it may have swallowed goes out again, and so does what waited. */
  resumed(): void {
    this.#resend();
    this.flush();
    if (this.#expected > 0) this.#report(true);
  }

  /** Does what is due; to be called a few times a second. */
  sweep(): void {
    const nowMs = this.#ends.clock.monotonicMs();
    if (!this.#isMember && this.#departures.waitedMs(nowMs) > AWAIT_PEER_MS)
      this.#departures.close();
    this.#parts?.sweep(nowMs);
    if (!this.#ends.connected()) {
      this.#downSinceMs ??= nowMs;
      // Whoever asked hears that it never ran, rather than nothing until the deadline (L5, L7).
      const isLong = nowMs - this.#downSinceMs >= PATIENCE_MS;
      this.#departures.giveUpLate(isLong ? Number.POSITIVE_INFINITY : GIVE_UP_MS);
      return;
    }
    this.#downSinceMs = undefined;
    if (this.#unreportedFrames > 0) this.#report(false);
    if (this.#window.takeDue(nowMs)) this.#resend();
    this.flush();
  }

  /** Publishes a frame that only acknowledges, so that the server can say whether anyone listens. */
  ping(): void {
    this.#report(false);
  }

  /** The peer is gone or this node stops: what waits is handed back, what is in flight is counted. */
  close(): void {
    this.#departures.close();
    this.#abandonUnacked();
    this.#incoming?.close();
    this.#parts?.clear();
  }

  /** The newest incarnation that was met; empty before the first. */
  get peer(): string {
    return this.#peer;
  }

  /** Envelopes that wait to be sent. */
  get waiting(): number {
    return this.#departures.size;
  }

  /** Whether nothing has ever passed, and nothing waits: to nobody we know. */
  get unused(): boolean {
    const passed = this.#window.nextSeq > 1 || this.#expected > 0;
    return !this.#isMember && !passed && this.#departures.size === 0;
  }

  /** Whether everything sent has been acknowledged. */
  get settled(): boolean {
    return this.#departures.size === 0 && this.#window.isEmpty;
  }

  /** Whether the peer has acknowledged nothing through several attempts, about 3 s. */
  get stalled(): boolean {
    return this.#window.stalled;
  }

  #publish(bytes: Uint8Array, envelopes: number): void {
    this.#window.push(bytes, envelopes, this.#ends.clock.monotonicMs());
    this.#reported();
    this.counts.framesSent++;
    this.#ends.publish(bytes);
  }

  #bytesOf(batch: readonly Envelope[]): Uint8Array | undefined {
    try {
      return frameBytes(
        {
          incarnation: this.#ends.incarnation,
          linkSeq: this.#window.nextSeq,
          ackSeq: this.#ackSeq(),
          baseSeq: this.#window.baseSeq,
          target: this.#peer,
          resend: false,
        },
        batch,
      );
    } catch {
      return undefined;
    }
  }

  #take(frame: Frame, sizeBytes: number): void {
    const { arrival, expected, lost } = arrived(this.#expected, frame.linkSeq, frame.baseSeq);
    this.#expected = expected;
    if (lost) {
      this.#parts?.clear();
      this.#ends.lost();
    }
    switch (arrival) {
      case "next":
        this.#expected++;
        this.#unreportedFrames++;
        this.#unreportedBytes += sizeBytes;
        for (const envelope of frame.envelopes) this.#arrive(envelope);
        if (this.#unreportedFrames >= ACK_FRAMES || this.#unreportedBytes >= ACK_BYTES)
          this.#report(false);
        return;
      case "duplicate":
        this.counts.duplicates++;
        // Reported again, or a sender whose acknowledgement was lost would repeat itself for ever.
        this.#unreportedFrames++;
        return;
      case "early":
        this.#askResend();
        return;
    }
  }

  #arrive(envelope: Envelope): void {
    const incoming = this.#incoming;
    if (envelope.kind === EnvelopeKind.part) this.#parts?.take(envelope);
    else if (incoming === undefined || (envelope.claim === undefined && incoming.size === 0))
      this.#ends.deliver(envelope);
    else incoming.take(envelope);
  }

  #askResend(): void {
    const nowMs = this.#ends.clock.monotonicMs();
    if (nowMs - this.#resendAskedAtMs < RESEND_ASK_MS) return;
    this.#resendAskedAtMs = nowMs;
    this.#report(true);
  }

  /** Publishes a frame that only acknowledges. */
  #report(resend: boolean): void {
    if (!this.#ends.connected()) return;
    this.#reported();
    this.#ends.publish(
      frameBytes(
        {
          incarnation: this.#ends.incarnation,
          linkSeq: 0,
          ackSeq: this.#ackSeq(),
          baseSeq: 0,
          target: this.#peer,
          resend,
        },
        [],
      ),
    );
  }

  #reported(): void {
    this.#unreportedFrames = 0;
    this.#unreportedBytes = 0;
  }

  #resend(): void {
    if (!this.#ends.connected()) return;
    for (const frame of this.#window.frames()) {
      this.counts.framesResent++;
      this.#ends.publish(frame.bytes);
    }
  }

  /** The peer's incarnation is learnt, or has changed. */
  #meet(incarnation: string): void {
    const before = this.#peer;
    this.#peer = incarnation;
    this.#expected = 0;
    this.#reported();
    this.#parts?.clear();
    if (before === "") return;
    this.#abandonUnacked();
    this.#ends.lost();
  }

  #abandonUnacked(): void {
    this.counts.unresolved += this.#window.abandon();
  }

  #ackSeq(): number {
    return Math.max(0, this.#expected - 1);
  }
}
