import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "nats";
import t from "tap";
import { natsEventLogs } from "../../../cluster/stores/nats-event-logs.ts";
import type { LogEntry } from "../../../runtime/ports/event-log.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { eventLogContract } from "../../contracts/event-log.ts";
import { eventually, freeze, startServer, thaw } from "../server-under-test.ts";

/** Lets the next requests on log subjects arrive, and their answers go to nobody. */
function losingAnswers(connection: NatsConnection): { lost: number; between: () => Promise<void> } {
  const request = connection.request.bind(connection);
  connection.subscribe("silent", { callback: () => {} });
  const state = { lost: 0, between: async (): Promise<void> => {} };
  connection.request = async (subject, payload, opts) => {
    if (!subject.startsWith("troupe.v1.test.log.") || state.lost === 0)
      return request(subject, payload, opts);
    state.lost--;
    const headers = opts?.headers === undefined ? {} : { headers: opts.headers };
    connection.publish(subject, payload, headers);
    await connection.flush();
    await state.between();
    return request("silent", payload, { timeout: 50 });
  };
  return state;
}

t.test("EventLog over NATS", { timeout: 240_000 }, async (t) => {
  const { server, end } = await startServer();
  const connection = await connect({ servers: server.url });
  const options = { cluster: "test", requestTimeoutMs: 2_000 };
  const eventLogs = natsEventLogs(connection, { ...options, random: seededRandom(1) });
  t.teardown(async () => {
    await connection.close();
    await end();
  });

  await eventLogContract(t, async () => ({ eventLogs }));

  await t.test("keeps all logs in one stream with atomic batches, a subject each", async (t) => {
    await (await eventLogs.open("named.one")).append(["a"]);
    const manager = await jetstreamManager(connection);
    const { config } = await manager.streams.info("TROUPE_test_LOGS");
    t.match(config, { allow_atomic: true, allow_direct: true, subjects: ["troupe.v1.test.log.>"] });
    const last = await manager.streams.getMessage("TROUPE_test_LOGS", {
      last_by_subj: "troupe.v1.test.log.named.one",
    });
    t.ok(last);
    t.throws(() => natsEventLogs(connection, { cluster: "a_b", random: seededRandom(1) }), {
      name: "TypeError",
    });
  });

  await t.test("trap 8: a batch with a wrong expectation is refused as a whole", async (t) => {
    const log = await eventLogs.open("trap-8");
    await log.append(["a"]);
    t.match(await log.append(["b", "c"], 0), { ok: false });
    t.match(await log.append(["b", "c"], await log.last()), { ok: true });
    t.strictSame(
      (await log.read(0)).map(({ event }) => event),
      ["a", "b", "c"],
    );
  });

  await t.test(
    "regression: more batches at once than a stream takes all get their answer",
    async (t) => {
      const logs = await Promise.all(
        Array.from({ length: 150 }, (_, n) => eventLogs.open(`many.${n}`)),
      );
      const startedMs = performance.now();
      const appends = await Promise.all(logs.map((log) => log.append([1, 2], 0)));
      t.ok(appends.every(({ ok }) => ok));
      t.ok(performance.now() - startedMs < 20_000);
    },
  );

  await t.test("trap 4: finds its own append when the acknowledgement was lost", async (t) => {
    const lossy = await connect({ servers: server.url });
    const other = await eventLogs.open("lossy");
    t.teardown(() => lossy.close());
    const losing = losingAnswers(lossy);
    const log = await natsEventLogs(lossy, { ...options, random: seededRandom(2) }).open("lossy");
    losing.lost = 1;
    t.match(await log.append(["a"], 0), { ok: true, sequence: await other.last() });
    losing.lost = 1;
    const batch = await log.append(["b", "c"], await other.last());
    t.match(batch, { ok: true, sequence: await other.last() });
    losing.lost = 1;
    t.match(await log.append(["d"]), { ok: true }, "also when it expects nothing");
    const events = async () => (await other.read(0)).map(({ event }) => event);
    t.strictSame(await events(), ["a", "b", "c", "d"]);

    // Another writes after it: the log itself tells whose append came first.
    const expected = await other.last();
    losing.lost = 1;
    losing.between = async () => void (await other.append(["other"]));
    const overtaken = await log.append(["e"], expected);
    t.match(overtaken, { ok: true });
    t.strictSame((await events()).slice(-2), ["e", "other"]);

    // Removed meanwhile: nobody can know.
    const gone = await other.last();
    losing.lost = 1;
    losing.between = async () => {
      await other.append(["later"]);
      await other.trim((await other.last()) + 1);
    };
    await t.rejects(log.append(["f"], gone), { code: "store.unavailable", message: /is unknown/ });
  });

  await t.test("J4: a read asks the leader where the log begins and ends", async (t) => {
    const log = await eventLogs.open("leader");
    await log.append(["a", "b", "c"]);
    const asked = { leader: 0 };
    const spy = connection.subscribe("$JS.API.STREAM.MSG.GET.*", {
      callback: () => void asked.leader++,
    });
    await connection.flush();
    t.equal((await log.read(0)).length, 3);
    await connection.flush();
    t.equal(asked.leader, 2);
    spy.unsubscribe();
  });

  await t.test("a silent server gives store.unavailable in bounded time", async (t) => {
    const quick = natsEventLogs(connection, {
      cluster: "test",
      requestTimeoutMs: 500,
      random: seededRandom(3),
    });
    const log = await quick.open("silent");
    await log.append(["a"]);
    await freeze(server.pid);
    const startedMs = performance.now();
    await t.rejects(log.append(["b"], 1), { code: "store.unavailable" });
    await t.rejects(log.read(0), { code: "store.unavailable" });
    thaw(server.pid);
    t.ok(performance.now() - startedMs < 10_000);
    t.ok(await eventually(async () => (await log.read(0).catch(() => [])).length > 0, 20_000));
  });

  await t.test("trap 5: a follower without hints reads what it missed", async (t) => {
    const deaf = await connect({ servers: server.url });
    t.teardown(() => deaf.close());
    const subscribe = deaf.subscribe.bind(deaf);
    deaf.subscribe = (subject, opts) =>
      subscribe(subject.startsWith("troupe.v1.test.log.") ? "nothing.here" : subject, opts);
    const log = await natsEventLogs(deaf, {
      ...options,
      random: seededRandom(4),
      lookEveryMs: 100,
    }).open("deaf");
    const told: LogEntry[] = [];
    const cancel = await log.follow(0, (entry) => told.push(entry));
    for (let n = 0; n < 5; n++) await log.append([n]);
    t.ok(await eventually(() => told.length === 5, 20_000));
    t.strictSame(
      told.map(({ event }) => event),
      [0, 1, 2, 3, 4],
    );
    cancel();
  });

  await t.test("an event that was written by other means is unreadable", async (t) => {
    const client = jetstream(connection);
    await client.publish("troupe.v1.test.log.foreign", new Uint8Array([0xc1]));
    const log = await eventLogs.open("foreign");
    await t.rejects(log.read(0), { code: "store.unavailable", message: /is not readable/ });
  });
});
