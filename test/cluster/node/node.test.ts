import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { startNode } from "../../../cluster/node/start-node.ts";
import { silentLog } from "../../../runtime/log.ts";
import { systemClock } from "../../../runtime/ports/clock.ts";
import { Parrot, parrot } from "../fixtures/parrot.ts";
import { phaseOf, rejected, seen, startNodeProcess } from "../node-under-test.ts";
import { runs } from "../server-under-test.ts";
import { startTestServer, until } from "../test-server.ts";

t.test("a node", async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.dispose());
  const local = (name: string) => startNode({ name, nats: server.url, log: silentLog });

  t.test("tells, asks, streams and watches an actor of another process", async (t) => {
    const a = await local("a");
    const b = await startNodeProcess({ name: "b", nats: server.url });
    await seen(a, "b", b);
    const ref = a.refOf(Parrot, "b/parrot");
    for (let n = 1; n <= 1_000; n++) t.equal(ref.tell("hear", n), true);
    const heard = await ref.ask("heard");
    t.same(
      heard,
      Array.from({ length: 1_000 }, (_, i) => i + 1),
      "S3: an ask overtakes no tell",
    );
    for (const what of [null, "é", 1.5, [1, { a: [true] }], new Uint8Array([1, 2])])
      t.same(await ref.ask("repeat", what), what);
    t.equal(await ref.ask("repeat", undefined), undefined);
    const stream = ref.stream("count", 1_000);
    const chunks: number[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    t.equal(chunks.length, 1_000);
    t.same(await stream.result, { total: 1_000 });
    const failure = await rejected(ref.ask("fail", "on purpose"));
    t.equal(failure.code, "actor.failed");
    t.match(failure.message, "on purpose");
    t.equal((await rejected(a.refOf(Parrot, "b/nobody").ask("heard"))).code, "actor.not-found");
    t.equal((await rejected(ref.ask("hang", undefined, { timeout: 200 }))).code, "ask.timeout");
    await until("the timeout reached the callee", async () => (await ref.ask("cancelled")) >= 1);
    for await (const chunk of ref.stream("countForEver")) if (chunk === 10) break;
    await until("leaving early reached it", async () => (await ref.ask("cancelled")) >= 1);
    const large = "x".repeat(200_000);
    t.equal(await ref.ask("repeat", large), large);
    const watched: string[] = [];
    a.system.watch("b/nobody", ({ reason }) => watched.push(reason));
    await until("it is told", () => watched.length === 1);
    t.same(watched, ["no-such-actor"]);
    await b.end();
    await a.stop();
  });

  t.test("a clean stop is known to others at once", async (t) => {
    const a = await local("a");
    const b = await startNodeProcess({ name: "b", nats: server.url });
    await seen(a, "b", b);
    const ended: string[] = [];
    a.system.watch("b/parrot", ({ reason }) => ended.push(reason));
    await a.refOf(Parrot, "b/parrot").ask("repeat", 1);
    b.signal("SIGTERM");
    t.equal(await b.exit, 0, "nothing keeps its process alive");
    await until("down", () => phaseOf(a, "b", b) === "down", 500);
    await until("the watcher is told", () => ended.length === 1);
    const next = await startNodeProcess({ name: "b", nats: server.url });
    t.equal(next.reports[0]?.type, "ready", "the name is free at once");
    await next.end();
    await a.stop();
  });

  t.test("a live node's name is refused", async (t) => {
    const a = await local("a");
    const twin = await startNodeProcess({ name: "a", nats: server.url });
    t.equal(twin.reports[0]?.code, "node.name-taken");
    t.equal(await twin.exit, 1, "nothing keeps its process alive");
    t.equal(
      await a
        .refOf(Parrot, "a/parrot")
        .ask("heard", undefined, { timeout: 500 })
        .catch((e) => e.code),
      "actor.not-found",
    );
    await a.stop();
  });

  t.test("a server that is not there is one clear error", async (t) => {
    const error = await rejected(
      startNode({ name: "a", nats: "nats://127.0.0.1:1", log: silentLog }),
    );
    t.equal(error.code, "nats.unavailable");
    t.match(error.message, "nats://127.0.0.1:1");
  });

  t.test("an embedded server starts and ends with its node", async (t) => {
    const storeDir = await mkdtemp(join(tmpdir(), "troupe-node-"));
    const alone = await startNodeProcess({ name: "alone", storeDir });
    const url = alone.reports[0]?.url ?? "";
    const guest = await startNode({ name: "guest", nats: url, log: silentLog });
    await seen(guest, "alone", alone);
    t.equal(await guest.refOf(Parrot, "alone/parrot").ask("repeat", "hi"), "hi");
    await guest.stop();
    alone.signal("SIGTERM");
    t.equal(await alone.exit, 0);
    t.equal(runs(alone.pid), false);
    const gone = await rejected(startNode({ name: "late", nats: url, log: silentLog }));
    t.equal(gone.code, "nats.unavailable");
    await rm(storeDir, { recursive: true, force: true });
  });

  t.test("N3: stop finishes the task in hand, and another node does what is left", async (t) => {
    const a = await local("a");
    const b = await local("b");
    const ended: string[] = [];
    const { tasks } = a.system.ports;
    const owners: string[] = [];
    await tasks.follow("drain", (id, outcome) => {
      ended.push(id);
      if (outcome.phase === "done") owners.push(String(outcome.result));
    });
    let begun = 0;
    b.system.ports.tasks.work("drain@1", async () => {
      begun++;
      await new Promise((resolve) => systemClock.after(300, () => resolve(undefined)));
      return "b";
    });
    for (let i = 0; i < 4; i++)
      await tasks.submit({ id: `drain.${i}`, capability: "drain@1", input: i });
    await until("b has begun", () => begun > 0);
    await b.stop();
    const byB = begun;
    const worker = tasks.work("drain@1", async () => "a", { concurrency: 2 });
    await until("all are done", () => new Set(ended).size === 4, 8_000);
    t.equal(owners.filter((owner) => owner === "b").length, byB, "what b began, b finished");
    t.equal(begun, byB, "b took no more");
    await worker.stop();
    await a.stop();
  });

  t.test("stop is repeatable, and a stopped node refuses", async (t) => {
    const a = await local("a");
    const ref = a.spawn(parrot, { name: "p" });
    await ref.ask("repeat", 1);
    await Promise.all([a.stop(), a.stop()]);
    t.same(await a.ended, { kind: "stopped" });
    t.equal(ref.tell("hear", 1), false);
  });
});
