/**
 * Buckets in JetStream: the twin of `runtime/ports/memory-key-value.ts`.
 *
 * Owns: creating the streams behind buckets, and that the server really does what is asked of it. One
 * bucket is `nats-key-value.ts`.
 *
 * The layout is that of NATS key-value buckets, so that the `nats kv` tool can read them: the stream
 * `KV_TROUPE_<cluster>_<bucket>`, a subject per key, one message each.
 */
import {
  DiscardPolicy,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { type NatsConnection, nanos } from "nats";
import { type Clock, systemClock } from "../../runtime/ports/clock.ts";
import { checkedBucket } from "../../runtime/ports/key-filter.ts";
import type { BucketOptions, KeyValue, KeyValues } from "../../runtime/ports/key-value.ts";
import type { Random } from "../../runtime/ports/random.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { afterElection } from "./election.ts";
import { ensureStream } from "./ensure-stream.ts";
import { NatsKeyValue } from "./nats-key-value.ts";
import { storeUnavailable } from "./store-failure.ts";
import { bucketStream, bucketSubject, storeName } from "./store-name.ts";

/** Options of {@link natsKeyValues}. */
export interface NatsKeyValuesOptions {
  readonly cluster: string;
  /** Names this process's writes, so that it knows them again. */
  readonly random: Random;
  readonly clock?: Clock;
  /** How long one request may take; default 2,000. A call makes a few of them. */
  readonly requestTimeoutMs?: number;
  /** How often a watch that tells nothing is compared with the leader; default 5,000. */
  readonly lookEveryMs?: number;
  /** How many servers keep each bucket; default 1. */
  readonly replicas?: number;
}

const DUPLICATE_WINDOW_MS = 120_000;
const LOOK_EVERY_MS = 5_000;
/** How long watchers that were away can still learn that a value of a bucket with a time to live went. */
const MARKER_TTL_MS = 60_000;

/** Buckets over a connection, which stays the caller's. */
export function natsKeyValues(
  connection: NatsConnection,
  options: NatsKeyValuesOptions,
): KeyValues {
  const { cluster, random, clock = systemClock, requestTimeoutMs = 2_000 } = options;
  storeName(cluster, ""); // refuses a bad name now rather than at the first use
  const client = jetstream(connection, { timeout: requestTimeoutMs, checkAPI: false });
  const buckets = new Map<string, Promise<KeyValue>>();
  const open = async (name: string, bucketOptions: BucketOptions): Promise<KeyValue> => {
    const bucket = storeName(cluster, name);
    const manager = await jetstreamManager(connection, {
      timeout: requestTimeoutMs,
      checkAPI: false,
    });
    const config = await ensureBucket(manager, bucket, bucketOptions, options.replicas ?? 1);
    if (config.allow_atomic !== true || config.allow_msg_ttl !== true)
      throw new TroupeError(
        "nats.too-old",
        `the server ignores what bucket ${bucket} asks for: atomic batches and times to live need 2.12`,
      );
    const kv = await afterElection(clock, () => new Kvm(client).open(bucket));
    return new NatsKeyValue({
      name,
      bucket,
      connection,
      client,
      manager,
      kv,
      clock,
      requestTimeoutMs,
      lookEveryMs: options.lookEveryMs ?? LOOK_EVERY_MS,
      writer: random.fork(name).id(),
    });
  };
  return {
    open: async (name, bucketOptions = {}) => {
      const known = buckets.get(checkedBucket(name));
      if (known !== undefined) return known;
      const opening = open(name, bucketOptions);
      buckets.set(name, opening);
      try {
        return await opening;
      } catch (thrown) {
        buckets.delete(name); // the next caller tries again
        if (thrown instanceof TroupeError || thrown instanceof TypeError) throw thrown;
        throw storeUnavailable(`bucket ${name} could not be opened`, thrown);
      }
    },
  };
}

/** Creates the stream unless it exists; returns what the server made of it. */
function ensureBucket(
  manager: JetStreamManager,
  bucket: string,
  options: BucketOptions,
  replicas: number,
): Promise<StreamConfig> {
  const { ttlMs } = options;
  if (ttlMs !== undefined && !(ttlMs >= 1_000))
    throw new RangeError(`a bucket's ttlMs must be 1,000 or more: ${ttlMs}`);
  const name = bucketStream(bucket);
  return ensureStream(manager, {
    name,
    subjects: [bucketSubject(bucket, ">")],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: replicas,
    max_msgs_per_subject: 1,
    discard: DiscardPolicy.New,
    duplicate_window: nanos(Math.min(DUPLICATE_WINDOW_MS, ttlMs ?? DUPLICATE_WINDOW_MS)),
    allow_rollup_hdrs: true,
    allow_direct: true,
    deny_delete: true,
    allow_atomic: true,
    allow_msg_ttl: true,
    ...(ttlMs === undefined
      ? {}
      : { max_age: nanos(ttlMs), subject_delete_marker_ttl: nanos(MARKER_TTL_MS) }),
  });
}
