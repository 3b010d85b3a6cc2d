/**
 * What a node publishes on topics, on its way out.
 *
 * Owns: coalescing what is published in one turn, and holding it while the connection is down. Its
 * neighbour `nats-transport.ts` owns subjects and subscriptions.
 *
 * B1: a topic's envelopes are delivered at most once each, in order per publisher; unlike those of a
 *     link they are not sent again, since nobody knows who all listens.
 * B2: what cannot leave is refused or handed back; so is what waited for longer than it had time.
 */

import type { Clock } from "../../runtime/ports/clock.ts";
import type { Scheduler } from "../../runtime/ports/scheduler.ts";
import type { UndeliveredReason } from "../../runtime/ports/transport.ts";
import type { Envelope } from "../../runtime/remote/envelope.ts";
import { MAX_FRAME_BYTES, MAX_FRAME_ENVELOPES } from "./departures.ts";
import { frameBytes } from "./frame.ts";

const WAITING = 1_024;

/** What a {@link TopicOutbox} needs of its node. */
export interface TopicOutboxEnds {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly incarnation: string;
  connected(): boolean;
  publish(topic: string, bytes: Uint8Array): void;
  handBack(topic: string, envelope: Envelope, reason: UndeliveredReason): void;
}

interface Waiting {
  readonly topic: string;
  readonly envelope: Envelope;
  readonly cameAtMs: number;
}

/** A bounded queue of what is to be published. */
export class TopicOutbox {
  readonly #ends: TopicOutboxEnds;
  #waiting: Waiting[] = [];
  #scheduled: boolean = false;

  constructor(ends: TopicOutboxEnds) {
    this.#ends = ends;
  }

  /** Takes an envelope; `false` when too many wait. */
  publish(topic: string, envelope: Envelope): boolean {
    if (this.#waiting.length >= WAITING) return false;
    this.#waiting.push({ topic, envelope, cameAtMs: this.#ends.clock.monotonicMs() });
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#ends.scheduler.microtask(this.#flushSoon);
    }
    return true;
  }

  readonly #flushSoon = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  /** Publishes what waits, neighbours on one topic together. */
  flush(): void {
    if (!this.#ends.connected()) return;
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    const nowMs = this.#ends.clock.monotonicMs();
    let batch: Envelope[] = [];
    let of: string | undefined;
    for (const { topic, envelope: came, cameAtMs } of waiting) {
      const envelope = shortened(came, nowMs - cameAtMs);
      if (envelope === undefined) {
        this.#ends.handBack(topic, came, "disconnected");
        continue;
      }
      if (of !== undefined && (topic !== of || batch.length === MAX_FRAME_ENVELOPES)) {
        this.#emit(of, batch);
        batch = [];
      }
      of = topic;
      batch.push(envelope);
    }
    if (of !== undefined) this.#emit(of, batch);
  }

  /** Hands back what waits. */
  close(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { topic, envelope } of waiting) this.#ends.handBack(topic, envelope, "disconnected");
  }

  #emit(topic: string, batch: readonly Envelope[]): void {
    const [first] = batch;
    if (first === undefined) return;
    const bytes = this.#bytesOf(batch);
    if (bytes !== undefined && bytes.length <= MAX_FRAME_BYTES) {
      this.#ends.publish(topic, bytes);
      return;
    }
    if (batch.length === 1) {
      this.#ends.handBack(topic, first, bytes === undefined ? "undecodable" : "too-large");
      return;
    }
    const middle = batch.length >>> 1;
    this.#emit(topic, batch.slice(0, middle));
    this.#emit(topic, batch.slice(middle));
  }

  #bytesOf(batch: readonly Envelope[]): Uint8Array | undefined {
    try {
      return frameBytes(
        {
          incarnation: this.#ends.incarnation,
          linkSeq: 0,
          ackSeq: 0,
          baseSeq: 0,
          target: "",
          resend: false,
        },
        batch,
      );
    } catch {
      return undefined;
    }
  }
}

/** The envelope with the time that it has left; `undefined` when that has run out. */
function shortened(envelope: Envelope, waitedMs: number): Envelope | undefined {
  if (envelope.ttlMs === 0 || waitedMs < 1) return envelope;
  const ttlMs = envelope.ttlMs - waitedMs;
  return ttlMs > 0 ? { ...envelope, ttlMs } : undefined;
}
