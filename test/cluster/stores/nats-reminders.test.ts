import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import t from "tap";
import { natsReminders } from "../../../cluster/stores/nats-reminders.ts";
import type { DueReminder, Reminder } from "../../../runtime/ports/reminders.ts";
import { reminderContract } from "../../contracts/reminders.ts";
import { eventually, freeze, startServer, thaw } from "../server-under-test.ts";
import { startTestServer } from "../test-server.ts";

const REMINDER: Reminder = {
  type: "session",
  key: "a",
  name: "r",
  id: "1",
  operation: "wake",
  schedule: { kind: "once" },
};

t.test("Reminders over NATS", { timeout: 300_000 }, async (t) => {
  const { server, end } = await startServer();
  const connection = await connect({ servers: server.url });
  t.teardown(async () => {
    await connection.close();
    await end();
  });
  const options = { cluster: "test", ackWaitMs: 1_000, requestTimeoutMs: 10_000 };
  const reminders = natsReminders(connection, options);

  // A schedule is on the server's clock: here time has to pass.
  await reminderContract(t, async () => ({
    reminders,
    nowMs: () => Date.now(),
    until: (condition) => eventually(condition, 30_000),
  }));

  await t.test(
    "trap 9: its stream holds schedules, and does not discard what is new",
    async (t) => {
      await reminders.arm(REMINDER, Date.now() + 3_600_000);
      const manager = await jetstreamManager(connection);
      const { config } = await manager.streams.info("TROUPE_test_REMINDERS");
      t.match(config, { allow_msg_schedules: true, discard: "old", retention: "workqueue" });
      const stored = await manager.streams.getMessage("TROUPE_test_REMINDERS", {
        last_by_subj: "troupe.v1.test.rem.at.session.a.r",
      });
      t.equal(stored?.header.get("Nats-Schedule-Target"), "troupe.v1.test.rem.due.session.a.r");
      t.throws(() => natsReminders(connection, { cluster: "a_b" }), { name: "TypeError" });
    },
  );

  await t.test("a listener goes on when the server has stood still", async (t) => {
    const heard: DueReminder[] = [];
    const cancel = await reminders.listen("still", async (due) => {
      heard.push(due);
      await due.ack();
    });
    await freeze(server.pid);
    const late = natsReminders(connection, { ...options, requestTimeoutMs: 300 });
    await t.rejects(late.arm({ ...REMINDER, type: "still" }, Date.now()), {
      code: "store.unavailable",
    });
    thaw(server.pid);
    const again = async () => {
      await late.arm({ ...REMINDER, type: "still" }, Date.now()).catch(() => {});
      return heard.length > 0;
    };
    t.ok(await eventually(again, 60_000));
    cancel();
  });
});

t.test("a restart of the server", { timeout: 120_000 }, async (t) => {
  const server = await startTestServer();
  // Open throughout: it tries to come back while the server is away.
  const first = await connect({ servers: server.url, maxReconnectAttempts: -1 });
  const options = { cluster: "test", ackWaitMs: 1_000, requestTimeoutMs: 10_000 };
  const dueMs = Date.now() + 1_000;
  await natsReminders(first, options).arm({ ...REMINDER, payload: { n: 1 } }, dueMs);
  t.teardown(async () => {
    await first.close();
    await server.dispose();
  });
  await server.stop("SIGKILL");
  await eventually(() => Date.now() > dueMs + 200, 10_000);
  await server.start();

  await t.test("a reminder survives server and nodes, and is due although late", async (t) => {
    const connection = await connect({ servers: server.url });
    t.teardown(() => connection.close());
    const heard: DueReminder[] = [];
    const cancel = await natsReminders(connection, options).listen("session", async (due) => {
      heard.push(due);
      await due.ack();
    });
    t.ok(await eventually(() => heard.length > 0, 30_000));
    t.match(heard[0], { dueMs, reminder: { name: "r", payload: { n: 1 } } });
    cancel();
  });
});
