/**
 * The bucket that all leases of a cluster live in, and how long they live there.
 *
 * Owns: that a node reckons with the time to live that the server really applies. The first node of a
 * cluster decides it; one that was started with another must follow, or it would believe in a lease that
 * others have seen run out.
 */
import { jetstreamManager } from "@nats-io/jetstream";
import { millis, type NatsConnection } from "nats";
import type { Log } from "../../runtime/log.ts";
import type { KeyValue } from "../../runtime/ports/key-value.ts";
import type { Random } from "../../runtime/ports/random.ts";
import { messageOf, TroupeError } from "../../runtime/troupe-error.ts";
import { natsKeyValues } from "../stores/nats-key-values.ts";
import { bucketStream, storeName } from "../stores/store-name.ts";
import { LEASE_BUCKET } from "./lease.ts";

// Several attempts of a renewal must fit into a lease.
const REQUESTS_PER_LEASE = 8;

/** Leases, and how long one lives without renewal. */
export interface LeaseBucket {
  readonly bucket: KeyValue;
  readonly ttlMs: number;
}

/**
 * Opens the bucket, creating it with `ttlMs` when there is none.
 *
 * @throws {TroupeError} `store.unavailable` or `nats.too-old`
 */
export async function openLeaseBucket(
  connection: NatsConnection,
  options: {
    readonly cluster: string;
    readonly ttlMs: number;
    /** How many servers keep it. */
    readonly replicas: number;
    readonly random: Random;
    readonly log: Log;
  },
): Promise<LeaseBucket> {
  const { cluster, ttlMs, replicas, random, log } = options;
  const requestTimeoutMs = ttlMs / REQUESTS_PER_LEASE;
  const stores = natsKeyValues(connection, { cluster, random, replicas, requestTimeoutMs });
  const bucket = await stores.open(LEASE_BUCKET, { ttlMs });
  const appliedMs = await appliedTtlMs(connection, cluster);
  if (appliedMs !== ttlMs)
    log.warn({ asked: ttlMs, applied: appliedMs }, "the cluster's leases have another length");
  return { bucket, ttlMs: appliedMs };
}

async function appliedTtlMs(connection: NatsConnection, cluster: string): Promise<number> {
  const stream = bucketStream(storeName(cluster, LEASE_BUCKET));
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    return millis((await manager.streams.info(stream)).config.max_age);
  } catch (cause) {
    throw new TroupeError("store.unavailable", `cannot read ${stream}: ${messageOf(cause)}`, {
      cause,
    });
  }
}
