/**
 * The nats-servers of a chaos run: one behind a proxy for each node, or three that nodes reach directly.
 *
 * Owns: which way a node goes, and killing, stopping and launching again.
 */
import { rm } from "node:fs/promises";
import type { NatsConnection } from "nats";
import { launchNatsServer, type NatsServerProcess } from "../../cluster/nats-server/launch.ts";
import { locateNatsServer } from "../../cluster/nats-server/locate.ts";
import { storeName } from "../../cluster/stores/store-name.ts";
import { startCluster } from "../cluster/cluster-under-test.ts";
import { freeze, freshFolder, thaw } from "../cluster/server-under-test.ts";
import { startTcpProxy, type TcpProxy } from "../cluster/tcp-proxy.ts";

/** See the file's header. */
export interface ChaosServers {
  readonly size: 1 | 3;
  /** For whoever is not to be befallen. */
  readonly url: string;
  /** The way of a node. */
  urlOf(node: string): string;
  /** What stands between a node and the server; `undefined` where nothing does. */
  proxyOf(node: string): TcpProxy | undefined;
  /** The one that leads the tasks of a cluster, as a connection tells. */
  leaderOf(connection: NatsConnection, cluster: string): Promise<number>;
  kill(index: number): Promise<void>;
  relaunch(index: number): Promise<void>;
  freeze(index: number): Promise<void>;
  thaw(index: number): void;
  end(): Promise<void>;
}

/** Starts them; resolves when they answer. */
export async function startChaosServers(
  size: 1 | 3,
  nodes: readonly string[],
): Promise<ChaosServers> {
  return size === 1 ? oneServer(nodes) : threeServers();
}

async function oneServer(nodes: readonly string[]): Promise<ChaosServers> {
  const binary = (await locateNatsServer({ env: process.env })).path;
  const storeDir = await freshFolder();
  let server: NatsServerProcess = await launchNatsServer({ binary, storeDir });
  const { url, port } = server;
  const proxies = new Map<string, TcpProxy>();
  for (const node of nodes) proxies.set(node, await startTcpProxy(port));
  return {
    size: 1,
    url,
    urlOf: (node) => `nats://127.0.0.1:${proxies.get(node)?.port}`,
    proxyOf: (node) => proxies.get(node),
    leaderOf: async () => 0,
    kill: async () => {
      process.kill(server.pid, "SIGKILL");
      await server.ended;
    },
    relaunch: async () => {
      server = await launchNatsServer({ binary, storeDir, port, readyWithinMs: 30_000 });
    },
    freeze: () => freeze(server.pid),
    thaw: () => thaw(server.pid),
    end: async () => {
      for (const proxy of proxies.values()) await proxy.close();
      await server.stop();
      await rm(storeDir, { recursive: true, force: true });
    },
  };
}

async function threeServers(): Promise<ChaosServers> {
  const { cluster, kill, leaderOf, end } = await startCluster();
  const pidOf = (index: number): number => cluster.servers[index]?.pid ?? 0;
  return {
    size: 3,
    url: cluster.url,
    urlOf: () => cluster.url,
    proxyOf: () => undefined,
    leaderOf: (connection, name) => leaderOf(connection, storeName(name, "TASKS")),
    kill,
    relaunch: async (index) => {
      await cluster.relaunch(index);
    },
    freeze: (index) => freeze(pidOf(index)),
    thaw: (index) => thaw(pidOf(index)),
    end,
  };
}
