/** What the client's buckets do that ours must not: traps 2, 3, 4 and 8. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { connect } from "nats";
import t from "tap";
import { natsKeyValues } from "../../../cluster/stores/nats-key-values.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { startServer } from "../server-under-test.ts";
import { until } from "../test-server.ts";

t.test("buckets", async (t) => {
  const { server, end } = await startServer();
  const connection = await connect({ servers: server.url });
  const keyValues = natsKeyValues(connection, { cluster: "traps", random: seededRandom(1) });
  const client = jetstream(connection);
  t.teardown(async () => {
    await connection.close();
    await end();
  });

  await t.test("trap 2: a lease that was updated still runs out", async (t) => {
    const bare = await new Kvm(client).create("bare", { markerTTL: 60_000 });
    const revision = await bare.create("updated", "1", "1s");
    await bare.update("updated", "2", revision);
    await bare.create("left", "1", "1s");
    const bucket = await keyValues.open("leases", { ttlMs: 1_000 });
    const created = await bucket.create("updated", 1);
    t.ok(created.ok && (await bucket.update("updated", 2, created.revision)).ok);

    await until("ours has run out", async () => (await bucket.get("updated")) === undefined);
    await until("the bare one that was left alone has", async () => {
      const entry = await bare.get("left");
      return entry === null || entry.operation !== "PUT";
    });
    t.equal((await bare.get("updated"))?.string(), "2", "the bare one that was updated never does");
  });

  await t.test(
    "trap 3: a bucket reads from the leader, also by the handle that made it",
    async (t) => {
      const asked = { leader: 0, anyReplica: 0 };
      connection.subscribe("$JS.API.STREAM.MSG.GET.*", { callback: () => void asked.leader++ });
      connection.subscribe("$JS.API.DIRECT.GET.>", { callback: () => void asked.anyReplica++ });
      const bare = await new Kvm(client).create("direct", { allow_direct: true });
      await bare.put("k", "1");
      await bare.get("k");
      await connection.flush();
      t.same(asked, { leader: 0, anyReplica: 1 }, "the bare handle asks any replica");
      const bucket = await keyValues.open("made");
      await bucket.put("k", 1);
      await bucket.get("k");
      await bucket.create("k", 2);
      await connection.flush();
      t.same(asked, { leader: 2, anyReplica: 1 });
    },
  );

  await t.test("trap 4: a write that is repeated knows itself again", async (t) => {
    await keyValues.open("repeated");
    const subject = "$KV.TROUPE_traps_repeated.bare";
    const write = { msgID: "w1", expect: { lastSubjectSequence: 0 } };
    await client.publish(subject, "1", write);
    await t.rejects(client.publish(subject, "1", write), { code: 10071 }, "a conflict with itself");

    const lossy = await connect({ servers: server.url });
    t.teardown(() => lossy.close());
    const request = lossy.request.bind(lossy);
    let lost = 1;
    lossy.subscribe("silent", { callback: () => {} });
    lossy.request = (to, payload, settings) => {
      if (!to.startsWith("$KV.") || lost-- <= 0) return request(to, payload, settings);
      // It arrives, its answer does not.
      const headers = settings?.headers;
      lossy.publish(to, payload, headers === undefined ? {} : { headers });
      return request("silent", payload, { timeout: 50 });
    };
    const options = { cluster: "traps", requestTimeoutMs: 1_000, random: seededRandom(2) };
    const bucket = await natsKeyValues(lossy, options).open("repeated");
    const created = await bucket.create("ours", "mine");
    t.match(created, { ok: true });
    t.match(await bucket.get("ours"), { value: "mine", revision: created.ok && created.revision });
  });

  await t.test("trap 8: one stale expectation leaves nothing of a batch", async (t) => {
    const bucket = await keyValues.open("batch");
    const head = await bucket.put("head", 1);
    await bucket.put("head", 2);
    const bareHead = "$KV.TROUPE_traps_batch.bare-head";
    await client.publish(bareHead, "1");
    const batch = await client.startBatch("$KV.TROUPE_traps_batch.bare", "contribution");
    const stale = { expect: { lastSubjectSequence: 1 } } as object;
    await batch.commit(bareHead, "2", stale);
    const manager = await jetstreamManager(connection);
    const stored = await manager.streams.getMessage("KV_TROUPE_traps_batch", {
      last_by_subj: bareHead,
    });
    t.equal(stored?.string(), "2", "the client's publisher forgets the expectation");

    const refused = await bucket.commit([
      { key: "contribution", value: "x", expected: 0 },
      { key: "head", value: 3, expected: head },
    ]);
    t.match(refused, { ok: false });
    t.equal(await bucket.get("contribution"), undefined);
    t.match(await bucket.get("head"), { value: 2 });
  });
});
