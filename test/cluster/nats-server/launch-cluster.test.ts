import { createServer } from "node:net";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import t from "tap";
import { freePorts } from "../../../cluster/nats-server/free-port.ts";
import { launchNatsCluster } from "../../../cluster/nats-server/launch-cluster.ts";
import { locateNatsServer } from "../../../cluster/nats-server/locate.ts";
import { startNode } from "../../../cluster/node/start-node.ts";
import { checkServer } from "../../../cluster/server-check.ts";
import { silentLog } from "../../../runtime/log.ts";
import { type Random, seededRandom, systemRandom } from "../../../runtime/ports/random.ts";
import { startCluster } from "../cluster-under-test.ts";
import { freshFolder, runs } from "../server-under-test.ts";

t.setTimeout(240_000);

t.test("NatsClusterProcesses", async (t) => {
  const { cluster, kill, leaderOf, inSync, end } = await startCluster();
  t.teardown(end);

  await t.test("L1: three servers are ready when the launch resolves", async (t) => {
    t.equal(cluster.servers.length, 3);
    t.equal(cluster.url.split(",").length, 3);
    for (const { url } of cluster.servers) {
      const connection = await connect({ servers: url, reconnect: false });
      t.match(await checkServer(connection), { replicas: 3 });
      t.equal(connection.info?.connect_urls?.length, 3);
      await connection.close();
    }
  });

  await t.test("S23: a node's streams and buckets are kept by all three servers", async (t) => {
    const node = await startNode({ name: "n1", nats: cluster.url, log: silentLog });
    await node.system.ports.tasks.submit({ id: "kept.1", capability: "kept@1", input: 1 });
    const connection = await connect({ servers: cluster.url });
    const manager = await jetstreamManager(connection);
    const replicas = new Map<string, number>();
    for await (const { config } of manager.streams.list())
      replicas.set(config.name, config.num_replicas);
    t.ok(replicas.has("KV_TROUPE_troupe_LEASE") && replicas.has("TROUPE_troupe_TASKS"));
    t.same([...new Set(replicas.values())], [3], [...replicas].join(" "));
    const { config } = await manager.streams.info("KV_TROUPE_troupe_LEASE");
    t.equal(config.max_age, 20_000 * 1e6, "S21: a lease outlasts an election");
    await node.stop();
    await connection.close();
  });

  await t.test("L2: one that was killed comes back on its port and its store", async (t) => {
    const connection = await connect({ servers: cluster.url, maxReconnectAttempts: -1 });
    const stream = "TROUPE_troupe_TASKS";
    const leader = await leaderOf(connection, stream);
    const { url, pid } = cluster.servers[leader] ?? { url: "", pid: 0 };
    await kill(leader);
    t.notOk(runs(pid));
    await leaderOf(connection, stream);
    const again = await cluster.relaunch(leader);
    t.equal(again.url, url);
    await inSync(connection, stream);
    await connection.close();
    await t.rejects(cluster.relaunch(3), RangeError);
  });

  await t.test("stops all of them", async (t) => {
    await cluster.stop();
    for (const { pid } of cluster.servers) t.notOk(runs(pid));
  });
});

t.test("a port that was asked for and is occupied is refused in one line", async (t) => {
  const squatter = createServer();
  const [port = 0] = await freePorts(1, systemRandom());
  await new Promise<void>((resolve) => squatter.listen(port, "127.0.0.1", resolve));
  t.teardown(() => squatter.close());
  const binary = (await locateNatsServer({ env: process.env })).path;
  const storeDir = await freshFolder();
  await t.rejects(launchNatsCluster({ binary, storeDir, port }), {
    code: "nats.unavailable",
    message: new RegExp(`^port ${port} of 127.0.0.1 is occupied`),
  });
});

t.test("freePorts", async (t) => {
  await t.test(
    "finds ports that are different and not those of outgoing connections",
    async (t) => {
      const ports = await freePorts(6, seededRandom(1));
      t.equal(new Set(ports).size, 6);
      for (const port of ports) t.ok(port >= 20_000 && port < 32_000);
    },
  );

  await t.test("gives up after a hundred tries", async (t) => {
    const stuck: Random = { ...seededRandom(1), int: () => 7 } as Random;
    await t.rejects(freePorts(2, stuck), { code: "nats.unavailable" });
  });
});
