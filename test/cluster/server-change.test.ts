import { errors, type NatsConnection } from "nats";
import t from "tap";
import { followConnection, openSteadyConnection } from "../../cluster/connections.ts";
import { MOST_HELD } from "../../cluster/server-change.ts";
import { natsKeyValues } from "../../cluster/stores/nats-key-values.ts";
import { silentLog } from "../../runtime/log.ts";
import { systemClock } from "../../runtime/ports/clock.ts";
import { seededRandom } from "../../runtime/ports/random.ts";
import { startPartitionableCluster } from "./partitionable-cluster.ts";
import { startTestServer, until } from "./test-server.ts";

t.setTimeout(300_000);

t.test("ServerChange", async (t) => {
  const cluster = await startPartitionableCluster();
  t.teardown(() => cluster.end());
  const target = { url: cluster.urls.join(","), cluster: "change", name: "n1" };
  const setting = { clock: systemClock, random: seededRandom(7), log: silentLog };

  await t.test(
    "S23, V1: two requests that JetStream leaves unanswered take it to another server",
    async (t) => {
      const connection = await openSteadyConnection(target, "control", setting);
      t.teardown(() => connection.close());
      const random = seededRandom(1);
      const stores = natsKeyValues(connection, { cluster: "change", random, replicas: 3 });
      const bucket = await stores.open("b");
      t.ok((await bucket.put("k", 1)) > 0);
      const here = connection.getServer();
      cluster.isolate(cluster.indexOf(here));
      t.teardown(() => cluster.heal());
      const cutAtMs = performance.now();
      let written = 0;
      await until(
        "a write is acknowledged",
        async () => {
          written = await bucket.put("k", 2).catch(() => 0);
          return written > 0;
        },
        60_000,
      );
      t.comment(`acknowledged again after ${Math.round(performance.now() - cutAtMs)} ms`);
      t.not(connection.getServer(), here, "it went to another server");
      t.match(await bucket.get("k"), { value: 2 });
      cluster.heal();
    },
  );

  await t.test(
    "S23: one that asks nothing of JetStream asks by itself, and goes too",
    async (t) => {
      await cluster.whole();
      const connection = await openSteadyConnection(target, "data", {
        ...setting,
        askEveryMs: 500,
      });
      t.teardown(() => connection.close());
      const here = connection.getServer();
      cluster.isolate(cluster.indexOf(here));
      await until("it is elsewhere", () => !["", here].includes(connection.getServer()), 60_000);
      t.not(connection.getServer(), here);
    },
  );

  await t.test("V4: a server that was given alone is left for one that was learned", async (t) => {
    await cluster.whole();
    const [url = ""] = cluster.urls;
    const connection = await openSteadyConnection({ ...target, url }, "data", {
      ...setting,
      askEveryMs: 500,
    });
    t.teardown(() => connection.close());
    cluster.isolate(0);
    await until("the others are forgotten", () => connection.getServers().length < 3, 60_000);
    await until("it is elsewhere", () => cluster.indexOf(connection.getServer()) > 0, 60_000);
    t.equal(connection.getServers().length, 3, "and remembered");
  });

  await t.test("V1: while a healthy cluster elects a leader it stays where it is", async (t) => {
    await cluster.whole();
    const connection = await openSteadyConnection(target, "control", {
      ...setting,
      askEveryMs: 250,
    });
    t.teardown(() => connection.close());
    const here = connection.getServer();
    const random = seededRandom(2);
    const stores = natsKeyValues(connection, { cluster: "change", random, replicas: 3 });
    const bucket = await stores.open("b");
    // Another server goes, perhaps the leader: requests may go unanswered, here as elsewhere.
    cluster.isolate((cluster.indexOf(here) + 1) % 3);
    await until(
      "a write is acknowledged",
      async () => (await bucket.put("k", 3).catch(() => 0)) > 0,
      60_000,
    );
    t.equal(connection.getServer(), here);
  });

  await t.test(
    "V2: what is asked while the connection is down leaves when it is back",
    async (t) => {
      await cluster.whole();
      const connection = await openSteadyConnection(target, "control", setting);
      t.teardown(() => connection.close());
      connection.subscribe("echo", {
        callback: (_error, message) => {
          message.respond(message.data);
        },
      });
      const down = lossOf(connection);
      await connection.reconnect();
      await down;
      const answer = await connection.request("echo", "held", { timeout: 20_000 });
      t.equal(answer.string(), "held");
    },
  );
});

t.test("V2: a request that cannot leave in its time is refused then", async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.dispose());
  const connection = await openSteadyConnection(
    { url: server.url, cluster: "change", name: "n1" },
    "control",
    { clock: systemClock, random: seededRandom(7), log: silentLog },
  );
  t.teardown(() => connection.close());
  const down = lossOf(connection);
  await server.stop("SIGKILL");
  await down;
  const refusals = await Promise.all(
    Array.from({ length: MOST_HELD + 1 }, () =>
      connection.request("nobody", "", { timeout: 200 }).catch((error: unknown) => error),
    ),
  );
  t.ok(refusals.every((refusal) => refusal instanceof errors.TimeoutError));
});

/** Resolves when a connection is lost. */
function lossOf(connection: NatsConnection): Promise<void> {
  return new Promise((resolve) => {
    void followConnection(connection, { disconnected: resolve, reconnected: () => {} });
  });
}
