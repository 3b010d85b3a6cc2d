/**
 * The envelopes of a link whose bodies are too large for a frame, while these are put into the store.
 *
 * Owns: how many at a time, what waits behind them, and what becomes of those that fail. Its neighbour
 * `departures.ts` publishes what comes out, `body-store.ts` says where the bodies go, `incoming-claims.ts` is the
 * other end.
 *
 * C1: later envelopes of the same pair of actors, ask or stream wait; others pass (S3).
 * C2: at most {@link AT_A_TIME} bodies are on their way to the store at a time, and at most
 *     {@link HELD_BYTES} of bodies and {@link HELD_ENVELOPES} envelopes wait; past that they are handed back.
 * C3: a body that the store does not take within {@link KEEP_MS} hands its envelope back: it never left.
 * C4: the time that an envelope waits here is taken off the time it has left.
 */
import type { Clock } from "../../runtime/ports/clock.ts";
import type { UndeliveredReason } from "../../runtime/ports/transport.ts";
import type { Claim, Envelope } from "../../runtime/remote/envelope.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import type { BodyStore, KeptBody } from "./body-store.ts";
import { claimedEnvelope, INLINE_BYTES, keptBody } from "./body-store.ts";
import { type HeldEnvelope, HeldEnvelopes } from "./held-envelopes.ts";

const AT_A_TIME = 4;
const HELD_ENVELOPES = 8_192;
const HELD_BYTES = 128 * 1024 * 1024;
/** How long the store may take with one body. */
export const KEEP_MS = 30_000;
/** With more than this a body might not fit into a frame beside the longest of its envelope's other fields. */
const SURE_TO_FIT_BYTES = INLINE_BYTES - 16_384;

/** What {@link OutgoingClaims} need of their link. */
export interface OutgoingClaimsEnds {
  readonly clock: Clock;
  readonly store: BodyStore;
  /** Something can be taken that could not before. */
  ready(): void;
  handBack(envelope: Envelope, reason: UndeliveredReason): void;
  /** The store did not take a body. */
  failed(why: string): void;
}

interface Due {
  readonly held: HeldEnvelope;
  readonly body: KeptBody;
}

/** A link's outgoing claims; see the file's header. */
export class OutgoingClaims {
  readonly #ends: OutgoingClaimsEnds;
  readonly #held = new HeldEnvelopes();
  #due: Due[] = [];
  #released: Envelope[] = [];
  #underWay = 0;
  #heldBytes = 0;
  /** Grows when all are handed back: what was under way then is nobody's any more. */
  #round = 0;

  constructor(ends: OutgoingClaimsEnds) {
    this.#ends = ends;
  }

  /** How many wait, those that may be taken included. */
  get size(): number {
    return this.#held.size + this.#released.length;
  }

  /** How many may be taken now. */
  get released(): number {
    return this.#released.length;
  }

  /** Whether an envelope must go by {@link wait} instead of leaving. */
  mustWait(envelope: Envelope): boolean {
    return this.#held.mustWait(envelope);
  }

  /** Lets an envelope wait for those before it; a large body is put into the store meanwhile. */
  wait(envelope: Envelope): void {
    if (isTooLargeToWait(envelope.body)) this.keep(envelope);
    else if (this.#held.size >= HELD_ENVELOPES) this.#ends.handBack(envelope, "overflow");
    else this.#held.add(envelope, true, this.#ends.clock.monotonicMs());
  }

  /** Puts the body of an envelope into the store and lets the envelope wait for that. */
  keep(envelope: Envelope): void {
    const { store, clock, handBack } = this.#ends;
    let body: KeptBody;
    try {
      body = keptBody(envelope.body);
    } catch {
      handBack(envelope, "undecodable");
      return;
    }
    const { byteLength } = body.bytes;
    if (byteLength > store.mostBytes) {
      handBack(envelope, "too-large");
      return;
    }
    const isFull = this.#heldBytes > 0 && this.#heldBytes + byteLength > HELD_BYTES;
    if (isFull || this.#held.size >= HELD_ENVELOPES) {
      handBack(envelope, "overflow");
      return;
    }
    this.#heldBytes += byteLength;
    this.#due.push({ held: this.#held.add(envelope, false, clock.monotonicMs()), body });
    this.#begin();
  }

  /** Takes up to `count` envelopes that may leave, in order. */
  take(count: number): readonly Envelope[] {
    const taken = this.#released.slice(0, count);
    this.#released = this.#released.slice(count);
    return taken;
  }

  /** Takes all out: they will not leave. */
  clear(): readonly Envelope[] {
    const all = [...this.#released, ...this.#held.clear().map(({ envelope }) => envelope)];
    for (const { claim } of all) if (claim !== undefined) void this.#ends.store.discard(claim);
    this.#released = [];
    this.#due = [];
    this.#heldBytes = 0;
    this.#underWay = 0;
    this.#round++;
    return all;
  }

  #begin(): void {
    while (this.#underWay < AT_A_TIME) {
      const due = this.#due.shift();
      if (due === undefined) return;
      this.#underWay++;
      void this.#keep(due, this.#round);
    }
  }

  /** Never rejects. */
  async #keep({ held, body }: Due, round: number): Promise<void> {
    const claim = await this.#keptInTime(body);
    if (round !== this.#round) {
      if (claim !== undefined) await this.#ends.store.discard(claim);
      return;
    }
    this.#underWay--;
    this.#heldBytes -= body.bytes.byteLength;
    if (claim === undefined) {
      this.#held.remove(held);
      this.#ends.handBack(held.envelope, "disconnected");
    } else {
      held.envelope = claimedEnvelope(held.envelope, claim);
      held.ready = true;
    }
    this.#release();
    this.#begin();
    if (this.#released.length > 0) this.#ends.ready();
  }

  /** The claim of a body; `undefined` when the store did not take it (C3). */
  #keptInTime(body: KeptBody): Promise<Claim | undefined> {
    const { clock, store, failed } = this.#ends;
    const giveUp = new AbortController();
    return new Promise((resolve) => {
      const fail = (why: string): void => {
        failed(why);
        resolve(undefined);
      };
      const cancel = clock.after(KEEP_MS, () => {
        fail(`a body of ${body.bytes.byteLength} bytes was not kept within ${KEEP_MS} ms`);
        giveUp.abort();
      });
      store.keep(body, giveUp.signal).then(
        (claim) => {
          cancel();
          resolve(claim);
        },
        (thrown: unknown) => {
          cancel();
          if (!giveUp.signal.aborted) fail(messageOf(thrown));
        },
      );
    });
  }

  #release(): void {
    const nowMs = this.#ends.clock.monotonicMs();
    for (const { envelope, cameAtMs } of this.#held.takeReady()) {
      const leftMs = envelope.ttlMs - (nowMs - cameAtMs);
      if (envelope.ttlMs === 0) this.#released.push(envelope);
      else if (leftMs > 0) this.#released.push({ ...envelope, ttlMs: leftMs });
      else {
        if (envelope.claim !== undefined) void this.#ends.store.discard(envelope.claim);
        this.#ends.handBack(envelope, "disconnected");
      }
    }
  }
}

/** Whether a body may be too large for a frame when its turn comes. Cost: one packing of what is no scalar. */
function isTooLargeToWait(body: unknown): boolean {
  if (typeof body !== "object" && typeof body !== "string") return false;
  if (body instanceof Uint8Array) return body.byteLength > SURE_TO_FIT_BYTES;
  try {
    return keptBody(body).bytes.byteLength > SURE_TO_FIT_BYTES;
  } catch {
    return false; // that it cannot be carried is said in its turn
  }
}
