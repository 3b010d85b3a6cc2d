/** Event logs and reminders on three servers, when the one that leads their stream is killed. */
import { connect, type NatsConnection } from "nats";
import t from "tap";
import { natsEventLogs } from "../../../cluster/stores/nats-event-logs.ts";
import { natsReminders } from "../../../cluster/stores/nats-reminders.ts";
import type { Cancel } from "../../../runtime/ports/clock.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { ELECTION_MS, startCluster } from "../cluster-under-test.ts";
import { until } from "../test-server.ts";

t.test("three servers, the stream's leader killed", { timeout: 420_000 }, async (t) => {
  const { cluster, end, inSync, kill, leaderOf } = await startCluster();
  const connections: NatsConnection[] = [];
  const open = async (): Promise<NatsConnection> => {
    const connection = await connect({
      servers: cluster.servers.map(({ url }) => url),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });
    connections.push(connection);
    return connection;
  };
  t.teardown(async () => {
    for (const connection of connections) await connection.close();
    await end();
  });
  const options = { cluster: "test", replicas: 3 };

  await t.test("no append that was acknowledged is lost, and none is there twice", async (t) => {
    const connection = await open();
    const logs = natsEventLogs(connection, { ...options, random: seededRandom(1) });
    const reminders = natsReminders(connection, options);
    const log = await logs.open("survives");
    await log.append(["first"], 0);
    // Armed before the leader goes, due while there is none.
    const names = Array.from({ length: 20 }, (_, n) => `r${n}`);
    for (const name of names) {
      await reminders.arm(
        { type: "t", key: "k", name, id: name, operation: "o", schedule: { kind: "once" } },
        Date.now() + 3_000,
      );
    }
    await inSync(connection, "TROUPE_test_LOGS");
    await inSync(connection, "TROUPE_test_REMINDERS");
    const leader = await leaderOf(connection, "TROUPE_test_LOGS");
    const acknowledged: string[] = ["first"];
    let over: boolean = false;
    const write = async (): Promise<void> => {
      let last = await log.last();
      for (let n = 0; !over; n++) {
        const events = n % 3 === 0 ? [`${n}.a`, `${n}.b`] : [`${n}`];
        try {
          const append = await log.append(events, last);
          if (!append.ok) throw new Error(`refused at ${last}: ${append.conflict.last}`);
          last = append.sequence;
          acknowledged.push(...events);
        } catch {
          // Unknown: what stands now is read before the next one.
          last = await log.last().catch(() => last);
        }
      }
    };
    const writing = write();
    await until("appends are acknowledged", () => acknowledged.length > 20, 60_000);
    await kill(leader);
    const before = acknowledged.length;
    await until("appends go on", () => acknowledged.length > before + 20, 2 * ELECTION_MS);
    over = true;
    await writing;
    const read: unknown[] = [];
    for (let from = 0; ; ) {
      const entries = await log.read(from);
      if (entries.length === 0) break;
      read.push(...entries.map(({ event }) => event));
      from = (entries.at(-1)?.sequence ?? 0) + 1;
    }
    t.equal(new Set(read).size, read.length);
    const stored = new Set(read);
    t.strictSame(
      acknowledged.filter((event) => !stored.has(event)),
      [],
    );
    const heard = new Set<string>();
    let cancel: Cancel = () => {};
    // While a leader is being elected no consumer can be made.
    const listening = () =>
      reminders
        .listen("t", async (due) => {
          heard.add(due.reminder.name);
          await due.ack();
        })
        .then(
          (called) => {
            cancel = called;
            return true;
          },
          () => false,
        );
    await until("somebody listens", listening, 2 * ELECTION_MS);
    await until("all reminders are heard", () => heard.size === 20, 2 * ELECTION_MS);
    t.strictSame(heard, new Set(names));
    cancel();
  });
});
