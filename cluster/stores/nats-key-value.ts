/**
 * One bucket in JetStream.
 *
 * Owns: compare-and-set whose outcome is known. Creating buckets is `nats-key-values.ts`, what one change
 * says `key-change.ts`, a watch `key-watch.ts`.
 *
 * I1: reads for compare-and-set come from the leader (`STREAM.MSG.GET`), never from a replica.
 * I2: each write carries a token of its own in the header `Troupe-Write`. When no acknowledgement comes,
 *     the leader is asked whose token stands: a repeated write is refused as a conflict with itself, so
 *     without the token a writer could not tell its own success from another's.
 * I3: a write in doubt that is found overwritten, or gone, is reported as `store.unavailable`: nobody can
 *     know whether it stood for a moment.
 * I4: a write that nobody was there to hear is sent again until there is a leader, for as long as the call may
 *     take.
 * I5: the headers of a batch are set here: the client's batch publisher leaves out expectations and times
 *     to live.
 *
 * Cost: one round trip per call, one more for a conflict, two more over a delete marker.
 */
import { JetStreamApiError, type JetStreamClient, type JetStreamManager } from "@nats-io/jetstream";
import type { KV } from "@nats-io/kv";
import type { NatsConnection } from "nats";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import { checkedFilter, checkedKey } from "../../runtime/ports/key-filter.ts";
import type {
  KeyValue,
  KeyValueChange,
  KeyValueEntry,
  KeyValueWrite,
  Put,
  PutOptions,
} from "../../runtime/ports/key-value.ts";
import { pack, unpack } from "../wire/packing.ts";
import { afterElection, untilHeard } from "./election.ts";
import { type Change, fits, headersOf, over, type Stored, storedIn } from "./key-change.ts";
import { KeyWatch } from "./key-watch.ts";
import { checkedSize, isConflict, isInDoubt, storeUnavailable } from "./store-failure.ts";
import { bucketStream, bucketSubject } from "./store-name.ts";

/** What a bucket is reached through. */
export interface NatsKeyValueSetting {
  /** As the cluster calls it. */
  readonly name: string;
  /** As the server calls it. */
  readonly bucket: string;
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  /** Reads from the leader: it was opened, not created. */
  readonly kv: KV;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  /** How often a silent watch is compared with the leader. */
  readonly lookEveryMs: number;
  /** Unique among all writers. */
  readonly writer: string;
}

const MOST_ROUNDS = 4;
/** How many time-outs a write may take before its outcome is given up as unknown. */
const PATIENCE = 2;
const MOST_WRITES = 1_000;
const LISTING_MS = 15_000;
/** Delete markers go after this long; until then a stale update finds a conflict, afterwards too. */
const MARKER_TTL_MS = 3_600_000;
const NOTHING = new Uint8Array();

/** A bucket over a connection. */
export class NatsKeyValue implements KeyValue {
  readonly bucket: string;
  readonly #setting: NatsKeyValueSetting;
  readonly #stream: string;
  #writes = 0;

  constructor(setting: NatsKeyValueSetting) {
    this.bucket = setting.name;
    this.#setting = setting;
    this.#stream = bucketStream(setting.bucket);
  }

  async get(key: string): Promise<KeyValueEntry | undefined> {
    return (await this.#stored(checkedKey(key)))?.entry;
  }

  create(key: string, value: unknown, options: PutOptions = {}): Promise<Put> {
    return this.update(key, value, 0, options);
  }

  async update(
    key: string,
    value: unknown,
    expected: number,
    options: PutOptions = {},
  ): Promise<Put> {
    const { ttlMs } = options;
    return this.#write([{ key: checkedKey(key), bytes: this.#pack(key, value), expected, ttlMs }]);
  }

  async put(key: string, value: unknown): Promise<number> {
    const change = { key: checkedKey(key), bytes: this.#pack(key, value), ttlMs: undefined };
    const put = await this.#write([{ ...change, expected: undefined }]);
    if (put.ok) return put.revision;
    throw storeUnavailable(`bucket ${this.bucket} refused an unconditional write`);
  }

  async delete(key: string, expected?: number): Promise<Put> {
    const change = { key: checkedKey(key), bytes: undefined, ttlMs: MARKER_TTL_MS };
    return this.#write([{ ...change, expected }]);
  }

  async commit(writes: readonly KeyValueWrite[]): Promise<Put> {
    if (writes.length < 1 || writes.length > MOST_WRITES)
      throw new RangeError(`a batch holds 1 to ${MOST_WRITES} writes: ${writes.length}`);
    if (new Set(writes.map((write) => write.key)).size < writes.length)
      throw new TypeError("a batch writes each key once");
    return this.#write(
      writes.map(({ key, value, expected }) => {
        return { key: checkedKey(key), bytes: this.#pack(key, value), expected, ttlMs: undefined };
      }),
    );
  }

  async entries(filter: string): Promise<readonly KeyValueEntry[]> {
    checkedFilter(filter);
    const listing = afterElection(this.#setting.clock, () => this.#list(filter));
    const late = this.#late(LISTING_MS);
    try {
      return await Promise.race([listing, late.promise]);
    } catch (thrown) {
      throw this.#failure("could not be listed", thrown);
    } finally {
      late.cancel();
    }
  }

  async watch(filter: string, listener: (change: KeyValueChange) => void): Promise<Cancel> {
    const { clock, connection, kv, lookEveryMs } = this.#setting;
    const watch = new KeyWatch({
      filter: checkedFilter(filter),
      kv,
      lastRevision: (of) => this.#lastRevision(of),
      listener,
      isClosed: () => connection.isClosed(),
      clock,
      lookEveryMs,
    });
    try {
      await watch.begin();
    } catch (thrown) {
      throw this.#failure("could not be watched", thrown);
    }
    return () => watch.end();
  }

  #pack(key: string, value: unknown): Uint8Array {
    return checkedSize(this.#setting.connection, pack(value), `the value of ${key}`);
  }

  async #list(filter: string): Promise<KeyValueEntry[]> {
    const entries: KeyValueEntry[] = [];
    for await (const { key, value, revision, operation } of await this.#setting.kv.history({
      key: filter,
    })) {
      const unpacked = operation === "PUT" ? unpack(value) : undefined;
      if (unpacked?.ok === true) entries.push({ key, value: unpacked.value, revision });
    }
    return entries;
  }

