/**
 * A node's connections to the server.
 *
 * Owns: the client's options, and the two connections of the main loop. The third, for heartbeats,
 * belongs to the worker thread of `pulse-worker.ts`: a connection cannot be shared between threads.
 *
 * C1: heartbeats, control (leases, watches, acknowledgements, stores and durable work) and data (frames
 *     and topics) never wait for one another: a client with too much unsent is disconnected, and that
 *     must not cost a node its lease. Control carries no more than its requests, each of bounded size
 *     and answered before long; frames have no such brake.
 * C2: a connection never gives up reconnecting; who may not wait that long has a deadline of its own.
 * C3: each has an inbox prefix of its own, so that permissions can keep nodes apart.
 * C4: each leaves a server whose JetStream is silent for one whose JetStream answers: `server-change.ts`.
 */
import type { NatsConnection, NodeConnectionOptions } from "nats";
import { errors, nkeyAuthenticator } from "nats";
import type { Log } from "../runtime/log.ts";
import type { Clock } from "../runtime/ports/clock.ts";
import type { Random } from "../runtime/ports/random.ts";
import { processScrubber } from "../runtime/scrubber.ts";
import { messageOf, TroupeError } from "../runtime/troupe-error.ts";
import { dial } from "./client-dial.ts";
import type { LoadedCredentials } from "./security/credentials.ts";
import { ServerChange } from "./server-change.ts";
import { ServerChoice } from "./server-choice.ts";

/** Where to connect, and as whom. */
export interface ConnectionTarget {
  /** One or more `nats://host:port`, separated by commas. */
  readonly url: string;
  readonly cluster: string;
  /** The node's or the client's name. */
  readonly name: string;
  /** None for a server without users. */
  readonly credentials?: LoadedCredentials;
}

/** What a connection is for. */
export type ConnectionPurpose = "pulse" | "control" | "data" | "client";

const CONNECT_MS = 5_000;
const PING_MS = 1_500;
const RECONNECT_MS = 100;
const RECONNECT_JITTER_MS = 150;
const LOOK_MS = 2_000;
/** How often a connection that asks nothing of JetStream asks whether it is there. */
export const ASK_EVERY_MS = 3_000;

/** Below which subjects all answers to a node or client come. */
export function inboxesOf({ cluster, name }: Pick<ConnectionTarget, "cluster" | "name">): string {
  return `_INBOX_${cluster}.${name}`;
}

/** Below which subjects a connection's answers come (C3). */
export function inboxPrefixOf(
  target: Pick<ConnectionTarget, "cluster" | "name">,
  purpose: ConnectionPurpose,
): string {
  return `${inboxesOf(target)}.${purpose}`;
}

