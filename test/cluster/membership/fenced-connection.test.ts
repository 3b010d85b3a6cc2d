import { jetstreamManager } from "@nats-io/jetstream";
import t from "tap";
import { openConnection } from "../../../cluster/connections.ts";
import { fencedConnection } from "../../../cluster/membership/fenced-connection.ts";
import { natsDurableQueue } from "../../../cluster/stores/nats-durable-queue.ts";
import { natsKeyValues } from "../../../cluster/stores/nats-key-values.ts";
import { natsReminders } from "../../../cluster/stores/nats-reminders.ts";
import { systemRandom } from "../../../runtime/ports/random.ts";
import type { Reminder } from "../../../runtime/ports/reminders.ts";
import { freeze } from "../server-under-test.ts";
import { startTestServer, until } from "../test-server.ts";

t.setTimeout(120_000);

const REMINDER: Reminder = {
  type: "desk",
  key: "a",
  name: "r",
  id: "1",
  operation: "wake",
  schedule: { kind: "once" },
};

t.test("a fenced connection", async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.dispose());
  const cluster = "fenced";
  const connection = await openConnection(
    { url: server.url, cluster, name: "n1", credentials: {} },
    "control",
  );
  t.teardown(() => connection.close());
  let standing = true;
  const fenced = fencedConnection(connection, "n1", () => standing);
  const random = systemRandom();
  const own = natsKeyValues(connection, { cluster, random });
  const bucket = await natsKeyValues(fenced, { cluster, random }).open("b");
  const reminders = natsReminders(fenced, { cluster, requestTimeoutMs: 10_000 });

  t.test("serves stores as the connection itself does, while the lease stands", async (t) => {
    const revision = await bucket.put("a", 1);
    t.match(await bucket.update("a", 2, revision), { ok: true });
    t.match(await bucket.entries(">"), [{ key: "a", value: 2 }]);
    const queue = natsDurableQueue(fenced, { cluster });
    const task = { id: "t.1", capability: "c@1", priority: "batch", body: 1 } as const;
    t.equal(await queue.publish(task), "accepted");
    const [delivery] = await queue.pull("c@1", { count: 1, waitMs: 5_000 });
    await delivery?.ack();
    const heard: string[] = [];
    const cancel = await reminders.listen("desk", async (due) => {
      await due.ack();
      heard.push(due.reminder.name);
    });
    await reminders.arm(REMINDER, Date.now());
    await until("it is due", () => heard.length === 1, 30_000);
    cancel();
  });

  t.test("S21: a write that got no answer is not sent again once the lease is gone", async (t) => {
    await freeze(server.pid);
    const outcomes: string[] = [];
    const writes = [
      bucket.put("a", "late"),
      reminders.arm({ ...REMINDER, name: "late" }, Date.now() + 3_600_000),
    ];
    for (const write of writes)
      write.then(
        () => outcomes.push("written"),
        (error) => outcomes.push(error.code),
      );
    standing = false;
    // What it sent before is taken back: the server ends, and what it had not read is gone.
    await server.stop("SIGKILL");
    await server.start();
    await until("both give up", () => outcomes.length === 2, 60_000);
    for (const outcome of outcomes) t.match(outcome, /^(?:store\.unavailable|node\.fenced)$/);
    const others = await own.open("b");
    t.match(await others.get("a"), { value: 2 });
    const manager = await jetstreamManager(connection);
    const { state } = await manager.streams.info("TROUPE_fenced_REMINDERS");
    t.equal(state.messages, 0, "nothing is armed");
  });
});
