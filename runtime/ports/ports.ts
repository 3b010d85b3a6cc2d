/**
 * Everything of the world that a system touches, in one place.
 *
 * A system without NATS is given the in-memory twins, a node the NATS ones; actors and protocols
 * cannot tell which.
 */

import type { Tasks } from "../durable/tasks.ts";
import type { EventSink } from "../event.ts";
import type { Log } from "../log.ts";
import type { BlobStore } from "./blob-store.ts";
import type { Clock } from "./clock.ts";
import type { DurableQueue } from "./durable-queue.ts";
import type { EventLogs } from "./event-log.ts";
import type { KeyValues } from "./key-value.ts";
import type { Membership } from "./membership.ts";
import type { ModelClients } from "./model-client.ts";
import type { Random } from "./random.ts";
import type { Reminders } from "./reminders.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Signatures } from "./signatures.ts";
import type { Transport } from "./transport.ts";

/** The world as a system sees it. */
export interface Ports {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly log: Log;
  readonly events: EventSink;
  readonly transport: Transport;
  readonly membership: Membership;
  readonly keyValues: KeyValues;
  readonly queue: DurableQueue;
  readonly tasks: Tasks;
  readonly models: ModelClients;
  /** Absent where all nodes are parts of one process: then nothing needs to be signed. */
  readonly signatures?: Signatures;
  /** Absent where stores are given that have no logs: a log in memory would not last as they do. */
  readonly eventLogs?: EventLogs;
  /** Absent where stores are given that have no blobs. */
  readonly blobs?: BlobStore;
  /** Absent where stores are given that have no reminders. */
  readonly reminders?: Reminders;
}
