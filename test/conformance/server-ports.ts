/** The real NATS: the ports over a connection of their own to a nats-server, in a cluster of their own. */
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "nats";
import { natsDurableQueue } from "../../cluster/stores/nats-durable-queue.ts";
import { natsEventLogs } from "../../cluster/stores/nats-event-logs.ts";
import { natsKeyValues } from "../../cluster/stores/nats-key-values.ts";
import { natsReminders } from "../../cluster/stores/nats-reminders.ts";
import { systemRandom } from "../../runtime/ports/random.ts";
import { CAPACITY, type PortsUnderTest } from "./ports-under-test.ts";
import type { Spans } from "./spans.ts";

/** How long a request may take; far more than a round, so that a slow answer is no lost one. */
const REQUEST_MS = 10_000;
const LOOK_EVERY_MS = 250;
const BACK_MS = 10_000;
/** What is published takes a moment from the connection's reader to the consumer. */
const MOMENT_MS = 20;
const VAIN_PULL_MS = 50;
/** A request for tasks stands at the server for as long again as it took to get there. */
const FORGOTTEN_MS = VAIN_PULL_MS + 50;

let clusters = 0;

/** Connects to a nats-server. */
export async function serverPorts(url: string, spans: Spans): Promise<PortsUnderTest> {
  const cluster = `c${process.pid}-${++clusters}`;
  const connection = await connect({
    servers: url,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 10,
    reconnectJitter: 10,
    timeout: REQUEST_MS,
  });
  const options = { cluster, requestTimeoutMs: REQUEST_MS };
  const random = systemRandom();
  const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  return {
    keyValues: natsKeyValues(connection, { ...options, random, lookEveryMs: LOOK_EVERY_MS }),
    queue: natsDurableQueue(connection, {
      ...options,
      ackWaitMs: spans.ackWaitMs,
      capacity: CAPACITY,
    }),
    eventLogs: natsEventLogs(connection, { ...options, random, lookEveryMs: LOOK_EVERY_MS }),
    reminders: natsReminders(connection, { ...options, ackWaitMs: spans.reminderAckWaitMs }),
    nowMs: () => Date.now(),
    elapsedMs: () => performance.now(),
    pass,
    done: (call) => call,
    heard: async () => {
      await connection.flush();
      await pass(MOMENT_MS);
    },
    forgotten: async () => {
      await connection.flush();
      await pass(FORGOTTEN_MS);
    },
    pullWaitMs: (wanted) => (wanted > 0 ? 0.8 * spans.roundMs : VAIN_PULL_MS),
    reconnect: () => reconnected(connection),
    end: async () => {
      await removeStreams(connection, cluster);
      await connection.close();
    },
  };
}

async function reconnected(connection: NatsConnection): Promise<void> {
  const statuses = connection.status();
  const back = (async () => {
    for await (const { type } of statuses) if (type === "reconnect") return;
    throw new Error("the connection ended");
  })();
  const late = AbortSignal.timeout(BACK_MS);
  const tooLate = new Promise<never>((_resolve, reject) => {
    late.addEventListener("abort", () => reject(late.reason));
  });
  await connection.reconnect();
  await Promise.race([back, tooLate]);
  await connection.flush();
}

async function removeStreams(connection: NatsConnection, cluster: string): Promise<void> {
  const manager = await jetstreamManager(connection, { timeout: REQUEST_MS, checkAPI: false });
  const names = ["TASKS", "DLQ", "LOGS", "REMINDERS"].map((what) => `TROUPE_${cluster}_${what}`);
  for (const bucket of ["plain", "aging"]) names.push(`KV_TROUPE_${cluster}_${bucket}`);
  for (const name of names) await manager.streams.delete(name).catch(() => undefined);
}
