/**
 * Three real servers that keep one JetStream, for tests that take one of them away.
 *
 * Owns: which of them leads what. Killing, stopping and launching again is `launch-cluster.ts`.
 */
import { rm } from "node:fs/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import {
  launchNatsCluster,
  type NatsClusterProcesses,
} from "../../cluster/nats-server/launch-cluster.ts";
import { locateNatsServer } from "../../cluster/nats-server/locate.ts";
import { freshFolder } from "./server-under-test.ts";
import { until } from "./test-server.ts";

/** Servers, and how to be rid of them. */
export interface ClusterUnderTest {
  readonly cluster: NatsClusterProcesses;
  /** Kills a server and waits until it is gone. */
  kill(index: number): Promise<void>;
  /** Which server a connection is attached to. */
  serverOf(connection: NatsConnection): number;
  /** Which server leads a stream; waits until one does. */
  leaderOf(connection: NatsConnection, stream: string): Promise<number>;
  /** Waits until every replica of a stream is up to date. */
  inSync(connection: NatsConnection, stream: string): Promise<void>;
  /** Stops all and removes their stores. */
  end(): Promise<void>;
}

/** How long elections of a busy machine may take. */
export const ELECTION_MS = 60_000;

/** Starts three servers on free ports and empty stores. */
export async function startCluster(): Promise<ClusterUnderTest> {
  const binary = (await locateNatsServer({ env: process.env })).path;
  const storeDir = await freshFolder();
  const cluster = await launchNatsCluster({ binary, storeDir, readyWithinMs: ELECTION_MS });
  const infoOf = async (connection: NatsConnection, stream: string) => {
    const manager = await jetstreamManager(connection, { timeout: 2_000, checkAPI: false });
    return (await manager.streams.info(stream)).cluster;
  };
  return {
    cluster,
    kill: async (index) => {
      const server = cluster.servers[index];
      if (server === undefined) throw new RangeError(`no server ${index}`);
      process.kill(server.pid, "SIGKILL");
      await server.ended;
    },
    serverOf: (connection) =>
      cluster.servers.findIndex(({ url }) => url.endsWith(connection.getServer())),
    leaderOf: async (connection, stream) => {
      let leader = "";
      await until(
        `${stream} has a leader`,
        async () => {
          leader = (await infoOf(connection, stream).catch(() => undefined))?.leader ?? "";
          return leader !== "";
        },
        ELECTION_MS,
      );
      return Number(leader.slice(1)) - 1;
    },
    inSync: (connection, stream) =>
      until(
        `${stream} is in sync`,
        async () => {
          const info = await infoOf(connection, stream).catch(() => undefined);
          return info?.replicas?.length === 2 && info.replicas.every(({ current }) => current);
        },
        ELECTION_MS,
      ),
    end: async () => {
      for (const { pid } of cluster.servers) {
        try {
          process.kill(pid, "SIGCONT"); // one that a test froze could not end
        } catch {
          // It has ended.
        }
      }
      await cluster.stop();
      await rm(storeDir, { recursive: true, force: true });
    },
  };
}
