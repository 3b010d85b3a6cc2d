import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import t from "tap";
import { natsKeyValues } from "../../../cluster/stores/nats-key-values.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { keyValueContract } from "../../contracts/key-value.ts";
import { freeze, startServer, thaw } from "../server-under-test.ts";

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

t.test("KeyValue over NATS", async (t) => {
  const { server, end } = await startServer();
  const connection = await connect({ servers: server.url });
  const options = { cluster: "test", requestTimeoutMs: 500 };
  const keyValues = natsKeyValues(connection, { ...options, random: seededRandom(1) });
  t.teardown(async () => {
    await connection.close();
    await end();
  });

  // A TTL is the server's clock: here time has to pass.
  await keyValueContract(t, async () => ({ keyValues, pass: sleep }));

  await t.test(
    "names its stream after the cluster, with atomic batches and times to live",
    async (t) => {
      await keyValues.open("named");
      const manager = await jetstreamManager(connection);
      const { config } = await manager.streams.info("KV_TROUPE_test_named");
      t.match(config, { allow_atomic: true, allow_msg_ttl: true, max_msgs_per_subject: 1 });
      t.throws(() => natsKeyValues(connection, { cluster: "a_b", random: seededRandom(1) }), {
        name: "TypeError",
      });
    },
  );

  await t.test("K2: reads ask the leader, also to find out why a write was refused", async (t) => {
    const bucket = await keyValues.open("leader");
    const asked = { leader: 0, anyReplica: 0 };
    const spies = [
      connection.subscribe("$JS.API.STREAM.MSG.GET.*", { callback: () => void asked.leader++ }),
      connection.subscribe("$JS.API.DIRECT.GET.>", { callback: () => void asked.anyReplica++ }),
    ];
    await connection.flush();
    await bucket.put("k", 1);
    await bucket.get("k");
    await bucket.create("k", 2);
    await connection.flush();
    t.same(asked, { leader: 2, anyReplica: 0 });
    for (const spy of spies) spy.unsubscribe();
  });

  await t.test("K3: finds its own write when the acknowledgement was lost", async (t) => {
    const lossy = await connect({ servers: server.url });
    t.teardown(() => lossy.close());
    const bucket = await natsKeyValues(lossy, { ...options, random: seededRandom(2) }).open(
      "lossy",
    );
    // The write arrives, its answer does not: it is sent with an answer that goes to nobody.
    const request = lossy.request.bind(lossy);
    const silent = lossy.subscribe("silent", { callback: () => {} });
    let lost = 0;
    lossy.request = (subject, payload, opts) => {
      if (!subject.startsWith("$KV.") || lost === 0) return request(subject, payload, opts);
      lost--;
      lossy.publish(subject, payload, opts?.headers === undefined ? {} : { headers: opts.headers });
      return request("silent", payload, { timeout: 50 });
    };
    lost = 1;
    const created = await bucket.create("k", "mine");
    t.match(created, { ok: true });
    t.match(await bucket.get("k"), { value: "mine" });
    lost = 1;
    const updated = await bucket.update("k", "again", created.ok ? created.revision : 0);
    t.match(updated, { ok: true });
    lost = 1;
    const batch = await bucket.commit([
      { key: "a", value: 1, expected: 0 },
      { key: "b", value: 1, expected: 0 },
    ]);
    t.match(batch, { ok: true, revision: (await bucket.get("b"))?.revision });
    lost = 1;
    await t.rejects(
      bucket.create("k", "late"),
      { code: "store.unavailable", message: /is unknown/ },
      "another's value stands: ours may have stood before it, and nobody can know",
    );
    silent.unsubscribe();
  });

  await t.test("a server that is silent gives store.unavailable in bounded time", async (t) => {
    const bucket = await keyValues.open("silent");
    await freeze(server.pid);
    const startedMs = performance.now();
    await t.rejects(bucket.put("k", 1), { code: "store.unavailable" });
    await t.rejects(bucket.get("k"), { code: "store.unavailable" });
    thaw(server.pid);
    t.ok(performance.now() - startedMs < 4_000);
    t.ok((await bucket.put("k", 2)) > 0);
  });

  await t.test("refuses a value that the server would not take", async (t) => {
    const bucket = await keyValues.open("large");
    await t.rejects(bucket.put("k", "x".repeat(1_048_576)), {
      code: "payload.too-large",
      message: /^the value of k has \d+ bytes, more than \d+$/,
    });
    t.ok(await bucket.put("k", "x".repeat(1_000_000)));
  });

  await t.test("reads a value that was written by other means as unreadable", async (t) => {
    const bucket = await keyValues.open("foreign");
    await jetstream(connection).publish("$KV.TROUPE_test_foreign.k", new Uint8Array([0xc1]));
    await t.rejects(bucket.get("k"), { code: "store.unavailable", message: /no readable value/ });
  });
});
