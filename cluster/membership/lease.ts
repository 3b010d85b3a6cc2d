/**
 * A node's lease: the one thing that decides whether it is alive.
 *
 * Owns: acquiring, renewing, noticing the loss, releasing. Its neighbour `membership.ts` reads other
 * nodes' leases, the bucket's TTL ends those that nobody renews.
 *
 * E1: a node acts only while `standing()`: its last acknowledged renewal was *sent* less than the TTL
 *     minus a margin ago, on its own monotonic clock. The server counts from later, so others cannot
 *     take over before this node has fenced itself.
 * E2: each renewal names the revision before it. A conflict with anything but this node's own write
 *     (one whose acknowledgement was lost) means that the lease is gone.
 * E3: the incarnation is the revision that won the name: it grows with every start, and no two starts
 *     share one.
 * E4: what is lost stays lost.
 */

import type { Log } from "../../runtime/log.ts";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import type { KeyValue, KeyValueEntry } from "../../runtime/ports/key-value.ts";
import type { MemberTraits } from "../../runtime/ports/membership.ts";
import type { Random } from "../../runtime/ports/random.ts";
import { messageOf, TroupeError } from "../../runtime/troupe-error.ts";
import { parseTraits } from "./member-traits.ts";

/** The bucket of leases. */
export const LEASE_BUCKET = "LEASE";
/** How long a lease lives without renewal when one server keeps it. */
export const LEASE_TTL_MS = 5_000;
/** The same when several keep it: it outlasts their elections, which take 4 to 9 s. */
export const REPLICATED_LEASE_TTL_MS = 20_000;

const MARGIN_MS = 500;
const RENEWALS_PER_TTL = 4;
const RETRY_MS = 250;

const LOOK_MS = 500;
const LAPSE_LOOK_MS = 50;
/** For so long a lease that should have lapsed is looked at often: its server takes up to 250 ms to drop it. */
const LAPSE_MS = 1_000;

/** What a lease says of its holder. */
export interface LeaseRecord extends MemberTraits {
  readonly v: 1;
  /** Drawn at random by each start, so that a node knows its own write. */
  readonly owner: string;
  /** With which others check this start's signatures; 32 bytes as base64url. */
  readonly publicKey?: string;
  readonly pid: number;
  /** Absent in the first write, whose revision it is. */
  readonly incarnation?: string;
}

/** Who holds a lease, as others read it. */
export interface LeaseHolder extends MemberTraits {
  readonly name: string;
  readonly incarnation: string;
  readonly publicKey?: string;
}

/** What {@link acquireLease} needs. */
export interface LeaseOptions {
  /** The bucket, whose TTL is `ttlMs`. */
  readonly bucket: KeyValue;
  readonly name: string;
  readonly traits: MemberTraits;
  readonly pid: number;
  readonly publicKey?: string;
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The key of a node's lease. */
export function leaseKey(name: string): string {
  return `node.${name}`;
}

/** A revision as an incarnation: fixed width, so that they compare as text. */
export function incarnationOf(revision: number): string {
  return String(revision).padStart(16, "0");
}

/**
 * When to look at a doubted member's lease again.
 *
 * @param leftMs - how long it can still live, by its server's clock compared with this node's: a hint, which
 *   two clocks that differ make wrong. What is found decides, whenever it is found.
 */
export function lookAfter(leftMs: number | undefined): number {
  if (leftMs === undefined || leftMs < -LAPSE_MS) return LOOK_MS;
  return Math.min(LOOK_MS, Math.max(LAPSE_LOOK_MS, leftMs));
}

/** Who holds a lease; `undefined` when the entry has another form. */
export function holderOf(entry: KeyValueEntry): LeaseHolder | undefined {
  const name = entry.key.slice(entry.key.indexOf(".") + 1);
  const record = entry.value as Partial<LeaseRecord> | null;
  if (record === null || typeof record !== "object" || record.v !== 1) return undefined;
  const traits = parseTraits(record);
  if (!traits.ok) return undefined;
  const { incarnation = incarnationOf(entry.revision) } = record;
  // Incarnations are compared: one that is no text would be neither older nor newer than any other.
  if (typeof incarnation !== "string") return undefined;
  const { publicKey } = record;
  const key = typeof publicKey === "string" ? { publicKey } : {};
  return { name, incarnation, ...traits.value, ...key };
}

/**
 * Takes the lease of a name. When a predecessor's still stands, it waits until that has run out.
 *
 * @throws {TroupeError} `node.name-taken` when its holder renews it: a live node has that name
 * @throws {TroupeError} `store.unavailable`, also when that does not run out although nobody renews it
 */
export async function acquireLease(options: LeaseOptions): Promise<Lease> {
  const { bucket, name, traits, pid, publicKey, ttlMs, clock, random } = options;
  const signing = publicKey === undefined ? {} : { publicKey };
  const record: LeaseRecord = { v: 1, owner: random.id(), ...traits, pid, ...signing };
  const key = leaseKey(name);
  const untilMs = clock.monotonicMs() + 2 * ttlMs;
  let found: KeyValueEntry | undefined;
  for (;;) {
    const sentAtMs = clock.monotonicMs();
    const put = await bucket.create(key, record);
    if (put.ok) {
      const lease = new Lease(options, record, put.revision, sentAtMs);
      await lease.renew();
      return lease;
    }
    const { current } = put.conflict;
    const renewed =
      found !== undefined && current !== undefined && current.revision > found.revision;
    if (renewed)
      throw new TroupeError(
        "node.name-taken",
        `a live node is named ${name}; give this one another name or stop that one`,
        { data: { name } },
      );
    if (clock.monotonicMs() >= untilMs)
      throw new TroupeError(
        "store.unavailable",
        `the lease of a former ${name} does not run out, though nobody renews it: a server whose disk was full writes again only after a restart`,
        { data: { name } },
      );
    found ??= current;
    await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
  }
}

/** A held lease; see the file's header. */
export class Lease {
  readonly incarnation: string;
  readonly #options: LeaseOptions;
  readonly #key: string;
  readonly #record: LeaseRecord;
  readonly #listeners = new Set<(error: TroupeError) => void>();
  #revision: number;
  #validUntilMs: number;
  #phase: "held" | "lost" | "released" = "held";
  /** Why the last renewal failed; each reason is logged once. */
  #failure: string = "";
  #cancelRenewal: Cancel = () => {};
  /** The renewal under way or the last one. */
  #renewal: Promise<void> = Promise.resolve();

