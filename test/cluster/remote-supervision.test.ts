import t, { type Test } from "tap";
import type { Node } from "../../cluster/node/node.ts";
import { startNode } from "../../cluster/node/start-node.ts";
import { type ExitReason, nodeOf, spawnable } from "../../runtime/index.ts";
import { silentLog } from "../../runtime/log.ts";
import { Parrot, parrot } from "./fixtures/parrot.ts";
import { type NodeUnderTest, phaseOf, seen, startNodeProcess } from "./node-under-test.ts";
import { startTestServer, until } from "./test-server.ts";

const CREW = { roles: ["crew"] };
const LONG_MS = 60_000;

t.test("supervision between processes", async (t) => {
  t.setTimeout(240_000);
  const server = await startTestServer();
  t.teardown(() => server.dispose());
  const local = async (t: Test, name: string): Promise<Node> => {
    const options = { name, nats: server.url, log: silentLog, actors: [spawnable(parrot)] };
    const node = await startNode(options);
    t.teardown(() => node.stop());
    return node;
  };
  const crewNode = async (
    t: Test,
    name: string,
    more: readonly string[] = [],
  ): Promise<NodeUnderTest> => {
    const node = await startNodeProcess({ name, nats: server.url, ...CREW }, "crew-node", more);
    t.teardown(() => node.end());
    return node;
  };
  const whereOf = async (node: Node, address: string): Promise<string> =>
    nodeOf(await node.refOf(Parrot, address).ask("where", undefined, { timeout: 1_000 }));

  t.test(
    "G7: a child is started on another node when its own is killed, and its ref stays",
    async (t) => {
      const a = await local(t, "a");
      const nodes = new Map<string, NodeUnderTest>();
      for (const name of ["b", "c"]) nodes.set(name, await crewNode(t, name));
      for (const [name, node] of nodes) await seen(a, name, node);
      const ref = a.spawn(parrot, { name: "p", placement: "role:crew" });
      await ref.ready;
      const first = await whereOf(a, "a/p");
      t.ok(nodes.has(first));
      nodes.get(first)?.signal("SIGKILL");
      await until(
        "it lives elsewhere",
        async () => (await whereOf(a, "a/p").catch(() => first)) !== first,
        LONG_MS,
      );
      t.equal(await ref.ask("repeat", "hello"), "hello");
      for (const node of nodes.values()) await node.end();
      await a.stop();
    },
  );

  t.test("G7: a child whose supervisor's process is killed ends: S3 no orphan", async (t) => {
    const a = await local(t, "a");
    await crewNode(t, "b");
    const boss = await crewNode(t, "boss", ["node:b"]);
    await seen(a, "boss", boss);
    const address = await a.refOf(Parrot, "boss/elsewhere").ask("where");
    t.equal(nodeOf(address), "b");
    const ended: ExitReason[] = [];
    a.system.watch(address, ({ reason }) => ended.push(reason));
    t.equal(await a.refOf(Parrot, address).ask("repeat", 1), 1);
    boss.signal("SIGKILL");
    await until("the orphan ended", () => ended.length > 0, LONG_MS);
    t.same(ended, ["normal"]);
  });

  t.test("S21: a node that drains hands its children over, and they lose no message", async (t) => {
    const a = await local(t, "a");
    const b = await crewNode(t, "b");
    const c = await crewNode(t, "c");
    await seen(a, "b", b);
    await seen(a, "c", c);
    const ref = a.spawn(parrot, { name: "p", placement: "role:crew" });
    await ref.ready;
    const first = await whereOf(a, "a/p");
    const echoes = Array.from({ length: 200 }, (_, n) => ref.ask("repeat", n));
    (first === "b" ? b : c).signal("SIGTERM");
    const later = Array.from({ length: 200 }, (_, n) => ref.ask("repeat", 200 + n));
    t.same(
      await Promise.all([...echoes, ...later]),
      Array.from({ length: 400 }, (_, n) => n),
    );
    await until(
      "it lives elsewhere",
      async () => (await whereOf(a, "a/p").catch(() => first)) !== first,
      LONG_MS,
    );
  });

  t.test(
    "S12: a watch is told once, with the reason, whatever ends the actor on another node",
    async (t) => {
      const a = await local(t, "a");
      const watcher = await local(t, "w");
      const b = await crewNode(t, "b");
      await seen(a, "b", b);
      await seen(watcher, "b", b);
      const told = new Map<string, ExitReason[]>();
      const watched = async (name: string): Promise<() => void> => {
        const ref = a.spawn(parrot, { name, placement: "node:b", restart: "temporary" });
        const address = await ref.ask("where");
        const reasons: ExitReason[] = [];
        told.set(name, reasons);
        const unwatch = watcher.system.watch(address, ({ reason }) => reasons.push(reason));
        // On the link that carries the watch: once this is answered, it has arrived.
        await watcher.refOf(Parrot, address).ask("heard");
        return unwatch;
      };
      for (const name of ["normal", "failed", "killed", "node-down"]) await watched(name);
      const unwatch = await watched("unwatched");
      const nobody: ExitReason[] = [];
      watcher.system.watch("b/nobody", ({ reason }) => nobody.push(reason));
      unwatch();
      a.refOf(Parrot, "a/normal").tell("quit");
      a.refOf(Parrot, "a/unwatched").tell("quit");
      a.refOf(Parrot, "a/failed")
        .ask("fail", "oops")
        .catch(() => {});
      await a.system.stop(a.refOf(Parrot, "a/killed"), "kill");
      const three = ["normal", "failed", "killed"];
      await until(
        "three are told",
        () => three.every((name) => told.get(name)?.length === 1),
        LONG_MS,
      );
      b.signal("SIGKILL");
      await until("the fourth is told", () => told.get("node-down")?.length === 1, LONG_MS);
      for (const name of [...three, "node-down"]) t.same(told.get(name), [name]);
      t.same(told.get("unwatched"), [], "never after unwatch");
      t.same(nobody, ["no-such-actor"]);
      await b.end();
      await watcher.stop();
      await a.stop();
    },
  );

  t.test(
    "S21: a node frozen past its lease loses its child, which has no effect when it wakes",
    async (t) => {
      const a = await local(t, "a");
      const b = await crewNode(t, "b");
      const c = await crewNode(t, "c");
      await seen(a, "b", b);
      await seen(a, "c", c);
      const ref = a.spawn(parrot, { name: "p", placement: "role:crew" });
      await ref.ready;
      const first = await whereOf(a, "a/p");
      const frozen = first === "b" ? b : c;
      frozen.signal("SIGSTOP");
      ref.tell("hear", 1);
      await until("it is down", () => phaseOf(a, first, frozen) === "down", LONG_MS);
      await until(
        "it lives elsewhere",
        async () => (await whereOf(a, "a/p").catch(() => first)) !== first,
        LONG_MS,
      );
      ref.tell("hear", 2);
      frozen.signal("SIGCONT");
      t.equal(await frozen.exit, 70, "it fences itself");
      t.same(await ref.ask("heard"), [2]);
      await b.end();
      await c.end();
      await a.stop();
    },
  );
});
