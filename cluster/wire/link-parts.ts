/**
 * Bodies that are too large for a frame between a client and its gateway: cut into parts that travel along the
 * link, before the envelope that they belong to.
 *
 * Owns: cutting at this end, and putting together what comes from the other. Its neighbour
 * `departures.ts` sends a part whenever nothing else wants to leave, `outgoing-claims.ts` and
 * `incoming-claims.ts` own the order meanwhile.
 *
 * A client needs no object store for that: to be let into one it would need consumers, whose answers the
 * server delivers to whatever subject their maker names (trap 13).
 *
 * P1: parts of one body come in order, and all before the envelope that claims it.
 * P2: what is being put together is bounded, per link and for all links that share a {@link PartsBudget}; a
 *     body past that is dropped, and its envelope is unreadable.
 * P3: a body of which nothing more comes is dropped after {@link IDLE_MS}, and one that is not whole and fetched
 *     after {@link MOST_MS} whatever comes: the room is others' too, and a byte now and then must not hold it.
 */
import type { Clock } from "../../runtime/ports/clock.ts";
import { type Claim, type Envelope, EnvelopeKind } from "../../runtime/remote/envelope.ts";
import type { Result } from "../../runtime/result.ts";
import { err } from "../../runtime/result.ts";
import type { BodyStore, KeptBody } from "./body-store.ts";
import { bodyOf } from "./body-store.ts";

/** How much of a body travels in one frame. */
export const PART_BYTES: number = 128 * 1024;
const PREFIX = "parts.";
const IDLE_MS = 30_000;
/** 64 MB in this time is 2 Mbit/s. */
const MOST_MS = 300_000;
/** More than a peer of ours sends at a time. */
const MOST_COMING = 64;

/** How many bytes several links together may be putting together. */
export interface PartsBudget {
  leftBytes: number;
}

/** A body on its way out. */
interface Leaving {
  readonly id: number;
  readonly bytes: Uint8Array;
  sent: number;
  readonly done: (error?: Error) => void;
}

/** A body on its way in. */
interface Coming {
  readonly parts: Uint8Array[];
  sizeBytes: number;
  readonly sinceMs: number;
  lastMs: number;
  /** It was too much: what else comes of it is not kept. */
  refused: boolean;
}

/** The bodies that travel along one link; see the file's header. */
export class LinkParts implements BodyStore {
  readonly feature = "parts";
  readonly mostBytes: number;
  readonly #clock: Clock;
  readonly #budget: PartsBudget;
  #leaving: Leaving[] = [];
  #lastId = 0;
  readonly #coming = new Map<string, Coming>();

  constructor(options: {
    readonly clock: Clock;
    readonly mostBytes: number;
    readonly budget: PartsBudget;
  }) {
    this.#clock = options.clock;
    this.mostBytes = options.mostBytes;
    this.#budget = options.budget;
  }

  // What leaves.

  keep({ bytes, form }: KeptBody, signal: AbortSignal): Promise<Claim> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const claim = { key: `${PREFIX}${id}`, sizeBytes: bytes.byteLength, form };
      const done = (error?: Error): void => (error ? reject(error) : resolve(claim));
      this.#leaving.push({ id, bytes, sent: 0, done });
      signal.addEventListener("abort", () => {
        this.#leaving = this.#leaving.filter((leaving) => leaving.id !== id);
        done(new Error("it was given up"));
      });
    });
  }

  /** Whether a part waits to leave. */
  get wantsToLeave(): boolean {
    return this.#leaving.length > 0;
  }

  /** The next part; several bodies take turns. */
  next(): Envelope | undefined {
    const leaving = this.#leaving.shift();
    if (leaving === undefined) return undefined;
    const { id, bytes, done } = leaving;
    const body = bytes.subarray(leaving.sent, leaving.sent + PART_BYTES);
    leaving.sent += PART_BYTES;
    if (leaving.sent >= bytes.byteLength) done();
    else this.#leaving.push(leaving);
    const { part: kind } = EnvelopeKind;
    return { kind, id: 0, to: "", from: "", correlation: id, type: "", body, ttlMs: 0 };
  }

  // What comes.

  /** Takes a part; one that cannot be is dropped with all of its body. */
  take({ correlation, body }: Envelope): void {
    const key = `${PREFIX}${correlation}`;
    const part = body instanceof Uint8Array ? body : new Uint8Array();
    const nowMs = this.#clock.monotonicMs();
    let coming = this.#coming.get(key);
    if (coming === undefined) {
      if (this.#coming.size >= MOST_COMING) return;
      coming = { parts: [], sizeBytes: 0, sinceMs: nowMs, lastMs: nowMs, refused: false };
      this.#coming.set(key, coming);
    }
    coming.lastMs = nowMs;
    const { byteLength } = part;
    const sizeBytes = coming.sizeBytes + byteLength;
    if (byteLength === 0 || sizeBytes > this.mostBytes || byteLength > this.#budget.leftBytes) {
      this.#budget.leftBytes += coming.sizeBytes;
      coming.parts.length = 0;
      coming.sizeBytes = 0;
      coming.refused = true;
    }
    if (coming.refused) return;
    // A copy: the part is a view on its frame, and its neighbours would be kept with it.
    coming.parts.push(new Uint8Array(part));
    coming.sizeBytes = sizeBytes;
    this.#budget.leftBytes -= byteLength;
  }

  fetch({ key, sizeBytes, form }: Claim): Promise<Result<unknown, string>> {
    const coming = this.#coming.get(key);
    if (coming === undefined) return Promise.resolve(err(`${key} did not come`));
    this.#forget(key);
    if (coming.refused) return Promise.resolve(err("too much came at a time"));
    if (coming.sizeBytes !== sizeBytes)
      return Promise.resolve(err(`${coming.sizeBytes} bytes of ${sizeBytes} came`));
    const bytes = new Uint8Array(sizeBytes);
    let at = 0;
    for (const part of coming.parts) {
      bytes.set(part, at);
      at += part.byteLength;
    }
    return Promise.resolve(bodyOf({ bytes, form }));
  }

  /** What was fetched is forgotten already, and so is what left. */
  discard(): Promise<void> {
    return Promise.resolve();
  }

  /** Drops what nothing more comes of (P3). */
  sweep(nowMs: number): void {
    for (const [key, { sinceMs, lastMs }] of this.#coming)
      if (nowMs - lastMs > IDLE_MS || nowMs - sinceMs > MOST_MS) this.#forget(key);
  }

  /** The peer is another one, or gone: nothing that came of it is completed any more. */
  clear(): void {
    for (const key of [...this.#coming.keys()]) this.#forget(key);
  }

  #forget(key: string): void {
    this.#budget.leftBytes += this.#coming.get(key)?.sizeBytes ?? 0;
    this.#coming.delete(key);
  }
}
