import t from "tap";
import { openConnection } from "../../cluster/connections.ts";
import { parseHeartbeat } from "../../cluster/membership/heartbeat.ts";
import { startNode } from "../../cluster/node/start-node.ts";
import { heartbeatSubject } from "../../cluster/wire/node-subject.ts";
import { silentLog } from "../../runtime/log.ts";
import { Parrot } from "./fixtures/parrot.ts";
import { phaseOf, rejected, seen, startNodeProcess } from "./node-under-test.ts";
import { startTestServer, until } from "./test-server.ts";

const OUTBOX = 8_192;
const SELF = { cluster: "troupe", name: "listener" };

t.test("a failing node", async (t) => {
  t.setTimeout(240_000);
  const server = await startTestServer();
  t.teardown(() => server.dispose());
  const local = (name: string) => startNode({ name, nats: server.url, log: silentLog });

  t.test(
    "a SIGKILL is suspected within 3 s and down within 6 s, and all who wait are told",
    async (t) => {
      const a = await local("a");
      const b = await startNodeProcess({ name: "b", nats: server.url });
      await seen(a, "b", b);
      const ref = a.refOf(Parrot, "b/parrot");
      const ended: string[] = [];
      a.system.watch(ref, ({ reason }) => ended.push(reason));
      const hanging = rejected(
        a.refOf(Parrot, "b/hanger").ask("hang", undefined, { timeout: "30s" }),
      );
      const streaming = rejected(
        (async () => {
          const streamer = a.refOf(Parrot, "b/streamer");
          let last = 0;
          for await (const n of streamer.stream("countForEver", undefined, { timeout: "30s" }))
            last = n;
          return last;
        })(),
      );
      await ref.ask("repeat", "warm");
      b.signal("SIGKILL");
      const killedAtMs = performance.now();
      await until("suspected", () => phaseOf(a, "b", b) === "suspected", 3_000);
      t.comment(`suspected after ${Math.round(performance.now() - killedAtMs)} ms`);
      await until("down", () => phaseOf(a, "b", b) === "down", 6_000);
      const downMs = performance.now() - killedAtMs;
      t.ok(downMs <= 6_000, `down after ${Math.round(downMs)} ms`);
      const error = await hanging;
      t.equal(error.code, "node.down");
      t.equal(error.outcome, "unknown");
      t.equal((await streaming).code, "stream.aborted");
      await until("the watcher is told", () => ended.length > 0);
      t.same(ended, ["node-down"]);
      const again = await startNodeProcess({ name: "b", nats: server.url });
      t.ok(again.incarnation > b.incarnation, "incarnations grow");
      await until("its successor answers", async () => {
        const reply = await ref.ask("repeat", "hello", { timeout: 500 }).catch(() => undefined);
        return reply === "hello";
      });
      t.same(ended, ["node-down"], "S12: exactly once");
      await again.end();
      await a.stop();
    },
  );

  t.test("S21: a node stopped for longer than its lease is fenced when it wakes", async (t) => {
    const a = await local("a");
    const b = await startNodeProcess({ name: "b", nats: server.url });
    await seen(a, "b", b);
    const ref = a.refOf(Parrot, "b/parrot");
    const echoes: unknown[] = [];
    const said: string[] = [];
    const listener = await openConnection({ ...SELF, url: server.url }, "client");
    listener.subscribe(heartbeatSubject("troupe", "b"), {
      callback: (_error, { data }) => {
        const beat = parseHeartbeat(data);
        if (beat.ok) said.push(beat.value.state);
      },
    });
    await listener.flush();
    b.signal("SIGSTOP");
    const late = rejected(
      ref.ask("repeat", "too late", { timeout: "20s" }).then((e) => echoes.push(e)),
    );
    await until("down", () => phaseOf(a, "b", b) === "down", 8_000);
    b.signal("SIGCONT");
    t.equal(await b.exit, 70);
    t.equal(b.reports.at(-1)?.kind, "fenced");
    t.equal((await late).code, "node.down");
    t.same(echoes, []);
    await listener.flush();
    t.notOk(said.includes("draining") || said.includes("leaving"), "it says nothing more");
    await listener.close();
    await a.stop();
  });

  t.test("a node stopped for less than its lease goes on", async (t) => {
    const a = await local("a");
    const b = await startNodeProcess({ name: "b", nats: server.url });
    await seen(a, "b", b);
    b.signal("SIGSTOP");
    await until("suspected", () => phaseOf(a, "b", b) === "suspected", 3_000);
    b.signal("SIGCONT");
    await until("up again", () => phaseOf(a, "b", b) === "up", 3_000);
    t.equal(await a.refOf(Parrot, "b/parrot").ask("repeat", 1), 1);
    await b.end();
    await a.stop();
  });

  t.test(
    "S23: an ask that cannot leave in its time is refused before that, as never run",
    async (t) => {
      const a = await local("a");
      const b = await startNodeProcess({ name: "b", nats: server.url });
      await seen(a, "b", b);
      const ref = a.refOf(Parrot, "b/parrot");
      await ref.ask("repeat", "warm");
      await server.stop("SIGKILL");
      let refused = await rejected(ref.ask("repeat", 1, { timeout: 800 }));
      // The first may have left before the loss was noticed.
      if (refused.code === "ask.timeout")
        refused = await rejected(ref.ask("repeat", 1, { timeout: 800 }));
      t.match(refused, { code: "node.disconnected", outcome: "never-ran" });
      await server.start();
      await until("b answers again", async () => {
        return (await ref.ask("repeat", 2, { timeout: "1s" }).catch(() => 0)) === 2;
      });
      await b.end();
      await a.stop();
    },
  );

  t.test("S23: while the server is away messages wait, and arrive once and in order", async (t) => {
    const a = await local("a");
    const b = await startNodeProcess({ name: "b", nats: server.url });
    await seen(a, "b", b);
    const letters: string[] = [];
    a.system.onDeadLetter(({ reason }) => letters.push(reason));
    const ref = a.refOf(Parrot, "b/parrot");
    ref.tell("hear", 0);
    await ref.ask("heard");
    await server.stop("SIGKILL");
    let accepted = 0;
    let refused = 0;
    for (let n = 1; n <= OUTBOX + 100; n++)
      if (ref.tell("hear", n)) accepted++;
      else refused++;
    t.ok(refused > 0, "a full outbox refuses");
    t.ok(accepted >= OUTBOX - 1);
    await server.start();
    await until("all accepted arrived", async () => {
      const heard = await ref.ask("heard", undefined, { timeout: 1_000 }).catch(() => []);
      return heard.length === accepted + 1;
    });
    t.same(
      await ref.ask("heard"),
      Array.from({ length: accepted + 1 }, (_, i) => i),
    );
    t.equal(letters.length, refused, "what was refused is a dead letter");
    await b.end();
    await a.stop();
  });
});
