/**
 * The nodes of a cluster, by their leases and by their heartbeats.
 *
 * Owns: reading the one and listening for the other. Neither needs more than an operator may.
 *
 * Cost: a request for each lease, and two and a half seconds of listening.
 */
import type { JetStreamManager } from "@nats-io/jetstream";
import { millis, type NatsConnection } from "nats";
import type { Clock } from "../../runtime/ports/clock.ts";
import { LEASE_BUCKET } from "../membership/lease.ts";
import { bucketStream, storeName } from "../stores/store-name.ts";
import { heartbeatsOf, senderOf } from "../wire/node-subject.ts";
import { attempted } from "./attempted.ts";
import type { ExaminedNode } from "./examination.ts";

const LISTEN_MS = 2_500;

/** Those that hold a lease, or beat. */
export async function examinedNodes(
  connection: NatsConnection,
  manager: JetStreamManager,
  cluster: string,
  clock: Clock,
): Promise<readonly ExaminedNode[]> {
  const heard = await heardNodes(connection, cluster, clock);
  const bucket = storeName(cluster, LEASE_BUCKET);
  const prefix = `$KV.${bucket}.node.`;
  const stream = bucketStream(bucket);
  const info = await attempted(() =>
    manager.streams.info(stream, { subjects_filter: `${prefix}*` }),
  );
  if (info === undefined) return [];
  const leaseTtlMs = millis(info.config.max_age);
  const leases = new Map<string, number>();
  for (const subject of Object.keys(info.state.subjects ?? {})) {
    const message = await manager.streams.getMessage(stream, { last_by_subj: subject });
    // A marker says that it is gone.
    if (message === null || message.header.has("KV-Operation") || message.data.length === 0)
      continue;
    leases.set(subject.slice(prefix.length), clock.nowMs() - message.time.getTime());
  }
  return [...new Set([...leases.keys(), ...(heard ?? [])])].map((name) => ({
    name,
    leaseAgeMs: leases.get(name),
    leaseTtlMs,
    beats: heard?.has(name),
  }));
}

/** The nodes that beat; `undefined` when this user may not listen. */
async function heardNodes(
  connection: NatsConnection,
  cluster: string,
  clock: Clock,
): Promise<ReadonlySet<string> | undefined> {
  const heard = new Set<string>();
  let refused = false;
  const subscription = connection.subscribe(heartbeatsOf(cluster), {
    callback: (error, message) => {
      if (error === null) heard.add(senderOf(message.subject));
      else refused = true;
    },
  });
  await new Promise<void>((resolve) => clock.after(LISTEN_MS, resolve));
  if (!subscription.isClosed()) subscription.unsubscribe();
  return refused ? undefined : heard;
}
