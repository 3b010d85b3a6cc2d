/**
 * Finds out what can be known of a server, and of a cluster on it, without changing anything there.
 *
 * Owns: asking. What the answers mean is `findings.ts`.
 *
 * X1: nothing is written, no stream made, no message sent that an actor could take for one.
 * X2: every question has a deadline, and one that is not answered leaves its fact absent.
 *
 * Cost: a dozen requests, and two and a half seconds of listening to heartbeats.
 */
import { stat, statfs } from "node:fs/promises";
import { type JetStreamManager, jetstreamManager, type StreamInfo } from "@nats-io/jetstream";
import { millis, type NatsConnection } from "nats";
import type { Clock } from "../../runtime/ports/clock.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import type { ConnectionTarget } from "../connections.ts";
import { followConnection, openConnection } from "../connections.ts";
import { LEASE_BUCKET } from "../membership/lease.ts";
import { permissionsOf } from "../security/permissions.ts";
import { refusalIn } from "../security/refusal-log.ts";
import type { Role } from "../security/server-role.ts";
import { checkServer } from "../server-check.ts";
import { bucketStream, storeName } from "../stores/store-name.ts";
import { heartbeatsOf, senderOf } from "../wire/node-subject.ts";
import type {
  Examination,
  ExaminedNode,
  ExaminedStream,
  MonitoredServer,
  Trial,
} from "./examination.ts";

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
const LISTEN_MS = 2_500;
/** Where `troupe nats init` puts the monitoring, counted from the server's port. */
const MONITOR_OFFSET = 4_000;
const USUAL_PORT = 4_222;
const USUAL_MONITOR = 8_222;

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
    return { ...nothing, connection: { ok: false, error: messageOf(error) } };
  }
  try {
    return { ...nothing, ...(await examined(connection, options)) };
  } catch (error) {
    return { ...nothing, connection: { ok: false, error: messageOf(error) } };
  } finally {
    await connection.close();
  }
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
    nodes: await attempted(() => nodesOf(connection, manager, options)),
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

async function nodesOf(
  connection: NatsConnection,
  manager: JetStreamManager,
  { target, clock }: ExamineOptions,
): Promise<readonly ExaminedNode[]> {
  const { cluster } = target;
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

async function monitoredAt(
  urls: readonly string[],
  clock: Clock,
): Promise<MonitoredServer | undefined> {
  for (const url of urls) {
    const found = await attempted(() => monitored(url, clock));
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Varz {
  readonly max_pending?: number;
  readonly max_connections?: number;
  readonly connections?: number;
  readonly jetstream?: {
    readonly config?: {
      readonly store_dir?: string;
      readonly max_storage?: number;
      readonly sync_interval?: number;
      readonly sync_always?: boolean;
    };
    readonly stats?: { readonly storage?: number };
  };
}

async function monitored(url: string, clock: Clock): Promise<MonitoredServer> {
  const abort = new AbortController();
  const cancel = clock.after(ANSWER_MS, () => abort.abort());
  try {
    const answer = await fetch(`${url.replace(/\/$/, "")}/varz`, { signal: abort.signal });
    const varz = (await answer.json()) as Varz;
    const { config, stats } = varz.jetstream ?? {};
    const folder = config?.store_dir;
    return {
      maxPendingBytes: varz.max_pending,
      maxConnections: varz.max_connections,
      connections: varz.connections,
      store:
        folder === undefined
          ? undefined
          : {
              folder,
              maxFileBytes: config?.max_storage ?? 0,
              usedFileBytes: stats?.storage ?? 0,
              syncMs: millis(config?.sync_interval ?? 0),
              syncAlways: config?.sync_always === true,
              freeBytes: isHere(url) ? await attempted(() => freeBytesAt(folder)) : undefined,
            },
    };
  } finally {
    cancel();
  }
}

/** Where a server of this machine usually tells of itself. */
function monitorsOf(url: string): readonly string[] {
  const first = url.split(",")[0]?.trim() ?? "";
  if (!isHere(first)) return [];
  const port = Number(/:(\d+)\/?$/.exec(first)?.[1] ?? USUAL_PORT);
  return [...new Set([port + MONITOR_OFFSET, USUAL_MONITOR])].map(
    (monitor) => `http://127.0.0.1:${monitor}`,
  );
}

function isHere(url: string): boolean {
  return /^(?:[a-z]+:\/\/)?(?:[^@/]*@)?(?:localhost|127\.[0-9.]+)(?::|\/|$)/.test(url);
}

async function freeBytesAt(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function isOpen(file: string): Promise<boolean | undefined> {
  const mode = await attempted(async () => (await stat(file)).mode);
  return mode === undefined ? undefined : (mode & 0o077) !== 0;
}

/** X2. */
async function attempted<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}
