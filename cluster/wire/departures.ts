/**
 * What leaves on a link: from an envelope that is sent to the frame that carries it.
 *
 * Owns: coalescing, where frames are cut, what goes by claim and what is handed back. Its neighbour
 * `link.ts` numbers and publishes the frames, `outbox.ts` holds what waits for the connection,
 * `outgoing-claims.ts` what waits for a body to be kept.
 *
 * D1: what is first sent in a turn of the event loop leaves {@link JOBS_IN_WAIT} jobs of the microtask
 *     queue later, with what was sent by then; what follows in that turn leaves with its end, so that a
 *     producer that awaits between two sends fills frames too. Neither waits for a timer. A frame is cut at
 *     {@link MAX_FRAME_ENVELOPES} or about 64 KB.
 * D2: an envelope that cannot be packed, or whose time ran out, is handed back and leaves its neighbours
 *     alone.
 * D3: a body that no frame carries goes by claim; what is for the same actors, ask or stream waits for
 *     it, and everything else passes.
 * D4: what the peer's release does not read is handed back, never sent.
 *
 * Cost: a send is two array pushes. While no body is claimed, claims cost a comparison per frame.
 */
import type { Clock } from "../../runtime/ports/clock.ts";
import type { Scheduler } from "../../runtime/ports/scheduler.ts";
import type { UndeliveredReason } from "../../runtime/ports/transport.ts";
import type { Envelope } from "../../runtime/remote/envelope.ts";
import { type BodyStore, isLarge } from "./body-store.ts";
import { withChunkRuns } from "./chunk-runs.ts";
import type { LinkParts } from "./link-parts.ts";
import { Outbox } from "./outbox.ts";
import { OutgoingClaims } from "./outgoing-claims.ts";
import { featureOf, WIRE_FEATURES } from "./wire-features.ts";

/** The most envelopes in a frame. */
export const MAX_FRAME_ENVELOPES = 256;
/** The largest frame: a body of 256 KB with room for its envelope. */
export const MAX_FRAME_BYTES = 264_192;
/** Where a frame of several envelopes is cut. */
const FRAME_BYTES = 65_536;

/**
 * How many jobs of the microtask queue the first envelope of a turn waits for company: a stream's last chunk is as
 * many before its result. They take less than a microsecond; a frame and a wake-up more take tens.
 */
const JOBS_IN_WAIT = 4;

/**
 * With more than this in flight no part leaves: a whole window of parts would keep what is small waiting, and
 * take a slow peer longer than it has until all of it is sent again. Twice what is acknowledged at a time.
 */
const PARTS_IN_FLIGHT_BYTES = 2 * 1024 * 1024;

/** What {@link Departures} need of their link. */
export interface DeparturesEnds {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Whether a frame may leave now. */
  isOpen(): boolean;
  /** How many bytes the peer has not acknowledged. */
  bytesInFlight(): number;
  /** The next frame's bytes; `undefined` when an envelope cannot be packed. */
  bytesOf(batch: readonly Envelope[]): Uint8Array | undefined;
  publish(bytes: Uint8Array, envelopes: number): void;
  handBack(envelope: Envelope, reason: UndeliveredReason): void;
  /** Where bodies are kept that no frame carries; absent: their envelopes are handed back. */
  readonly store: BodyStore | undefined;
  /** The parts of bodies that travel along the link. */
  readonly parts: LinkParts | undefined;
  /** The store did not take a body. */
  storeFailed(why: string): void;
}

/** What leaves on a link; see the file's header. */
export class Departures {
  readonly #ends: DeparturesEnds;
  readonly #outbox: Outbox;
  readonly #claims: OutgoingClaims | undefined;
  /** A flush is due, with this microtask queue or with the end of the turn. */
  #scheduled: boolean = false;
  /** Something left in this turn: what comes now leaves with its end. */
  #isInTurn: boolean = false;
  /** How many jobs the first envelope of this turn has waited. */
  #jobs = 0;
  #perFrame = MAX_FRAME_ENVELOPES;
  #reads: readonly string[] = [];
  #readsAll: boolean = false;
  #readsChunks: boolean = false;