  /** Writes until the outcome is known, a bounded number of times. */
  async #write(changes: readonly Change[]): Promise<Put> {
    const { clock, requestTimeoutMs, writer } = this.#setting;
    const token = `${writer}.${++this.#writes}`;
    const giveUpAtMs = clock.monotonicMs() + PATIENCE * requestTimeoutMs;
    let attempt = changes;
    let inDoubt = false;
    let doubt: unknown;
    for (let round = 0; round < MOST_ROUNDS && clock.monotonicMs() < giveUpAtMs; round++) {
      try {
        return { ok: true, revision: await this.#sendHeard(attempt, token, round, giveUpAtMs) };
      } catch (thrown) {
        const refused = isConflict(thrown);
        if (!refused && !isInDoubt(thrown)) throw this.#failure("refused a write", thrown);
        inDoubt ||= !refused;
        if (!refused) doubt = thrown;
      }
      const stored = await this.#storedAll(changes, inDoubt);
      if (stored === undefined) continue; // the leader is silent too
      const own = stored.findIndex((message) => message?.token === token);
      // The messages of a batch have consecutive revisions.
      if (own >= 0)
        return { ok: true, revision: (stored[own]?.revision ?? 0) + changes.length - 1 - own };
      const stale = changes.findIndex((change, at) => !fits(change, stored[at]));
      if (stale >= 0) {
        if (inDoubt) break;
        const current = changes.length === 1 ? stored[stale]?.entry : undefined;
        return { ok: false, conflict: { current } };
      }
      // Nothing stands in the way but delete markers, or a write that did not arrive.
      attempt = changes.map((change, at) => over(change, stored[at]));
    }
    throw storeUnavailable(
      `bucket ${this.bucket}: whether ${changes[0]?.key} was written is unknown`,
      doubt,
    );
  }

  /** Sends again for as long as nobody is there to hear it: the stream's leader is being elected. */
  async #sendHeard(
    changes: readonly Change[],
    token: string,
    round: number,
    untilMs: number,
  ): Promise<number> {
    return untilHeard(this.#setting.clock, untilMs, (tries) =>
      this.#send(changes, token, `${round}-${tries}`),
    );
  }

  /** Publishes the changes as one; returns the revision of the last. */
  async #send(changes: readonly Change[], token: string, round: string): Promise<number> {
    const { bucket, client, connection, requestTimeoutMs } = this.#setting;
    for (let at = 0; ; at++) {
      const change = changes[at];
      if (change === undefined) throw new RangeError("nothing to write");
      const isLast = at === changes.length - 1;
      const marks = headersOf(change, token);
      if (changes.length > 1) {
        // Two attempts are two batches: what remains of the first is dropped by the server.
        marks.set("Nats-Batch-Id", `${token}.${round}`);
        marks.set("Nats-Batch-Sequence", String(at + 1));
        if (isLast) marks.set("Nats-Batch-Commit", "1");
      }
      const subject = bucketSubject(bucket, change.key);
      const bytes = change.bytes ?? NOTHING;
      if (isLast) {
        const options = { headers: marks, timeout: requestTimeoutMs };
        return (await client.publish(subject, bytes, options)).seq;
      }
      connection.publish(subject, bytes, { headers: marks });
    }
  }

  /** What stands under each key; without a doubt only what could be in the way is asked for. */
  async #storedAll(
    changes: readonly Change[],
    inDoubt: boolean,
  ): Promise<readonly (Stored | undefined)[] | undefined> {
    try {
      return await Promise.all(
        changes.map((change) =>
          inDoubt || change.expected !== undefined ? this.#stored(change.key) : undefined,
        ),
      );
    } catch {
      return undefined;
    }
  }

  async #lastRevision(filter: string): Promise<number> {
    const { bucket, manager } = this.#setting;
    const query = { last_by_subj: bucketSubject(bucket, filter) };
    return (await manager.streams.getMessage(this.#stream, query))?.seq ?? 0;
  }

  async #stored(key: string): Promise<Stored | undefined> {
    const { bucket, manager } = this.#setting;
    const subject = bucketSubject(bucket, key);
    try {
      const message = await manager.streams.getMessage(this.#stream, { last_by_subj: subject });
      if (message === null) return undefined;
      return storedIn(key, message);
    } catch (thrown) {
      throw this.#failure(`could not read ${key}`, thrown);
    }
  }

  #failure(what: string, thrown: unknown): unknown {
    if (thrown instanceof TypeError || thrown instanceof RangeError) return thrown;
    const reason = thrown instanceof JetStreamApiError ? `${what} (${thrown.code})` : what;
    return storeUnavailable(`bucket ${this.bucket} ${reason}`, thrown);
  }

  #late(afterMs: number): { readonly promise: Promise<never>; readonly cancel: Cancel } {
    let cancel: Cancel = () => {};
    const promise = new Promise<never>((_, reject) => {
      cancel = this.#setting.clock.after(afterMs, () => reject(storeUnavailable("no answer")));
    });
    return { promise, cancel };
  }
}