  constructor(options: LeaseOptions, record: LeaseRecord, revision: number, sentAtMs: number) {
    this.#options = options;
    this.#key = leaseKey(options.name);
    this.incarnation = incarnationOf(revision);
    this.#record = { ...record, incarnation: this.incarnation };
    this.#revision = revision;
    this.#validUntilMs = this.#validFrom(sentAtMs);
  }

  /** Whether this node may act now. Cost: one reading of the clock. */
  standing(): boolean {
    if (this.#phase !== "held") return false;
    if (this.#options.clock.monotonicMs() < this.#validUntilMs) return true;
    const why = this.#failure === "" ? "" : ` (${this.#failure})`;
    this.#lose(`it could not be renewed in time${why}`);
    return false;
  }

  /** Whether it was given up; the opposite of lost. */
  get isReleased(): boolean {
    return this.#phase === "released";
  }

  /** Calls `listener` once when the lease is lost. */
  onLost(listener: (error: TroupeError) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Renews once and arranges the next renewal; never rejects. */
  renew(): Promise<void> {
    this.#cancelRenewal();
    this.#renewal = this.#renewOnce();
    return this.#renewal;
  }

  async #renewOnce(): Promise<void> {
    if (!this.standing()) return;
    const { bucket, clock, ttlMs, log } = this.#options;
    const sentAtMs = clock.monotonicMs();
    let nextMs = ttlMs / RENEWALS_PER_TTL;
    try {
      const put = await bucket.update(this.#key, this.#record, this.#revision);
      if (put.ok) this.#revision = put.revision;
      if (this.#phase !== "held") return;
      if (put.ok) {
        this.#validUntilMs = this.#validFrom(sentAtMs);
        this.#failure = "";
      } else if (this.#isOwn(put.conflict.current)) {
        // A renewal whose acknowledgement was lost. When it was sent is not known any more: renew again.
        this.#revision = put.conflict.current.revision;
        nextMs = 0;
      } else {
        this.#lose("another node took it, or it ran out on the server");
        return;
      }
    } catch (error) {
      if (this.#phase !== "held") return;
      const failure = messageOf(error);
      if (failure !== this.#failure)
        log.warn({ error: failure }, "the lease could not be renewed; trying again");
      this.#failure = failure;
      nextMs = RETRY_MS;
    }
    if (!this.standing()) return;
    const leftMs = this.#validUntilMs - clock.monotonicMs();
    this.#cancelRenewal = clock.after(Math.min(nextMs, leftMs), () => void this.renew());
  }

  /** Gives the lease up so that others need not wait for its end; never throws. */
  async release(): Promise<void> {
    if (this.#phase !== "held") return;
    this.#phase = "released";
    this.#cancelRenewal();
    // Its revision is the one to delete.
    await this.#renewal;
    try {
      await this.#options.bucket.delete(this.#key, this.#revision);
    } catch (error) {
      this.#options.log.warn({ error: messageOf(error) }, "the lease was left to run out");
    }
  }

  #validFrom(sentAtMs: number): number {
    return sentAtMs + this.#options.ttlMs - MARGIN_MS;
  }

  #isOwn(current: KeyValueEntry | undefined): current is KeyValueEntry {
    return (current?.value as Partial<LeaseRecord> | undefined)?.owner === this.#record.owner;
  }

  #lose(why: string): void {
    this.#phase = "lost";
    this.#cancelRenewal();
    const { name } = this.#options;
    const error = new TroupeError("node.fenced", `node ${name} lost its lease: ${why}`, {
      data: { name, incarnation: this.incarnation },
    });
    for (const listener of this.#listeners) listener(error);
    this.#listeners.clear();
  }
}
