/**
 * The object store of claimed bodies, on a server.
 *
 * Owns: its name, and how long a body waits for whoever is told of it. Its neighbour `wire/claim-store.ts`
 * owns the keys, `nats-blob-store.ts` the bytes.
 *
 * I1: it goes over the connection that carries frames: so many bytes must not come between a node and its
 *     lease.
 */
import type { NatsConnection } from "nats";
import type { NodeIdentity } from "../../runtime/ports/membership.ts";
import { ClaimStore } from "../wire/claim-store.ts";
import { natsBlobStore } from "./nats-blob-store.ts";

const BUCKET = "claims";
/** Longer than a link may hold what it cannot deliver; then nobody will come for it any more. */
const TTL_MS = 10 * 60_000;

/** Whose, and where. */
export interface NatsClaimsOptions {
  readonly cluster: string;
  /** The size of the largest body, in bytes. */
  readonly mostBytes: number;
  readonly replicas?: number;
}

/** What a node keeps for others; the connection stays the caller's. */
export function claimStore(
  connection: NatsConnection,
  { name, incarnation }: NodeIdentity,
  options: NatsClaimsOptions,
): ClaimStore {
  const blobs = natsBlobStore(connection, { ...options, bucket: BUCKET, ttlMs: TTL_MS });
  return new ClaimStore(blobs, name, incarnation);
}
