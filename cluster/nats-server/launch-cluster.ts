/**
 * Runs several nats-servers of our own that keep one JetStream: three, so that any one may be lost.
 *
 * Owns: their names, ports and folders, and that all end together. One server is `launch.ts`, whose
 * invariants hold for each.
 *
 * L1: ready means that all have found each other and that their JetStream has a leader.
 * L2: a server that has ended can be launched again on its ports and its store.
 * L3: all servers are on this machine: they outlast a process that dies, not the machine.
 *
 * Cost: an election, 1 to 5 s, and three times what one server costs.
 */
import { join } from "node:path";
import { systemRandom } from "../../runtime/ports/random.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { freePorts } from "./free-port.ts";
import { type LaunchOptions, launchNatsServer, type NatsServerProcess } from "./launch.ts";

/** Options of {@link launchNatsCluster}. */
export interface LaunchClusterOptions
  extends Pick<LaunchOptions, "binary" | "storeLife" | "clock" | "readyWithinMs"> {
  /** A folder per server is made in it: `s1`, `s2` and so on. */
  readonly storeDir: string;
  /** How many servers; default 3. Two keep nothing when one of them is lost. */
  readonly size?: 1 | 3 | 5;
  /** The first server's port, the others' follow; default any free ones. */
  readonly port?: number;
}

/** Servers of our own. */
export interface NatsClusterProcesses {
  /** All their URLs, separated by commas, as `nats` of a node takes them. */
  readonly url: string;
  /** In the order of their names; one that was launched again takes its predecessor's place. */
  readonly servers: readonly NatsServerProcess[];
  /**
   * Launches a server again that has ended.
   *
   * @param index - 0 is the first
   * @throws {RangeError} when there is no such server
   * @throws {TroupeError} `nats.unavailable`
   */
  relaunch(index: number): Promise<NatsServerProcess>;
  /** Stops all that run; may be repeated. */
  stop(): Promise<void>;
}

const READY_MS = 30_000;
const MOST_TRIES = 3;

/**
 * Starts the servers and waits until they are ready.
 *
 * @throws {TroupeError} `nats.unavailable` in one line
 *
 * @example
 * const { path } = await locateNatsServer({ env: process.env });
 * const servers = await launchNatsCluster({ binary: path, storeDir: ".troupe/nats" });
 * const node = await startNode({ name: "n1", nats: servers.url });
 */
export async function launchNatsCluster(
  options: LaunchClusterOptions,
): Promise<NatsClusterProcesses> {
  const { size = 3, port } = options;
  for (let tries = 1; ; tries++) {
    const found = await freePorts(port === undefined ? 2 * size : size, systemRandom());
    const routePorts = found.slice(0, size);
    const ports =
      port === undefined ? found.slice(size) : Array.from({ length: size }, (_, n) => port + n);
    try {
      return await launchAll(options, ports, routePorts);
    } catch (error) {
      // Somebody else was given one of the ports meanwhile: others will do, unless they were asked for.
      if (port !== undefined || tries === MOST_TRIES || !isOccupied(error)) throw error;
    }
  }
}

async function launchAll(
  options: LaunchClusterOptions,
  ports: readonly number[],
  routePorts: readonly number[],
): Promise<NatsClusterProcesses> {
  const { binary, storeDir, storeLife = "kept", clock, readyWithinMs = READY_MS } = options;
  const launch = (index: number, readyWith: number): Promise<NatsServerProcess> => {
    const [port, routePort] = [ports[index], routePorts[index]];
    if (port === undefined || routePort === undefined)
      throw new RangeError(`there is no server ${index}: 0 to ${ports.length - 1}`);
    const serverName = `s${index + 1}`;
    return launchNatsServer({
      binary,
      storeDir: join(storeDir, serverName),
      storeLife,
      port,
      readyWithinMs,
      ...(clock === undefined ? {} : { clock }),
      ...(ports.length === 1
        ? {}
        : { member: { serverName, clusterName: "troupe", routePort, routePorts, readyWith } }),
    });
  };
  const launched = await Promise.allSettled(ports.map((_, index) => launch(index, ports.length)));
  const servers: NatsServerProcess[] = [];
  for (const one of launched) if (one.status === "fulfilled") servers.push(one.value);
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  const failed = launched.find((one) => one.status === "rejected");
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return {
    url: servers.map(({ url }) => url).join(","),
    servers,
    relaunch: async (index) => {
      // A majority is enough: another one may be down as well.
      const server = await launch(index, Math.floor(ports.length / 2) + 1);
      servers[index] = server;
      return server;
    },
    stop,
  };
}

function isOccupied(error: unknown): boolean {
  return error instanceof TroupeError && error.message.includes("occupied");
}
