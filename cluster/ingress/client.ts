/**
 * The cluster as a program sees it that is no node: references by address, and nothing to serve.
 *
 * Owns: opening and closing. Its neighbour `client-transport.ts` speaks with a gateway.
 *
 * K1: `connect` fails at once when no gateway answers.
 * K2: every ask and stream has a deadline; when the gateway or the connection is lost, what awaits an
 *     answer is told so.
 */
import type { ActorRef } from "../../runtime/actor-ref.ts";
import type { Address } from "../../runtime/address.ts";
import { checkedNodeName } from "../../runtime/address.ts";
import { createSystem } from "../../runtime/create-system.ts";
import type { Duration } from "../../runtime/duration.ts";
import { durationMs } from "../../runtime/duration.ts";
import type { Log } from "../../runtime/log.ts";
import { pinoLog } from "../../runtime/log.ts";
import { MOST_BLOB_BYTES } from "../../runtime/ports/blob-store.ts";
import { awaitedClock, systemClock } from "../../runtime/ports/clock.ts";
import { systemRandom } from "../../runtime/ports/random.ts";
import { systemScheduler } from "../../runtime/ports/scheduler.ts";
import type { Operations, Protocol } from "../../runtime/protocol.ts";
import { processScrubber } from "../../runtime/scrubber.ts";
import type { RootControl, RootStartOptions } from "../../runtime/spawning/root-control.ts";
import { rootControl } from "../../runtime/spawning/root-control.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import { followConnection, inboxPrefixOf, openSteadyConnection } from "../connections.ts";
import { incarnationOf } from "../membership/lease.ts";
import { Teardown } from "../node/teardown.ts";
import type { Credentials, CredentialsEnvironment } from "../security/credentials.ts";
import { loadCredentials, seedHolder } from "../security/credentials.ts";
import { RefusalLog } from "../security/refusal-log.ts";
import { checkedMostBodyBytes } from "../wire/body-store.ts";
import type { IngressRole } from "../wire/node-subject.ts";
import { checkedClusterName } from "../wire/node-subject.ts";
import { CLIENT_FEATURES } from "../wire/wire-features.ts";
import { ClientTransport } from "./client-transport.ts";

/** Options of {@link connect}. */
export interface ConnectOptions {
  /** `nats://host:port`, several separated by commas; the environment's `TROUPE_NATS_URL` by default. */
  readonly nats?: string;
  /** Default `troupe`. */
  readonly cluster?: string;
  /**
   * Names this program in logs and subjects; unique; by default what the file of its seed is
   * named after (`client-web.nk`), or else a generated one. One connection at a time bears a name.
   */
  readonly name?: string;
  /** `operator` reaches the runtime's own actors too, where the server lets it; default `client`. */
  readonly as?: IngressRole;
  /** What the server asks for; `TROUPE_NATS_NKEY` and `TROUPE_NATS_CA` by default, or nothing. */
  readonly credentials?: Credentials;
  readonly log?: Log;
  /**
   * The largest body of a message or an answer, in bytes; default 64 MB. Those over 256 KB travel in parts.
   */
  readonly mostBodyBytes?: number;
  /** Read for what the options leave open, and for what is to be hidden in logs; default the process's environment. */
  readonly env?: CredentialsEnvironment & { readonly TROUPE_NATS_URL?: string | undefined };
}

/** Options of {@link Client.spawn}. */
export type ClientSpawnOptions<O extends Operations> = Omit<RootStartOptions<O>, "actor">;

/** A connection to the cluster. */
export interface Client {
  readonly name: string;
  /** The node that it speaks through now; `undefined` while it looks for another one. */
  readonly gateway: string | undefined;
  /** A reference to whoever lives at `address`, `node/path`. */
  refOf<O extends Operations>(protocol: Protocol<O>, address: Address): ActorRef<O>;
  /**
   * A reference to the virtual actor of that key, wherever it is active or not yet.
   *
   * @param type - what it is registered as; default the protocol's name without its version
   * @throws {TypeError | RangeError} when the key is no text of 1 to 256 bytes
   */
  actorOf<O extends Operations>(protocol: Protocol<O>, key: string, type?: string): ActorRef<O>;
  /** A reference to the cluster's one; `name` is what it is registered as, default as for `actorOf`. */
  singletonOf<O extends Operations>(protocol: Protocol<O>, name?: string): ActorRef<O>;
  /** Starts actors that outlive this program and every node. */
  readonly root: RootControl;
  /**
   * Starts an actor that nodes have registered with `spawnable`, and resolves once it runs: `root.start`
   * with the registered name before the rest. It survives this program, its gateway and its node.
   *
   * @param type - the registered name
   * @throws {TroupeError} as {@link RootControl.start}; `node.down` when no gateway answers
   *
   * @example
   * const ref = await client.spawn("summariser", { protocol: Summariser, input: { model: "auto" } });
   */
  spawn<O extends Operations>(type: string, options: ClientSpawnOptions<O>): Promise<ActorRef<O>>;
  /** `root.stop`. */
  stop(name: string): Promise<boolean>;
  /** Sends what waits, and closes within `deadline` (default 2 s). */
  close(options?: { readonly deadline?: Duration }): Promise<void>;
}

