/** Three servers, one of which is lost in every way, while durable tasks, asks and tells flow. */
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "nats";
import t, { type Test } from "tap";
import { startNode } from "../../cluster/node/start-node.ts";
import { silentLog } from "../../runtime/log.ts";
import { ELECTION_MS, startCluster } from "./cluster-under-test.ts";
import { startFlowingWork } from "./flowing-work.ts";
import { startPartitionableCluster } from "./partitionable-cluster.ts";
import { freeze, thaw } from "./server-under-test.ts";
import { until } from "./test-server.ts";

t.setTimeout(900_000);

/** The bound of an election is 12 s on an idle machine; `benchmarks/cluster/` measures it. */
const RESUMED_MS = 60_000;

t.test("three servers", async (t) => {
  const { cluster, kill, leaderOf, inSync, end } = await startCluster();
  const connection: NatsConnection = await connect({
    servers: cluster.url,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  });
  t.teardown(async () => {
    await connection.close();
    await end();
  });
  let scenarios = 0;
  /** Lets work flow, with the sender attached to the first server, whatever befalls it. */
  const whileWorkFlows = async (
    t: Test,
    befall: (streamOf: (what: string) => string) => Promise<void>,
  ): Promise<void> => {
    const name = `c${scenarios++}`;
    const streamOf = (what: string) => `TROUPE_${name}_${what}`;
    const work = await startFlowingWork(name, {
      sender: cluster.servers[0]?.url ?? "",
      worker: cluster.url,
    });
    try {
      await inSync(connection, streamOf("TASKS"));
      await befall(streamOf);
      const tookMs = await work.resumed();
      t.comment(`durable tasks went on after ${Math.round(tookMs)} ms`);
      t.ok(tookMs < RESUMED_MS);
      await work.check(t);
    } finally {
      await work.end();
    }
  };
  const whole = async (t: Test, index: number, streamOf: (what: string) => string) => {
    await cluster.relaunch(index);
    await inSync(connection, streamOf("TASKS"));
    t.comment(`server ${index} is back`);
  };

  await t.test("S23, D1, D2, A1, T1: the leader of the task stream is killed", async (t) => {
    let lost = 0;
    await whileWorkFlows(t, async (streamOf) => {
      lost = await leaderOf(connection, streamOf("TASKS"));
      await kill(lost);
    });
    await whole(t, lost, () => "TROUPE_c0_TASKS");
  });

  await t.test(
    "S23, D1, D2, A1, T1: the leader of the leases is killed and comes back",
    async (t) => {
      await whileWorkFlows(t, async (streamOf) => {
        const lost = await leaderOf(connection, `KV_${streamOf("LEASE")}`);
        await kill(lost);
        await leaderOf(connection, `KV_${streamOf("LEASE")}`);
        await whole(t, lost, streamOf);
      });
    },
  );

  await t.test(
    "S23, D1, D2, A1, T1: the server that a node is attached to is killed",
    async (t) => {
      await whileWorkFlows(t, async () => kill(0));
      await whole(t, 0, () => "TROUPE_c2_TASKS");
    },
  );

  await t.test(
    "S23, D1, D2, A1, T1: the server that a node is attached to stands still",
    async (t) => {
      const pid = cluster.servers[0]?.pid ?? 0;
      await whileWorkFlows(t, async () => freeze(pid));
      thaw(pid);
      await inSync(connection, "TROUPE_c3_TASKS");
    },
  );

  await t.test("S23, D1, D2, A1, T1: all three are restarted, one after the other", async (t) => {
    await whileWorkFlows(t, async (streamOf) => {
      for (const index of [0, 1, 2]) {
        await cluster.servers[index]?.stop();
        await cluster.relaunch(index);
        await inSync(connection, streamOf("TASKS"));
        await inSync(connection, `KV_${streamOf("LEASE")}`);
      }
    });
  });
});

t.test("three servers that can be cut off", async (t) => {
  const cluster = await startPartitionableCluster();
  t.teardown(() => cluster.end());
  const all = cluster.urls.join(",");

  await t.test(
    "S23, D1, D2, A1, T1: the server that a node is attached to is cut off",
    async (t) => {
      const [sender = ""] = cluster.urls;
      const work = await startFlowingWork("cut", { sender, worker: all });
      try {
        cluster.isolate(0);
        t.ok((await work.resumed()) < RESUMED_MS);
        await cluster.whole();
        await work.check(t);
      } finally {
        await work.end();
      }
    },
  );

  await t.test("regression: a node that starts during an election waits for it", async (t) => {
    await cluster.whole();
    const [nats = ""] = cluster.urls;
    const connection = await connect({ servers: nats, reconnect: false });
    const manager = await jetstreamManager(connection, { timeout: 1_000, checkAPI: false });
    cluster.isolate(0);
    await until(
      "JetStream is temporarily unavailable",
      () =>
        manager.getAccountInfo().then(
          () => false,
          (error: { readonly code?: number }) => error.code === 10008,
        ),
      ELECTION_MS,
    );
    const starting = startNode({ name: "early", cluster: "cut", nats, log: silentLog });
    await cluster.whole();
    const node = await starting;
    t.equal(node.name, "early");
    await node.stop();
    await connection.close();
  });

  await t.test("S23, D1, D2, A1, T1: the leader of JetStream is killed", async (t) => {
    await cluster.whole();
    const work = await startFlowingWork("meta", { sender: all, worker: all });
    try {
      await cluster.kill(await cluster.leader());
      const tookMs = await work.resumed();
      t.comment(`durable tasks went on after ${Math.round(tookMs)} ms`);
      t.ok(tookMs < ELECTION_MS);
      await work.check(t);
    } finally {
      await work.end();
    }
  });
});