  constructor(ends: DeparturesEnds) {
    this.#ends = ends;
    this.#outbox = new Outbox(ends.clock);
    const { store, clock } = ends;
    if (store === undefined) return;
    this.#claims = new OutgoingClaims({
      clock,
      store,
      ready: () => this.flush(),
      handBack: (envelope, reason) => ends.handBack(envelope, reason),
      failed: (why) => ends.storeFailed(why),
    });
  }

  /** The features of the wire that the peer reads. */
  know(reads: readonly string[]): void {
    this.#reads = reads;
    this.#readsAll = WIRE_FEATURES.every((feature) => reads.includes(feature));
    this.#readsChunks = reads.includes("chunks");
  }

  /** How many have not left. */
  get size(): number {
    return this.#outbox.size + (this.#claims?.size ?? 0);
  }

  /** How long the first one has waited for the connection or the peer; 0 when none does. */
  waitedMs(nowMs: number): number {
    return this.#outbox.waitedMs(nowMs);
  }

  /** Takes an envelope; `false` when the outbox is full. */
  send(envelope: Envelope): boolean {
    if (!this.#outbox.push(envelope)) return false;
    if (!this.#scheduled) {
      this.#scheduled = true;
      if (!this.#isInTurn) this.#ends.scheduler.microtask(this.#wait);
    }
    if (this.#outbox.size === this.#perFrame) this.flush();
    return true;
  }

  readonly #wait = (): void => {
    this.#jobs++;
    if (this.#jobs < JOBS_IN_WAIT) this.#ends.scheduler.microtask(this.#wait);
    else this.#flushSoon();
  };

  readonly #flushSoon = (): void => {
    this.#scheduled = false;
    this.#jobs = 0;
    this.#outbox.turn();
    this.flush();
    this.#isInTurn = true;
    this.#ends.scheduler.macrotask(this.#endTurn);
  };

  readonly #endTurn = (): void => {
    this.#isInTurn = false;
    if (this.#scheduled) this.#flushSoon();
  };

  /** Publishes what waits, as far as the link is open. */
  flush(): void {
    const claims = this.#claims;
    for (;;) {
      // What was released came before what waits in the outbox for the same actors.
      const isReleased = claims !== undefined && claims.released > 0;
      const hasParts = this.#ends.parts?.wantsToLeave === true && this.#isCalm;
      if (!(isReleased || hasParts || this.#outbox.size > 0) || !this.#ends.isOpen()) return;
      if (isReleased) {
        this.#emitReleased(claims.take(this.#perFrame));
        continue;
      }
      if (this.#outbox.size === 0) {
        this.#emitPart();
        continue;
      }
      const { timely, late } = this.#outbox.take(this.#perFrame);
      for (const envelope of late) this.#ends.handBack(envelope, "disconnected");
      this.#emit(timely);
    }
  }

  /** Whether few enough bytes are in flight for a part to join them. */
  get #isCalm(): boolean {
    return this.#ends.bytesInFlight() < PARTS_IN_FLIGHT_BYTES;
  }

  /** Hands back what cannot leave any more in the time that it has, when nothing leaves for `soonMs`. */
  giveUpLate(soonMs: number): void {
    for (const envelope of this.#outbox.takeLate(soonMs))
      this.#ends.handBack(envelope, "disconnected");
  }

  /** Hands back all that has not left. */
  close(): void {
    const kept = this.#claims?.clear() ?? [];
    for (const envelope of [...kept, ...this.#outbox.clear()])
      this.#ends.handBack(envelope, "disconnected");
  }

  #emit(batch: readonly Envelope[]): void {
    const passing = this.#passing(this.#readsAll ? batch : this.#readable(batch));
    const fault = this.#published(passing);
    if (fault === undefined) return;
    const [first] = passing;
    if (passing.length === 1 && first !== undefined) {
      this.#emitLarge(first, fault);
      return;
    }
    // One of them is at fault, or there are too many: the one that shows, or halves until it stands alone.
    const large = passing.findIndex(({ body }) => isLarge(body));
    const middle = large < 0 ? passing.length >>> 1 : Math.max(1, large);
    this.#emit(passing.slice(0, middle));
    this.#emit(passing.slice(middle));
  }

  /** What has waited for a body: nothing of it waits again. */
  #emitReleased(batch: readonly Envelope[]): void {
    const fault = this.#published(batch);
    if (fault === undefined) return;
    const [first] = batch;
    if (batch.length === 1 && first !== undefined) {
      if (first.claim !== undefined) void this.#ends.store?.discard(first.claim);
      this.#ends.handBack(first, fault);
      return;
    }
    const middle = batch.length >>> 1;
    this.#emitReleased(batch.slice(0, middle));
    this.#emitReleased(batch.slice(middle));
  }

  /** Publishes a batch in one frame, unless it is at fault. */
  #published(batch: readonly Envelope[]): "undecodable" | "too-large" | undefined {
    if (batch.length === 0) return undefined;
    const bytes = this.#ends.bytesOf(this.#readsChunks ? withChunkRuns(batch) : batch);
    if (bytes === undefined) return "undecodable";
    if (bytes.length > MAX_FRAME_BYTES) return "too-large";
    const perFrame = Math.floor((FRAME_BYTES * batch.length) / bytes.length);
    this.#perFrame = Math.max(1, Math.min(MAX_FRAME_ENVELOPES, perFrame));
    this.#ends.publish(bytes, batch.length);
    return undefined;
  }

  /** One part of a body, when nothing else wants to leave. */
  #emitPart(): void {
    const part = this.#ends.parts?.next();
    const bytes = part && this.#ends.bytesOf([part]);
    if (bytes !== undefined) this.#ends.publish(bytes, 1);
  }

  /** Sends an envelope that no frame carries: its body by claim, when that is the fault and can be. */
  #emitLarge(envelope: Envelope, fault: UndeliveredReason): void {
    const { store, handBack } = this.#ends;
    if (fault !== "too-large" || this.#claims === undefined || store === undefined)
      handBack(envelope, fault);
    else if (!this.#reads.includes(store.feature)) handBack(envelope, "unsupported");
    else this.#claims.keep(envelope);
  }

  /** Those that need not wait for a body that is being kept; the others begin to. */
  #passing(batch: readonly Envelope[]): readonly Envelope[] {
    const claims = this.#claims;
    if (claims === undefined || claims.size === 0) return batch;
    const passing: Envelope[] = [];
    for (const envelope of batch) {
      if (claims.mustWait(envelope)) claims.wait(envelope);
      else passing.push(envelope);
    }
    return passing;
  }

  /** Those that the peer's release reads; the others are handed back (D4). */
  #readable(batch: readonly Envelope[]): readonly Envelope[] {
    return batch.filter((envelope) => {
      const feature = featureOf(envelope);
      const isRead = feature === undefined || this.#reads.includes(feature);
      if (!isRead) this.#ends.handBack(envelope, "unsupported");
      return isRead;
    });
  }
}