const CLOSE_MS = 2_000;
const NAME_LENGTH = 12;

/**
 * Connects a program that is no node.
 *
 * @throws {TroupeError} `nats.unavailable` when no server answers, `node.down` when no gateway does,
 *   `credentials.unusable` or `nats.refused` when the server cannot be, or is not, convinced
 * @throws {TypeError} when no URL is given
 * @throws {RangeError} when the largest body is no size
 *
 * @example
 * const client = await connect({ nats: "nats://127.0.0.1:4222" });
 * const { usd } = await client.refOf(Summariser, "n1/s1").ask("cost", { sinceMs: 0 });
 * await client.close();
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const env: NonNullable<ConnectOptions["env"]> = options.env ?? process.env;
  processScrubber.addEnvironment({ ...env });
  const url = options.nats ?? env.TROUPE_NATS_URL;
  if (url === undefined || url === "")
    throw new TypeError("nats: no URL; give one, or set TROUPE_NATS_URL");
  const random = systemRandom();
  const cluster = checkedClusterName(options.cluster ?? "troupe");
  // A seed is good for one name only, and its file says which.
  const given = options.name ?? seedHolder(options.credentials, env)?.name;
  const name = checkedNodeName(given ?? `c-${random.id().slice(0, NAME_LENGTH)}`);
  const mostBytes = checkedMostBodyBytes(options.mostBodyBytes ?? MOST_BLOB_BYTES);
  const log = (options.log ?? pinoLog("warn")).child({ client: name });
  const credentials = loadCredentials(options.credentials, env);
  const target = { url, cluster, name, credentials };
  const clock = systemClock;
  const scheduler = systemScheduler;
  const teardown = new Teardown(awaitedClock, log);
  const connection = await openSteadyConnection(target, "client", {
    clock,
    random: random.fork("servers"),
    log,
  });
  teardown.add("connection", () => connection.close());
  // Only this process ever bears its name, unless it was chosen; then the later one is the newer.
  const incarnation = incarnationOf(clock.nowMs());
  const transport = new ClientTransport({
    connection,
    inbox: inboxPrefixOf(target, "client"),
    cluster,
    role: options.as ?? "client",
    name,
    incarnation,
    clock,
    scheduler,
    log,
    reads: CLIENT_FEATURES,
    mostBytes,
  });
  const refusals = new RefusalLog(log);
  followConnection(connection, {
    refused: (error) => refusals.refused(error),
    disconnected: () => transport.disconnected(),
    reconnected: () => transport.reconnected(),
  }).catch((error: unknown) => log.error({ error: messageOf(error) }, "the connection is unknown"));
  const system = createSystem({ node: name, transport, clock, scheduler, random, log });
  teardown.add("system", (leftMs) => system.shutdown({ deadline: leftMs }));
  teardown.add("transport", async (leftMs) => {
    await transport.settle(leftMs / 2);
    transport.close();
  });
  try {
    await transport.greet();
  } catch (error) {
    await teardown.run(CLOSE_MS);
    throw error;
  }
  const reached = rootControl(system);
  // A program that has lost its gateway looks for another one first.
  const served = async (): Promise<RootControl> => {
    if (transport.gateway === undefined) await transport.greet();
    return reached;
  };
  const root: RootControl = {
    start: async (options) => (await served()).start(options),
    stop: async (name) => (await served()).stop(name),
    list: async () => (await served()).list(),
  };
  return {
    name,
    get gateway() {
      return transport.gateway;
    },
    refOf: (protocol, address) => system.refOf(protocol, address),
    actorOf: (protocol, key, type) => system.actorOf(protocol, key, type),
    singletonOf: (protocol, name) => system.singletonOf(protocol, name),
    root,
    spawn: (type, options) => root.start({ ...options, actor: type }),
    stop: (name) => root.stop(name),
    close: ({ deadline = CLOSE_MS } = {}) => teardown.run(durationMs(deadline)),
  };
}
