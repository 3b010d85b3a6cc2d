/**
 * Event logs in JetStream: the twin of `runtime/ports/memory-event-log.ts`.
 *
 * Owns: the stream of a cluster's logs, and that the server really does what is asked of it. One log is
 * `nats-event-log.ts`.
 *
 * One stream `TROUPE_<cluster>_LOGS`, a subject per log. All logs share its sequence, so the numbers of
 * one log have gaps (J1).
 *
 * I1: at most 16 batches of this process are under way: a server drops what exceeds 50 per stream
 *     without a word, and whoever committed it waits for nothing.
 */
import {
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { type NatsConnection, nanos } from "nats";
import { type Clock, systemClock } from "../../runtime/ports/clock.ts";
import type { EventLogs } from "../../runtime/ports/event-log.ts";
import { checkedKey } from "../../runtime/ports/key-filter.ts";
import type { Random } from "../../runtime/ports/random.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { BatchGate } from "./batch-gate.ts";
import { ensureStream } from "./ensure-stream.ts";
import { logSubject, logSubjects } from "./log-subject.ts";
import { NatsEventLog, type NatsEventLogSetting } from "./nats-event-log.ts";
import { storeUnavailable } from "./store-failure.ts";
import { storeName } from "./store-name.ts";

/** Options of {@link natsEventLogs}. */
export interface NatsEventLogsOptions {
  readonly cluster: string;
  /** Names this process's appends, so that it knows them again. */
  readonly random: Random;
  readonly clock?: Clock;
  /** How long one request may take; default 2,000. A call makes a few of them. */
  readonly requestTimeoutMs?: number;
  /** How often a follower looks for what no hint told it; default 2,000. */
  readonly lookEveryMs?: number;
  /** How many servers keep the logs; default 1. */
  readonly replicas?: number;
}

const DUPLICATE_WINDOW_MS = 120_000;
const MOST_BATCHES = 16;

/** Logs over a connection, which stays the caller's. */
export function natsEventLogs(
  connection: NatsConnection,
  options: NatsEventLogsOptions,
): EventLogs {
  const { cluster, random, clock = systemClock, requestTimeoutMs = 2_000 } = options;
  const stream = storeName(cluster, "LOGS");
  const batches = new BatchGate(MOST_BATCHES);
  const writer = random.fork("logs").id();
  let appends = 0;
  let opened: Promise<Omit<NatsEventLogSetting, "name" | "subject">> | undefined;
  const open = async () => {
    const manager = await jetstreamManager(connection, {
      timeout: requestTimeoutMs,
      checkAPI: false,
    });
    const config = await ensureStream(manager, {
      name: stream,
      subjects: [logSubjects(cluster)],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      num_replicas: options.replicas ?? 1,
      discard: DiscardPolicy.New,
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
      allow_direct: true,
      allow_atomic: true,
      deny_delete: true,
    });
    if (config.allow_atomic !== true || config.allow_direct !== true)
      throw new TroupeError(
        "nats.too-old",
        `the server ignores what stream ${stream} asks for: atomic batches need 2.12`,
      );
    return {
      stream,
      connection,
      client: jetstream(connection, { timeout: requestTimeoutMs, checkAPI: false }),
      manager,
      clock,
      requestTimeoutMs,
      lookEveryMs: options.lookEveryMs ?? 2_000,
      batches,
      nextToken: () => `${writer}.${++appends}`,
    };
  };
  return {
    open: async (name) => {
      checkedKey(name);
      opened ??= open();
      try {
        return new NatsEventLog({ ...(await opened), name, subject: logSubject(cluster, name) });
      } catch (thrown) {
        opened = undefined; // the next caller tries again
        if (thrown instanceof TroupeError || thrown instanceof TypeError) throw thrown;
        throw storeUnavailable(`stream ${stream} could not be opened`, thrown);
      }
    },
  };
}
