/** What becomes of stores whose streams or consumers the server has lost. */
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import t from "tap";
import { natsDurableQueue } from "../../../cluster/stores/nats-durable-queue.ts";
import { natsKeyValues } from "../../../cluster/stores/nats-key-values.ts";
import type { QueuedTask } from "../../../runtime/ports/durable-queue.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { startServer } from "../server-under-test.ts";

function taskOf(capability: string, n: number): QueuedTask {
  return { id: `lost.${n}`, capability, priority: "batch", body: { n } };
}

t.test("a server that has lost streams", async (t) => {
  const { server, end } = await startServer();
  const connection = await connect({ servers: server.url });
  const manager = await jetstreamManager(connection);
  const options = { cluster: "test", requestTimeoutMs: 1_000 };
  const queue = natsDurableQueue(connection, options);
  const keyValues = natsKeyValues(connection, { ...options, random: seededRandom(1) });
  t.teardown(async () => {
    await connection.close();
    await end();
  });
  /** Pulls until something comes. */
  const pulled = async (capability: string): Promise<unknown> => {
    for (let tries = 0; tries < 100; tries++) {
      const [delivery] = await queue.pull(capability, { count: 1, waitMs: 300 });
      if (delivery === undefined) continue;
      await delivery.ack();
      return delivery.task.body;
    }
    return undefined;
  };

  await t.test("I2: the queue makes its streams and consumers anew", async (t) => {
    const capability = "lost@1";
    t.equal(await queue.publish(taskOf(capability, 1)), "accepted");
    t.same(await pulled(capability), { n: 1 });
    await manager.streams.delete("TROUPE_test_TASKS");
    await manager.streams.delete("TROUPE_test_DLQ");
    t.equal(await queue.publish(taskOf(capability, 2)), "accepted");
    t.same(await pulled(capability), { n: 2 });
    await queue.deadLetter(taskOf(capability, 3), ["why"]);
    t.match(await queue.deadLetters(capability, 10), [{ task: { id: "lost.3" } }]);
  });

  await t.test("a pull alone makes them anew", async (t) => {
    const capability = "alone@1";
    t.same(await queue.pull(capability, { count: 1, waitMs: 50 }), []);
    await manager.streams.delete("TROUPE_test_TASKS");
    for (let tries = 0; tries < 100; tries++) {
      await queue.pull(capability, { count: 1, waitMs: 300 });
      if (
        (await manager.consumers.info("TROUPE_test_TASKS", "alone=401_batch").catch(() => 0)) !== 0
      )
        break;
    }
    t.match(await manager.consumers.info("TROUPE_test_TASKS", "alone=401_batch"), {
      name: "alone=401_batch",
    });
  });

  await t.test("a bucket says that it is gone: its revisions must not begin again", async (t) => {
    const bucket = await keyValues.open("gone");
    await bucket.put("k", 1);
    await manager.streams.delete("KV_TROUPE_test_gone");
    const message = /bucket gone .*: its stream does not exist any more \(10059\)/;
    await t.rejects(bucket.get("k"), { code: "store.unavailable", message });
    const unheard = /bucket gone .*: its stream has no leader, or does not exist/;
    await t.rejects(bucket.put("k", 2), { code: "store.unavailable", message: unheard });
  });
});
