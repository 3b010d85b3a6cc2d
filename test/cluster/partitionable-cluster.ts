/**
 * Three real servers that reach one another only through proxies, so that one can be cut off from the
 * others while its clients stay attached to it.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import { freePorts } from "../../cluster/nats-server/free-port.ts";
import { locateNatsServer } from "../../cluster/nats-server/locate.ts";
import { systemRandom } from "../../runtime/ports/random.ts";
import { type KeptServer, startKeptServer } from "./kept-server.ts";
import { freshFolder } from "./server-under-test.ts";
import type { Fault } from "./tcp-proxy.ts";
import { startTcpProxy } from "./tcp-proxy.ts";
import { until } from "./test-server.ts";

/** Servers that can be cut off. */
export interface PartitionableCluster {
  /** In the order of their names, `s1` first. */
  readonly urls: readonly string[];
  /** Which server a connection is attached to. */
  indexOf(listen: string): number;
  /** Which server leads JetStream. */
  leader(): Promise<number>;
  /** Kills a server and waits until it is gone. */
  kill(index: number): Promise<void>;
  /** Cuts a server off from the others; its clients notice nothing. */
  isolate(index: number, fault?: Fault): void;
  heal(): void;
  /** Heals it, and waits until all know one another and JetStream has a leader. */
  whole(): Promise<void>;
  end(): Promise<void>;
}

const READY_MS = 60_000;

/** Starts them; resolves when JetStream has a leader. */
export async function startPartitionableCluster(): Promise<PartitionableCluster> {
  const binary = (await locateNatsServer({ env: process.env })).path;
  const folder = await freshFolder();
  const ports = await freePorts(9, systemRandom());
  const clientPorts = ports.slice(0, 3);
  const routePorts = ports.slice(3, 6);
  const monitorPorts = ports.slice(6);
  const proxies = await Promise.all(routePorts.map((port) => startTcpProxy(port)));
  const servers: KeptServer[] = [];
  for (const [index, port] of clientPorts.entries()) {
    const name = `s${index + 1}`;
    const store = join(folder, name);
    await mkdir(store);
    const config = {
      server_name: name,
      listen: `127.0.0.1:${port}`,
      http: `127.0.0.1:${monitorPorts[index]}`,
      jetstream: { store_dir: store, max_file_store: 268_435_456 },
      cluster: {
        name: "partitionable",
        listen: `127.0.0.1:${routePorts[index]}`,
        cluster_advertise: `127.0.0.1:${proxies[index]?.port}`,
        routes: proxies.map((proxy) => `nats://127.0.0.1:${proxy.port}`),
      },
    };
    servers.push(await startKeptServer({ binary, folder, name, config }));
  }
  const urls = clientPorts.map((port) => `nats://127.0.0.1:${port}`);
  const heal = (): void => {
    for (const proxy of proxies) proxy.heal();
  };
  const whole = (): Promise<void> =>
    until(
      "the servers have a leader",
      async () => {
        for (const url of urls) {
          const connection = await connect({ servers: url, reconnect: false }).catch(
            () => undefined,
          );
          if (connection === undefined) return false;
          const known = connection.info?.connect_urls?.length ?? 0;
          const led = await jetstreamManager(connection, { timeout: 1_000 }).catch(() => undefined);
          await connection.close();
          if (known < 3 || led === undefined) return false;
        }
        return true;
      },
      READY_MS,
    );
  await whole();
  return {
    urls,
    indexOf: (listen) => urls.findIndex((url) => url.endsWith(listen)),
    leader: async () => {
      for (const port of monitorPorts) {
        const answer = await fetch(`http://127.0.0.1:${port}/jsz`).catch(() => undefined);
        const said = (await answer?.json()) as { meta_cluster?: { leader?: string } } | undefined;
        const leader = said?.meta_cluster?.leader ?? "";
        if (leader !== "") return Number(leader.slice(1)) - 1;
      }
      throw new Error("JetStream has no leader");
    },
    kill: async (index) => {
      const server = servers[index];
      if (server === undefined) throw new RangeError(`no server ${index}`);
      await server.end("SIGKILL");
    },
    isolate: (index, fault = "cut") => {
      for (const [at, proxy] of proxies.entries())
        proxy.befall(fault, at === index ? "" : `"server_name":"s${index + 1}"`);
    },
    heal,
    whole: () => {
      heal();
      return whole();
    },
    end: async () => {
      for (const server of servers) await server.end("SIGKILL");
      for (const proxy of proxies) await proxy.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
