/**
 * The stores of a node, which it can use only while its lease stands.
 *
 * Owns: which connection each store goes by. What keeps a node without a lease out is
 * `membership/fenced-line.ts` and `membership/fenced-connection.ts`; the stores are `stores/`.
 *
 * I1: blobs go by the data connection: so many bytes must not come between a node and its lease.
 */
import type { Log } from "../../runtime/log.ts";
import type { Clock } from "../../runtime/ports/clock.ts";
import {
  blobsOf,
  eventLogsOf,
  keyValuesOf,
  queueOf,
  remindersOf,
} from "../../runtime/ports/node-stores.ts";
import type { Ports } from "../../runtime/ports/ports.ts";
import type { Random } from "../../runtime/ports/random.ts";
import { type Connections, inboxPrefixOf } from "../connections.ts";
import { fencedConnection } from "../membership/fenced-connection.ts";
import { fencedLine } from "../membership/fenced-line.ts";
import { natsBlobStore } from "../stores/nats-blob-store.ts";
import { natsDurableQueue } from "../stores/nats-durable-queue.ts";
import { natsEventLogs } from "../stores/nats-event-logs.ts";
import { natsKeyValues } from "../stores/nats-key-values.ts";
import { natsReminders } from "../stores/nats-reminders.ts";

/** What {@link fencedStores} needs. */
export interface FencedStoresOptions {
  readonly cluster: string;
  /** The node's. */
  readonly name: string;
  /** How many servers keep what is stored. */
  readonly replicas: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly standing: () => boolean;
}

/** The stores among a system's ports. */
export type FencedStores = Required<
  Pick<Ports, "keyValues" | "queue" | "eventLogs" | "blobs" | "reminders">
>;

/** Stores over a node's connections, which stay the caller's. */
export function fencedStores(
  { control, data }: Connections,
  options: FencedStoresOptions,
): FencedStores {
  const { cluster, name, replicas, clock, random, log, standing } = options;
  const line = fencedLine(name, standing);
  const fencedControl = fencedConnection(control, name, standing);
  const fencedData = fencedConnection(data, name, standing);
  const inboxPrefix = inboxPrefixOf({ cluster, name }, "control");
  const kept = { cluster, replicas, clock };
  return {
    keyValues: keyValuesOf(
      line,
      natsKeyValues(fencedControl, { cluster, replicas, random: random.fork("store") }),
    ),
    queue: queueOf(line, natsDurableQueue(fencedControl, { ...kept, log, inboxPrefix })),
    blobs: blobsOf(line, natsBlobStore(fencedData, kept)),
    eventLogs: eventLogsOf(
      line,
      natsEventLogs(fencedControl, { ...kept, random: random.fork("logs") }),
    ),
    reminders: remindersOf(line, natsReminders(fencedControl, { ...kept, log })),
  };
}
