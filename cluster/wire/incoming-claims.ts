/**
 * The envelopes of a link whose bodies lie in the store, while these are fetched.
 *
 * Owns: how many at a time, what waits behind them, and what becomes of those that cannot be had. Its
 * neighbour `link.ts` hands in what arrives in order, `body-store.ts` says where bodies come from, `outgoing-claims.ts` is
 * the other end.
 *
 * C1: later envelopes of the same pair of actors, ask or stream wait; others pass (S3).
 * C2: at most {@link AT_A_TIME} bodies are fetched at a time, and past the first of them at most
 *     {@link FETCHED_BYTES}; once {@link HELD_ENVELOPES} envelopes wait, the link takes no more frames, which
 *     their sender then sends again.
 * C3: a body that is not had within {@link FETCH_MS} makes its envelope unreadable; that is said, never
 *     passed over. C4: the time that an envelope waits here is taken off the time it has left.
 * C5: a body that was fetched is taken out of the store.
 */
import type { Clock } from "../../runtime/ports/clock.ts";
import type { Claim, Envelope } from "../../runtime/remote/envelope.ts";
import type { Result } from "../../runtime/result.ts";
import { err } from "../../runtime/result.ts";
import { type BodyStore, redeemedEnvelope } from "./body-store.ts";
import { type HeldEnvelope, HeldEnvelopes } from "./held-envelopes.ts";

const AT_A_TIME = 4;
const HELD_ENVELOPES = 8_192;
const FETCHED_BYTES = 64 * 1024 * 1024;
/** How long the store may take with one body. */
export const FETCH_MS = 30_000;

/** What {@link IncomingClaims} need of their link. */
export interface IncomingClaimsEnds {
  readonly clock: Clock;
  readonly store: BodyStore;
  deliver(envelope: Envelope): void;
  unreadable(envelope: Envelope, why: string): void;
  /** There is room again (C2). */
  hasRoom(): void;
}

/** An envelope that waits, and what it cannot be read for. */
type Fetched = HeldEnvelope & { fault?: string };

/** A link's incoming claims; see the file's header. */
export class IncomingClaims {
  readonly #ends: IncomingClaimsEnds;
  readonly #held = new HeldEnvelopes();
  #due: { readonly held: Fetched; readonly claim: Claim }[] = [];
  #underWay = 0;
  #fetchedBytes = 0;
  #closed: boolean = false;

  constructor(ends: IncomingClaimsEnds) {
    this.#ends = ends;
  }

  /** How many wait. */
  get size(): number {
    return this.#held.size;
  }

  /** Whether no more can be taken. */
  get isFull(): boolean {
    return this.#held.size >= HELD_ENVELOPES;
  }

  /** Takes an envelope that arrived: it is delivered now or later, or reported as unreadable. */
  take(envelope: Envelope): void {
    const { claim } = envelope;
    const nowMs = this.#ends.clock.monotonicMs();
    if (claim !== undefined) {
      this.#due.push({ held: this.#held.add(envelope, false, nowMs), claim });
      this.#begin();
    } else if (this.#held.mustWait(envelope)) this.#held.add(envelope, true, nowMs);
    else this.#ends.deliver(envelope);
  }

  /** Fetches no more; what waits is reported as unreadable. */
  close(): void {
    this.#closed = true;
    this.#due = [];
    for (const { envelope } of this.#held.clear())
      this.#ends.unreadable(envelope, "the link was closed");
  }

  #begin(): void {
    while (this.#underWay < AT_A_TIME) {
      const [next] = this.#due;
      if (next === undefined) return;
      const { sizeBytes } = next.claim;
      if (this.#underWay > 0 && this.#fetchedBytes + sizeBytes > FETCHED_BYTES) return;
      this.#due.shift();
      this.#underWay++;
      this.#fetchedBytes += sizeBytes;
      void this.#fetch(next.held, next.claim);
    }
  }

  /** Never rejects. */
  async #fetch(held: Fetched, claim: Claim): Promise<void> {
    const body = await this.#fetchedInTime(claim);
    if (this.#closed) return;
    this.#underWay--;
    this.#fetchedBytes -= claim.sizeBytes;
    const wasFull = this.isFull;
    if (body.ok) held.envelope = redeemedEnvelope(held.envelope, body.value);
    else held.fault = `its body cannot be had: ${body.error}`;
    held.ready = true;
    this.#begin();
    for (const ready of this.#held.takeReady()) this.#deliver(ready);
    if (body.ok) void this.#ends.store.discard(claim);
    if (wasFull && !this.isFull) this.#ends.hasRoom();
  }

  #fetchedInTime(claim: Claim): Promise<Result<unknown, string>> {
    const { clock, store } = this.#ends;
    return new Promise((resolve) => {
      const cancel = clock.after(FETCH_MS, () => resolve(err(`not within ${FETCH_MS} ms`)));
      void store.fetch(claim).then(resolve).finally(cancel);
    });
  }

  #deliver({ envelope, cameAtMs, fault }: Fetched): void {
    const waitedMs = this.#ends.clock.monotonicMs() - cameAtMs;
    if (fault !== undefined) this.#ends.unreadable(envelope, fault);
    else if (envelope.ttlMs === 0) this.#ends.deliver(envelope);
    else if (envelope.ttlMs > waitedMs)
      this.#ends.deliver({ ...envelope, ttlMs: envelope.ttlMs - waitedMs });
    else this.#ends.unreadable(envelope, "its time ran out while a body was fetched");
  }
}
