/**
 * Finds out what can be known of a server, and of a cluster on it, without changing anything there.
 *
 * Owns: asking, all but what `monitored-server.ts` and `examined-nodes.ts` ask. What the answers mean is
 * `findings.ts`.
 *
 * X1: nothing is written, no stream made, no message sent that an actor could take for one.
 * X2: every question has a deadline, and one that is not answered leaves its fact absent.
 *
 * Cost: a dozen requests, and two and a half seconds of listening to heartbeats.
 */
import { stat } from "node:fs/promises";
import { type JetStreamManager, jetstreamManager, type StreamInfo } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import type { Clock } from "../../runtime/ports/clock.ts";
import { messageOf, TroupeError } from "../../runtime/troupe-error.ts";
import type { ConnectionTarget } from "../connections.ts";
import { followConnection, openConnection } from "../connections.ts";
import { permissionsOf } from "../security/permissions.ts";
import { refusalIn } from "../security/refusal-log.ts";
import type { Role } from "../security/server-role.ts";
import { checkServer } from "../server-check.ts";
import { storeName } from "../stores/store-name.ts";
import { attempted } from "./attempted.ts";
import type { Examination, ExaminedStream, Trial } from "./examination.ts";
import { examinedNodes } from "./examined-nodes.ts";
import { monitoredAt, monitorsOf } from "./monitored-server.ts";

/** What {@link examine} is given. */
export interface ExamineOptions {
  readonly target: ConnectionTarget;
  /** What the credentials are said to be good for. */
  readonly role: Role;
  /** `http://host:port` of the server's monitoring; the usual ones of this machine are tried by default. */
  readonly monitor?: string;
  /** The file of the seed, when it came from one. */
  readonly seedFile?: string;
  readonly clock: Clock;
}

const ANSWER_MS = 3_000;

/** Examines; never rejects. */
export async function examine(options: ExamineOptions): Promise<Examination> {
  const { target, seedFile } = options;
  const { url, cluster } = target;
  const seedIsOpen = seedFile === undefined ? undefined : await isOpen(seedFile);
  const nothing = {
    url,
    cluster,
    seedIsOpen,
    jetstream: undefined,
    monitored: undefined,
    clock: undefined,
    trials: [],
    streams: undefined,
    nodes: undefined,
  };
  let connection: NatsConnection;
  try {
    connection = await openConnection(target, "client", { reconnect: false });
  } catch (error) {
    return { ...nothing, connection: noConnection(error) };
  }
  try {
    return { ...nothing, ...(await examined(connection, options)) };
  } catch (error) {
    return { ...nothing, connection: noConnection(error) };
  } finally {
    await connection.close();
  }
}

function noConnection(error: unknown): Examination["connection"] {
  const isRefused = error instanceof TroupeError && error.code === "nats.refused";
  return { ok: false, error: messageOf(error), isRefused };
}

async function examined(
  connection: NatsConnection,
  options: ExamineOptions,
): Promise<Omit<Examination, "url" | "cluster" | "seedIsOpen">> {
  const { target, role, monitor, clock } = options;
  const { info } = connection;
  const trials = await trialsOf(connection, target, role);
  const jetstream = await jetstreamOf(connection);
  const manager = await jetstreamManager(connection, { timeout: ANSWER_MS, checkAPI: false });
  const listed = await attempted(() => streamsOf(manager, target.cluster));
  return {
    connection: {
      ok: true,
      version: info?.version ?? "of no version",
      maxPayloadBytes: info?.max_payload ?? 0,
      encrypted: info?.tls_required === true || info?.tls_available === true,
      authenticated: info?.auth_required === true,
      servers: Math.max(1, info?.connect_urls?.length ?? 1),
    },
    jetstream,
    monitored: await monitoredAt(monitor === undefined ? monitorsOf(target.url) : [monitor], clock),
    clock: await clockOf(connection, listed?.[0], clock),
    trials,
    streams: listed?.map(streamOf),
    nodes: await attempted(() => examinedNodes(connection, manager, target.cluster, clock)),
  };
}

/** What the role needs and can be tried without harm: every subscription, and questions to JetStream. */
async function trialsOf(
  connection: NatsConnection,
  { cluster, name }: ConnectionTarget,
  role: Role,
): Promise<readonly Trial[]> {
  const refused = new Set<string>();
  // Ends with the connection.
  void followConnection(connection, {
    disconnected: () => {},
    reconnected: () => {},
    refused: (error) => {
      const refusal = refusalIn(error);
      if (refusal !== undefined) refused.add(refusal.subject);
    },
  });
  const { publish, subscribe } = permissionsOf({ role, name }, cluster, [name]);
  const questions = publish.allow.filter((subject) =>
    /^\$JS\.API\.(?:INFO|STREAM\.NAMES)$/.test(subject),
  );
  const subscriptions = subscribe.allow.map((subject) =>
    connection.subscribe(subject, { callback: () => {} }),
  );
  for (const subject of questions) connection.publish(subject);
  await connection.flush();
  // What was refused is told before the answer to the flush, and read in the turns after it.
  await connection.flush();
  for (const subscription of subscriptions)
    if (!subscription.isClosed()) subscription.unsubscribe();
  const trial = (what: string) => (subject: string) => ({
    what,
    subject,
    allowed: !refused.has(subject),
  });
  return [...subscribe.allow.map(trial("hear")), ...questions.map(trial("ask"))];
}

async function jetstreamOf(connection: NatsConnection): Promise<Examination["jetstream"]> {
  try {
    const { apiLevel } = await checkServer(connection);
    const manager = await jetstreamManager(connection, { timeout: ANSWER_MS, checkAPI: false });
    const { limits, storage } = await manager.getAccountInfo();
    return { ok: true, apiLevel, maxFileBytes: limits.max_storage, usedFileBytes: storage };
  } catch (error) {
    return { ok: false, error: messageOf(error) };
  }
}

async function streamsOf(manager: JetStreamManager, cluster: string): Promise<StreamInfo[]> {
  const own = storeName(cluster, "");
  const all: StreamInfo[] = [];
  for await (const stream of manager.streams.list())
    if (stream.config.name.replace(/^(?:KV|OBJ)_/, "").startsWith(own)) all.push(stream);
  return all;
}

function streamOf({ config, state }: StreamInfo): ExaminedStream {
  const { name, num_replicas: replicas } = config;
  return { name, replicas, messages: state.messages, bytes: state.bytes };
}

/** The server's time in an answer, against the middle of the time that the answer took. */
async function clockOf(
  connection: NatsConnection,
  stream: StreamInfo | undefined,
  clock: Clock,
): Promise<Examination["clock"]> {
  if (stream === undefined) return undefined;
  return attempted(async () => {
    const sentAtMs = clock.nowMs();
    const subject = `$JS.API.STREAM.INFO.${stream.config.name}`;
    const answer = await connection.request(subject, "", { timeout: ANSWER_MS });
    const tookMs = clock.nowMs() - sentAtMs;
    const serverMs = Date.parse(answer.json<{ readonly ts?: string }>().ts ?? "");
    if (Number.isNaN(serverMs)) throw new Error("it told no time");
    return { offsetMs: serverMs - (sentAtMs + tookMs / 2), withinMs: tookMs / 2 + 1 };
  });
}

async function isOpen(file: string): Promise<boolean | undefined> {
  const mode = await attempted(async () => (await stat(file)).mode);
  return mode === undefined ? undefined : (mode & 0o077) !== 0;
}
