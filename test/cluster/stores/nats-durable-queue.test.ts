import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import t from "tap";
import { natsDurableQueue } from "../../../cluster/stores/nats-durable-queue.ts";
import { capabilityToken } from "../../../cluster/stores/task-subject.ts";
import type { QueuedTask } from "../../../runtime/ports/durable-queue.ts";
import { durableQueueContract } from "../../contracts/durable-queue.ts";
import { freeze, startServer, thaw } from "../server-under-test.ts";

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function taskOf(capability: string, n: number): QueuedTask {
  return { id: `${capability.slice(0, 3)}.${n}`, capability, priority: "batch", body: { n } };
}

t.test("DurableQueue over NATS", async (t) => {
  const { server, end } = await startServer();
  const connection = await connect({ servers: server.url });
  const options = { cluster: "test", ackWaitMs: 1_000, capacity: 20, requestTimeoutMs: 500 };
  const queue = natsDurableQueue(connection, options);
  t.teardown(async () => {
    await connection.close();
    await end();
  });

  await durableQueueContract(t, async () => ({ queue, pass: sleep }));

  await t.test("makes a token of any capability", async (t) => {
    t.equal(capabilityToken("summarise@1"), "summarise=401");
    t.equal(capabilityToken("a.b-c_d@12"), "a=2eb-c_d=4012");
    t.not(capabilityToken("a=2e"), capabilityToken("a."));
    t.match(capabilityToken("é*> "), /^[A-Za-z0-9_=-]+$/);
  });

  await t.test("U3: what a busy worker was sent goes to another at once", async (t) => {
    const other = natsDurableQueue(connection, options);
    const capability = "handed-on@1";
    // This queue waits for two and gets one: the server may still send it another.
    const waiting = queue.pull(capability, { count: 2, waitMs: 3_000 });
    await sleep(50);
    await queue.publish(taskOf(capability, 1));
    t.equal((await waiting).length, 1);
    const pulled = other.pull(capability, { count: 1, waitMs: 900 });
    await queue.publish(taskOf(capability, 2));
    t.match(await pulled, [{ task: { body: { n: 2 } } }]);
  });

  await t.test("Q1: the server never gives a task up: there is no last delivery", async (t) => {
    const capability = "for-ever@1";
    await natsDurableQueue(connection, { cluster: "test" }).pull(capability, {
      count: 1,
      waitMs: 50,
    });
    const manager = await jetstreamManager(connection);
    const { config } = await manager.consumers.info("TROUPE_test_TASKS", "for-ever=401_batch");
    t.match(config, { max_deliver: -1, ack_policy: "explicit", ack_wait: 3_000_000_000 });
    t.equal(config.backoff, undefined, "what is put back says for how long itself");
  });

  await t.test("pulls again after its consumers were deleted", async (t) => {
    const capability = "lost@1";
    t.strictSame(await queue.pull(capability, { count: 1, waitMs: 50 }), []);
    const manager = await jetstreamManager(connection);
    await manager.consumers.delete("TROUPE_test_TASKS", "lost=401_batch");
    await queue.publish(taskOf(capability, 1));
    let pulled = 0;
    for (let tries = 0; tries < 10 && pulled === 0; tries++)
      pulled = (await queue.pull(capability, { count: 1, waitMs: 300 })).length;
    t.equal(pulled, 1);
  });

  await t.test("a server that is silent gives store.unavailable in bounded time", async (t) => {
    const [delivery] = await (async () => {
      await queue.publish(taskOf("silent@1", 1));
      return queue.pull("silent@1", { count: 1, waitMs: 500 });
    })();
    await freeze(server.pid);
    const startedMs = performance.now();
    await t.rejects(queue.publish(taskOf("silent@1", 2)), { code: "store.unavailable" });
    await t.rejects(async () => delivery?.ack(), { code: "store.unavailable" });
    t.strictSame(await queue.pull("silent@1", { count: 1, waitMs: 100 }), []);
    thaw(server.pid);
    t.ok(performance.now() - startedMs < 4_000);
    t.equal(await queue.publish(taskOf("silent@1", 2)), "duplicate", "it had arrived after all");
  });
});
