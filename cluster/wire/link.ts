/**
 * The link to one other node: both directions, since each acknowledges the other.
 *
 * Owns: coalescing envelopes into frames, numbering, acknowledging, sending again what a broken
 * connection swallowed, and refusing when there is no room. Its neighbour `nats-transport.ts` owns
 * the connection and the subjects, `send-window.ts` what is in flight, `link-sequence.ts` judges what
 * arrives.
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
 *
 * L6: what is first sent in a turn of the event loop leaves at the end of the microtask queue as it stands
 *     then; what follows in that turn leaves with its end, so that a producer that awaits between two
 *     sends fills frames too. Neither waits for a timer.
 *
 * Cost: a send is two array pushes; the clock is read three times per frame, never per envelope.
 */
import type { Clock } from "../../runtime/ports/clock.ts";
import type { Scheduler } from "../../runtime/ports/scheduler.ts";
import type { Envelope } from "../../runtime/remote/envelope.ts";
import type { Frame } from "./frame.ts";
import { frameBytes } from "./frame.ts";
import { arrived } from "./link-sequence.ts";
import { Outbox } from "./outbox.ts";
import { SendWindow } from "./send-window.ts";

/** The most envelopes in a frame. */
export const MAX_FRAME_ENVELOPES = 256;
/** Where a frame of several envelopes is cut. */
const FRAME_BYTES = 65_536;
/** The largest body that travels inline, with room for its envelope. */
export const MAX_FRAME_BYTES = 264_192;

// Acknowledged at the latest here, so that a sender's window never fills while all is well.
const ACK_FRAMES = 32;
const ACK_BYTES = 1024 * 1024;
const RESEND_ASK_MS = 200;
const AWAIT_PEER_MS = 5_000;

/** Why an envelope is handed back. */
export type HandBackReason = "disconnected" | "too-large" | "undecodable";

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
  handBack(envelope: Envelope, reason: HandBackReason): void;
  /** Frames from the peer will never come. */
  lost(): void;
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
  readonly #outbox: Outbox;
  /** A flush is due, with this microtask queue or with the end of the turn. */
  #scheduled: boolean = false;
  /** Something left in this turn: what comes now leaves with its end. */
  #isInTurn: boolean = false;
  #perFrame = MAX_FRAME_ENVELOPES;
  readonly #window: SendWindow = new SendWindow();
  #peer: string;
  #isMember: boolean;
  #expected = 0;
  #unreportedFrames = 0;
  #unreportedBytes = 0;
  #resendAskedAtMs = Number.NEGATIVE_INFINITY;

  /** @param peer - the peer's incarnation, when membership knows it: only then is anything sent */
  constructor(ends: LinkEnds, peer: string | undefined) {
    this.#ends = ends;
    this.#outbox = new Outbox(ends.clock);
    this.#peer = peer ?? "";
    this.#isMember = peer !== undefined;
  }

  /** Takes an envelope for the peer; `false` when the outbox is full. */
  send(envelope: Envelope): boolean {
    if (!this.#outbox.push(envelope)) return false;
    if (!this.#scheduled) {
      this.#scheduled = true;
      if (!this.#isInTurn) this.#ends.scheduler.microtask(this.#flushSoon);
    }
    if (this.#outbox.size === this.#perFrame) this.flush();
    return true;
  }

  readonly #flushSoon = (): void => {
    this.#scheduled = false;
    this.#outbox.turn();
    this.flush();
    this.#isInTurn = true;
    this.#ends.scheduler.macrotask(this.#endTurn);
  };

  readonly #endTurn = (): void => {
    this.#isInTurn = false;
    if (this.#scheduled) this.#flushSoon();
  };

  /** Publishes what waits, as far as the connection and the window allow. */
  flush(): void {
    while (this.#outbox.size > 0 && this.#open()) {
      const { timely, late } = this.#outbox.take(this.#perFrame);
      for (const envelope of late) this.#ends.handBack(envelope, "disconnected");
      this.#emit(timely);
    }
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
    if (frame.linkSeq > 0) this.#take(frame, sizeBytes);
    if (this.#outbox.size > 0) this.flush();
  }

  /** Membership says that the peer lives, with this incarnation. */
  joined(incarnation: string): void {
    this.#isMember = true;
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
    if (!this.#isMember && this.#outbox.waitedMs(nowMs) > AWAIT_PEER_MS) this.#handBackAll();
    if (!this.#ends.connected()) return;
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
    this.#handBackAll();
    this.#abandonUnacked();
  }

  /** The newest incarnation that was met; empty before the first. */
  get peer(): string {
    return this.#peer;
  }

  /** Whether nothing has ever passed, and nothing waits: to nobody we know. */
  get unused(): boolean {
    const passed = this.#window.nextSeq > 1 || this.#expected > 0;
    return !this.#isMember && !passed && this.#outbox.size === 0;
  }

  /** Whether everything sent has been acknowledged. */
  get settled(): boolean {
    return this.#outbox.size === 0 && this.#window.isEmpty;
  }

  /** Whether the peer has acknowledged nothing through several attempts, about 3 s. */
  get stalled(): boolean {
    return this.#window.stalled;
  }

  #open(): boolean {
    return this.#isMember && this.#window.hasRoom && this.#ends.connected();
  }

  #emit(batch: readonly Envelope[]): void {
    const [first] = batch;
    if (first === undefined) return;
    const bytes = this.#bytesOf(batch);
    if (bytes === undefined || bytes.length > MAX_FRAME_BYTES) {
      // One of them is at fault, or there are too many: halves until it stands alone.
      if (batch.length === 1) {
        this.#ends.handBack(first, bytes === undefined ? "undecodable" : "too-large");
        return;
      }
      const middle = batch.length >>> 1;
      this.#emit(batch.slice(0, middle));
      this.#emit(batch.slice(middle));
      return;
    }
    this.#perFrame = Math.max(
      1,
      Math.min(MAX_FRAME_ENVELOPES, Math.floor((FRAME_BYTES * batch.length) / bytes.length)),
    );
    this.#window.push(bytes, batch.length, this.#ends.clock.monotonicMs());
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
    if (lost) this.#ends.lost();
    switch (arrival) {
      case "next":
        this.#expected++;
        this.#unreportedFrames++;
        this.#unreportedBytes += sizeBytes;
        for (const envelope of frame.envelopes) this.#ends.deliver(envelope);
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
    if (before === "") return;
    this.#abandonUnacked();
    this.#ends.lost();
  }

  #abandonUnacked(): void {
    this.counts.unresolved += this.#window.abandon();
  }

  #handBackAll(): void {
    for (const envelope of this.#outbox.clear()) this.#ends.handBack(envelope, "disconnected");
  }

  #ackSeq(): number {
    return Math.max(0, this.#expected - 1);
  }
}
