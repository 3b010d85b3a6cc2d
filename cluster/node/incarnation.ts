/**
 * One start of a node: its name's lease, its incarnation, its key.
 *
 * Owns: how long a lease is asked for, and what is written into it. Renewing it and noticing its loss is
 * `membership/lease.ts`.
 */
import type { NatsConnection } from "nats";
import type { Clock } from "../../runtime/ports/clock.ts";
import type { KeyValue } from "../../runtime/ports/key-value.ts";
import type { NodeIdentity } from "../../runtime/ports/membership.ts";
import type { Random } from "../../runtime/ports/random.ts";
import {
  acquireLease,
  LEASE_TTL_MS,
  type Lease,
  REPLICATED_LEASE_TTL_MS,
} from "../membership/lease.ts";
import { openLeaseBucket } from "../membership/lease-bucket.ts";
import { newSigningKey, type SigningKey } from "../security/node-signatures.ts";
import type { NodeSettings } from "./node-options.ts";

/** Who this start of a node is, and what it acts by. */
export interface Incarnation {
  readonly self: NodeIdentity;
  readonly lease: Lease;
  /** How long the lease lives without a renewal. */
  readonly leaseTtlMs: number;
  /** The bucket of all leases. */
  readonly leases: KeyValue;
  readonly key: SigningKey;
  /** Whether it may act now. */
  readonly standing: () => boolean;
}

/**
 * Takes the lease of the node's name; waits until that of a predecessor has run out.
 *
 * @param control - the control connection
 * @param replicas - how many servers keep the leases
 * @throws {TroupeError} `node.name-taken`, `store.unavailable` or `nats.too-old`
 */
export async function beginIncarnation(
  settings: NodeSettings,
  control: NatsConnection,
  replicas: number,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Promise<Incarnation> {
  const { name, traits, cluster, log } = settings;
  const { bucket: leases, ttlMs } = await openLeaseBucket(control, {
    cluster,
    ttlMs: settings.leaseTtlMs ?? (replicas > 1 ? REPLICATED_LEASE_TTL_MS : LEASE_TTL_MS),
    replicas,
    random: random.fork("lease"),
    log,
  });
  const key = newSigningKey();
  const lease = await acquireLease({
    bucket: leases,
    name,
    traits,
    pid: process.pid,
    publicKey: key.publicKey,
    ttlMs,
    clock,
    random,
    log,
  });
  const self = { name, incarnation: lease.incarnation };
  return { self, lease, leaseTtlMs: ttlMs, leases, key, standing: () => lease.standing() };
}
