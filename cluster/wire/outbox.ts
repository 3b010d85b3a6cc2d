/**
 * What waits to leave on a link.
 *
 * Owns: the bound, the order, and the time that each envelope has waited. Its neighbour `link.ts` owns
 * when anything leaves.
 *
 * O1: at most {@link OUTBOX_ENVELOPES} wait; what finds no room is refused.
 * O2: the time an envelope waited is taken off the time it has left.
 *
 * Cost: two array pushes per envelope; the clock is read once per turn and batch, not per envelope.
 */
import type { Clock } from "../../runtime/ports/clock.ts";
import type { Envelope } from "../../runtime/remote/envelope.ts";

/** How many envelopes may wait for one node. */
export const OUTBOX_ENVELOPES = 8_192;

/** A batch that leaves. */
export interface OutboxBatch {
  readonly timely: readonly Envelope[];
  /** Those whose time ran out. */
  readonly late: readonly Envelope[];
}

const NONE: readonly Envelope[] = [];

/** A bounded queue of envelopes that knows how long each has waited. */
export class Outbox {
  readonly #clock: Clock;
  #envelopes: Envelope[] = [];
  #cameAtMs: number[] = [];
  /** The time of this turn; undefined until its first envelope comes. */
  #turnAtMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#envelopes.length;
  }

  /** Adds an envelope; `false` when there is no room. */
  push(envelope: Envelope): boolean {
    if (this.#envelopes.length >= OUTBOX_ENVELOPES) return false;
    this.#turnAtMs ??= this.#clock.monotonicMs();
    this.#envelopes.push(envelope);
    this.#cameAtMs.push(this.#turnAtMs);
    return true;
  }

  /** The turn is over: the next envelope reads the clock. */
  turn(): void {
    this.#turnAtMs = undefined;
  }

  /** Takes up to `count` from the front. */
  take(count: number): OutboxBatch {
    const cameAtMs = this.#cameAtMs;
    let batch = this.#envelopes;
    if (count < batch.length) {
      batch = this.#envelopes.slice(0, count);
      this.#envelopes = this.#envelopes.slice(count);
      this.#cameAtMs = cameAtMs.slice(count);
    } else {
      this.#envelopes = [];
      this.#cameAtMs = [];
      // In a long turn the first time read would make all that comes later look as if it had waited.
      this.#turnAtMs = undefined;
    }
    const nowMs = this.#clock.monotonicMs();
    // The usual case: nothing has waited.
    if (nowMs - (cameAtMs[0] ?? nowMs) < 1) return { timely: batch, late: NONE };
    const timely: Envelope[] = [];
    const late: Envelope[] = [];
    for (let i = 0; i < batch.length; i++) {
      const envelope = batch[i];
      if (envelope === undefined) continue;
      const leftMs = envelope.ttlMs - (nowMs - (cameAtMs[i] ?? nowMs));
      if (envelope.ttlMs === 0) timely.push(envelope);
      else if (leftMs > 0) timely.push({ ...envelope, ttlMs: leftMs });
      else late.push(envelope);
    }
    return { timely, late };
  }

  /** How long the first one has waited; 0 when none does. */
  waitedMs(nowMs: number): number {
    return nowMs - (this.#cameAtMs[0] ?? nowMs);
  }

  /** Takes out those whose time is over within `soonMs`; the others keep their order. */
  takeLate(soonMs: number): readonly Envelope[] {
    const nowMs = this.#clock.monotonicMs();
    const late: Envelope[] = [];
    const envelopes: Envelope[] = [];
    const cameAtMs: number[] = [];
    for (let i = 0; i < this.#envelopes.length; i++) {
      const envelope = this.#envelopes[i];
      if (envelope === undefined) continue;
      const atMs = this.#cameAtMs[i] ?? nowMs;
      if (envelope.ttlMs > 0 && atMs + envelope.ttlMs - nowMs <= soonMs) {
        late.push(envelope);
        continue;
      }
      envelopes.push(envelope);
      cameAtMs.push(atMs);
    }
    if (late.length === 0) return NONE;
    this.#envelopes = envelopes;
    this.#cameAtMs = cameAtMs;
    return late;
  }

  /** Empties it; returns what waited. */
  clear(): readonly Envelope[] {
    const waiting = this.#envelopes;
    this.#envelopes = [];
    this.#cameAtMs = [];
    return waiting;
  }
}