/** The client's options; its own defaults give up after ten attempts and notice a dead peer in minutes. */
export function connectionOptions(
  target: ConnectionTarget,
  purpose: ConnectionPurpose,
): NodeConnectionOptions {
  const { seed, tls } = target.credentials ?? {};
  return {
    servers: target.url.split(",").map((server) => server.trim()),
    name: `troupe ${target.cluster} ${target.name} ${purpose}`,
    inboxPrefix: inboxPrefixOf(target, purpose),
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    pingInterval: PING_MS,
    maxPingOut: 2,
    timeout: CONNECT_MS,
    // Two Error stacks for each request otherwise.
    noAsyncTraces: true,
    ...(seed === undefined
      ? {}
      : { authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)) }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/**
 * Connects once.
 *
 * @throws {TroupeError} `nats.unavailable` when no server answers within 5 s, `nats.refused` when one
 *   does and refuses the credentials, or is not trusted by them
 */
export async function openConnection(
  target: ConnectionTarget,
  purpose: ConnectionPurpose,
  options: Partial<NodeConnectionOptions> = {},
): Promise<NatsConnection> {
  for (const url of target.url.split(",")) processScrubber.addUrl(url.trim());
  try {
    return await dial({ ...connectionOptions(target, purpose), ...options });
  } catch (cause) {
    throw notConnected(target, cause);
  }
}

/** How a connection that may change its server does so. */
export interface ServerChangeSetting {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How often to ask JetStream; a connection whose requests tell enough need not. */
  readonly askEveryMs?: number;
}

/**
 * Connects, and from then on leaves a server whose JetStream is silent for one whose JetStream answers (C4).
 *
 * @throws {TroupeError} `nats.unavailable` when no server answers within 5 s
 */
export async function openSteadyConnection(
  target: ConnectionTarget,
  purpose: ConnectionPurpose,
  setting: ServerChangeSetting,
): Promise<NatsConnection> {
  const choice = new ServerChoice(setting.clock);
  const connection = await openConnection(target, purpose, { reconnectToServer: choice.choose });
  const change = new ServerChange({
    ...setting,
    connection,
    choice,
    openAt: (listen) =>
      openConnection({ ...target, url: listen }, purpose, { reconnect: false, timeout: LOOK_MS }),
  });
  followConnection(connection, change)
    .catch((error: unknown) => setting.log.error({ error: messageOf(error) }, "status unknown"))
    .finally(() => change.closed());
  return connection;
}

/** Why there is no connection, in one line with what to do. */
function notConnected({ url, name, credentials }: ConnectionTarget, cause: unknown): TroupeError {
  const said = messageOf(cause);
  if (cause instanceof errors.AuthorizationError) {
    const why =
      credentials?.seed === undefined
        ? "it has users, and no nkey was given (--nkey FILE, or TROUPE_NATS_NKEY; a user in the URL is not read)"
        : `it does not know the nkey that was given for ${name}: is it this server's, and was the server reloaded since?`;
    return new TroupeError("nats.refused", `the nats-server at ${url} refuses: ${why}`, { cause });
  }
  if (isCertificateFault(cause)) {
    const why = `its certificate is not trusted (${said}); give the one of who signed it (--ca FILE, or TROUPE_NATS_CA)`;
    return new TroupeError("nats.refused", `the nats-server at ${url}: ${why}`, { cause });
  }
  // It says no more than that of a server that refuses another connection.
  const why =
    cause instanceof errors.TimeoutError
      ? "no answer in time; does it stand still, or have as many connections as it takes?"
      : said;
  return new TroupeError("nats.unavailable", `no nats-server answers at ${url}: ${why}`, {
    cause,
  });
}

/** Whether a certificate is the reason: Node gives such errors a code of OpenSSL's or of its own. */
function isCertificateFault(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const { code } = error as NodeJS.ErrnoException;
    if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(`${code} ${error.message}`.toUpperCase()))
      return true;
  }
  return false;
}

/** What becomes of a connection. */
export interface ConnectionListener {
  disconnected(): void;
  reconnected(): void;
  /** The list of servers has changed. */
  updated?(): void;
  /** The server refused something, a permission perhaps: a publish itself reports no such thing. */
  refused?(error: Error): void;
}

/** Tells `listener` of every loss, return and refusal, until the connection is closed. */
export async function followConnection(
  connection: NatsConnection,
  listener: ConnectionListener,
): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === "disconnect") listener.disconnected();
    else if (status.type === "reconnect") listener.reconnected();
    else if (status.type === "update") listener.updated?.();
    else if (status.type === "error") listener.refused?.(status.error);
  }
}

/** The two connections of the main loop. */
export interface Connections {
  readonly control: NatsConnection;
  readonly data: NatsConnection;
  close(): Promise<void>;
}

/**
 * Opens both.
 *
 * @throws {TroupeError} `nats.unavailable`
 */
export async function openConnections(
  target: ConnectionTarget,
  setting: ServerChangeSetting,
): Promise<Connections> {
  const control = await openSteadyConnection(target, "control", setting);
  try {
    const data = await openSteadyConnection(target, "data", {
      ...setting,
      askEveryMs: ASK_EVERY_MS,
    });
    return {
      control,
      data,
      close: async () => {
        await Promise.all([control.close(), data.close()]);
      },
    };
  } catch (error) {
    await control.close();
    throw error;
  }
}
