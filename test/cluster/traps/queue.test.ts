/** What JetStream's queues do that durable tasks must survive: traps 6, 7 and 9. */
import { AckPolicy, jetstream, jetstreamManager, RetentionPolicy } from "@nats-io/jetstream";
import { connect, nanos } from "nats";
import t from "tap";
import { natsDurableQueue } from "../../../cluster/stores/nats-durable-queue.ts";
import { natsKeyValues } from "../../../cluster/stores/nats-key-values.ts";
import { createTasks } from "../../../runtime/durable/create-tasks.ts";
import type { TaskOutcome } from "../../../runtime/durable/tasks.ts";
import { silentLog } from "../../../runtime/log.ts";
import { systemClock } from "../../../runtime/ports/clock.ts";
import type { DurableQueue } from "../../../runtime/ports/durable-queue.ts";
import type { MemberPhase } from "../../../runtime/ports/membership.ts";
import { systemRandom } from "../../../runtime/ports/random.ts";
import { Happenings, ToldMembership } from "../../runtime/durable/tasks-under-test.ts";
import { startServer } from "../server-under-test.ts";
import { until } from "../test-server.ts";

t.setTimeout(120_000);

t.test("durable tasks", async (t) => {
  const { server, end } = await startServer();
  const connection = await connect({ servers: server.url });
  const manager = await jetstreamManager(connection);
  const client = jetstream(connection);
  t.teardown(async () => {
    await connection.close();
    await end();
  });
  const phases = new Map<string, MemberPhase>();
  const nodeOf = (name: string) => {
    const happenings = new Happenings();
    const random = systemRandom();
    const real = natsDurableQueue(connection, { cluster: "traps", ackWaitMs: 1_000 });
    // The first node stands still, as far as the server can tell: it never says that it works.
    const queue: DurableQueue = {
      publish: (task) => real.publish(task),
      pull: async (capability, options) => {
        const deliveries = await real.pull(capability, options);
        return name === "n1"
          ? deliveries.map((one) => ({ ...one, working: () => {} }))
          : deliveries;
      },
      deadLetter: (task, history) => real.deadLetter(task, history),
      deadLetters: (capability, limit) => real.deadLetters(capability, limit),
    };
    const tasks = createTasks({
      queue,
      keyValues: natsKeyValues(connection, { cluster: "traps", random: random.fork("kv") }),
      membership: new ToldMembership(name, phases),
      clock: systemClock,
      random,
      events: happenings,
      log: silentLog,
    });
    return { happenings, queue, tasks };
  };

  await t.test("trap 6: who lost a task cannot take it from who has it now", async (t) => {
    await manager.streams.add({
      name: "BARE",
      subjects: ["bare.>"],
      retention: RetentionPolicy.Workqueue,
    });
    const ack_policy = AckPolicy.Explicit;
    await manager.consumers.add("BARE", { durable_name: "c", ack_policy, ack_wait: nanos(200) });
    await client.publish("bare.1", "work");
    const consumer = await client.consumers.get("BARE", "c");
    const first = await consumer.next({ expires: 5_000 });
    const second = await consumer.next({ expires: 5_000 });
    t.equal(second?.info.deliveryCount, 2, "handed out again");
    await first?.ackAck();
    t.equal(
      (await manager.streams.info("BARE")).state.messages,
      0,
      "and acknowledged by the first",
    );

    const n1 = nodeOf("n1");
    const n2 = nodeOf("n2");
    const outcomes = new Map<string, TaskOutcome>();
    const cancel = await n2.tasks.follow("six", (id, outcome) => outcomes.set(id, outcome));
    let finish: (result: string) => void = () => {};
    const stalled = n1.tasks.work(
      "six@1",
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    await n2.tasks.submit({ id: "six.1", capability: "six@1", input: 1 });
    await until("n1 has it", () => n1.happenings.of("task.claimed").length === 1);
    phases.set("n1", "suspected");
    let letGo: () => void = () => {};
    const taken = n2.tasks.work(
      "six@1",
      () =>
        new Promise((resolve) => {
          letGo = () => resolve("by n2");
        }),
    );
    await until("n2 has it", () => n2.happenings.of("task.claimed").length === 1, 30_000);
    finish("by n1");
    await until("n1 is fenced", () => n1.happenings.of("task.fenced").length === 1, 30_000);
    const { state } = await manager.streams.info("TROUPE_traps_TASKS");
    t.equal(state.messages, 1, "D4: n1 has not acknowledged what n2 has in hand");
    letGo();
    await until("it is done", () => outcomes.size === 1, 30_000);
    t.match(outcomes.get("six.1"), { phase: "done", result: "by n2", attempt: 2 });
    cancel();
    phases.clear();
    await Promise.all([stalled.stop(), taken.drain()]);
  });

  await t.test(
    "trap 7: a task that nobody can do becomes a dead letter, with its history",
    async (t) => {
      await manager.streams.add({
        name: "BARE7",
        subjects: ["bare7.>"],
        retention: RetentionPolicy.Workqueue,
      });
      await manager.consumers.add("BARE7", {
        durable_name: "c",
        ack_policy: AckPolicy.Explicit,
        max_deliver: 2,
        backoff: [nanos(60_000), nanos(60_000)],
      });
      await client.publish("bare7.1", "poison");
      const consumer = await client.consumers.get("BARE7", "c");
      (await consumer.next({ expires: 5_000 }))?.nak();
      const again = await consumer.next({ expires: 5_000 });
      t.ok(again, "at once, whatever the back-off says");
      again?.nak();
      t.equal(await consumer.next({ expires: 1_000 }), null, "handed out no more");
      t.equal((await manager.streams.info("BARE7")).state.messages, 1, "and lying there for ever");

      const node = nodeOf("n3");
      const worker = node.tasks.work("seven@1", () => Promise.reject(new Error("poison")));
      const task = { id: "seven.1", capability: "seven@1", input: 1, maxAttempts: 2 };
      await node.tasks.submit(task);
      await until(
        "it is buried",
        async () => {
          return (await node.tasks.outcomeOf("seven.1"))?.phase === "dead-lettered";
        },
        60_000,
      );
      const letters = () => node.queue.deadLetters("seven@1", 10);
      await until("its letter is kept", async () => (await letters()).length === 1, 30_000);
      t.match((await letters())[0], { task: { id: "seven.1" }, history: Array });
      await worker.drain();
      await until(
        "D4: its message is gone",
        async () => {
          return (await manager.streams.info("TROUPE_traps_TASKS")).state.messages === 0;
        },
        30_000,
      );
    },
  );

  await t.test("trap 9: consumers of capabilities with alike names do not overlap", async (t) => {
    await manager.streams.add({
      name: "BARE9",
      subjects: ["bare9.>"],
      retention: RetentionPolicy.Workqueue,
    });
    const ack_policy = AckPolicy.Explicit;
    await manager.consumers.add("BARE9", {
      durable_name: "all",
      filter_subject: "bare9.>",
      ack_policy,
    });
    const overlapping = { durable_name: "one", filter_subject: "bare9.a", ack_policy };
    await t.rejects(manager.consumers.add("BARE9", overlapping), { code: 10100 });

    const { queue } = nodeOf("n4");
    const capabilities = ["a@1", "a.b@1", "a-b@1", "a@11", "A@1", "a*@1", "a>@1"];
    for (const [n, capability] of capabilities.entries())
      await queue.publish({ id: `nine.${n}`, capability, priority: "batch", body: capability });
    for (const capability of capabilities) {
      const [delivery, ...more] = await queue.pull(capability, { count: 7, waitMs: 10_000 });
      t.equal(delivery?.task.body, capability);
      t.same(more, []);
      await delivery?.ack();
    }
  });

  await t.test("trap 9: the tasks' stream holds no schedules, which it could not", async (t) => {
    const { config } = await manager.streams.info("TROUPE_traps_TASKS");
    t.match(config, { discard: "new", discard_new_per_subject: true });
    t.not(config.allow_msg_schedules, true);
  });
});
