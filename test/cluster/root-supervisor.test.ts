import t, { type Test } from "tap";
import { NODE_NAME, NodeProtocol } from "../../cluster/index.ts";
import { type Client, connect } from "../../cluster/ingress/client.ts";
import type { Node } from "../../cluster/node/node.ts";
import { startNode } from "../../cluster/node/start-node.ts";
import { nodeOf, type RootChild, singleton, spawnable } from "../../runtime/index.ts";
import { silentLog } from "../../runtime/log.ts";
import { Parrot, parrot } from "./fixtures/parrot.ts";
import { type NodeUnderTest, rejected, seen, startNodeProcess } from "./node-under-test.ts";
import { freeze, thaw } from "./server-under-test.ts";
import { startTestServer, until } from "./test-server.ts";

const LONG_MS = 60_000;
const ASK = { timeout: 2_000 };

t.test("the root supervisor", async (t) => {
  t.setTimeout(300_000);
  const server = await startTestServer();
  t.teardown(() => server.dispose());

  /** A node that only looks on, and nodes that run parrots and the root. */
  const clusterOf = async (
    t: Test,
    cluster: string,
    names: readonly string[],
  ): Promise<{ readonly a: Node; readonly nodes: Map<string, NodeUnderTest> }> => {
    const a = await startNode({ name: "a", cluster, nats: server.url, log: silentLog });
    t.teardown(() => a.stop());
    const nodes = new Map<string, NodeUnderTest>();
    for (const name of names) {
      const options = { name, cluster, nats: server.url, ingress: "open" as const };
      const node = await startNodeProcess({ ...options, roles: ["crew"] }, "crew-node");
      t.teardown(() => node.end());
      nodes.set(name, node);
      await seen(a, name, node);
    }
    return { a, nodes };
  };
  const childOf = async (
    node: Pick<Node, "root">,
    name: string,
  ): Promise<RootChild | undefined> => {
    const children = await node.root.list().catch(() => []);
    return children.find((child) => child.name === name);
  };
  const placeOf = async (a: Node, name: string): Promise<string> => {
    const { address = "nowhere/x" } = (await childOf(a, name)) ?? {};
    return a
      .refOf(Parrot, address)
      .ask("where", undefined, ASK)
      .catch(() => "");
  };
  /** How many parrots run below `$spawn`, on all nodes but those that are gone. */
  const parrots = async (a: Node, nodes: Iterable<string>): Promise<number> => {
    let count = 0;
    for (const name of nodes) {
      const ref = a.refOf(NodeProtocol, `${name}/${NODE_NAME}`);
      const { actors } = await ref.ask("actors", {}, ASK);
      count += actors.filter(({ address }) => /\/\$spawn\/parrot~/u.test(address)).length;
    }
    return count;
  };

  t.test(
    "S11: its node is killed: its children run again elsewhere, one of each, with their restarts",
    async (t) => {
      const { a, nodes } = await clusterOf(t, "taken-over", ["b", "c", "d"]);
      const refs = await Promise.all(
        ["p1", "p2", "p3"].map((name) => a.root.start({ actor: "parrot", protocol: Parrot, name })),
      );
      const [ref] = refs;
      if (ref === undefined) throw new Error("not started");
      t.equal(await a.root.stop("p3"), true);
      t.equal(await parrots(a, nodes.keys()), 2);
      const operators = a.refOf(NodeProtocol, `${nodeOf(ref.address)}/${NODE_NAME}`);
      const found = await operators.ask("actor", { path: "$root/p1" }, ASK);
      t.equal(found?.actor.address, ref.address, "regression: operators see its whole path");
      for (let n = 1; n <= 2; n++) {
        await ref.ask("fail", "oops", ASK).catch(() => {});
        await until("it counts", async () => (await childOf(a, "p1"))?.restarts === n, LONG_MS);
      }
      t.equal(await ref.ask("repeat", "back", { timeout: LONG_MS }), "back");
      const first = nodeOf(ref.address);
      nodes.get(first)?.signal("SIGKILL");
      nodes.delete(first);
      for (const name of ["p1", "p2"]) {
        await until(
          `${name} runs again`,
          async () => nodes.has(nodeOf((await placeOf(a, name)) || "x/y")),
          LONG_MS,
        );
      }
      t.same((await a.root.list()).map(({ name }) => name).toSorted(), ["p1", "p2"]);
      t.equal((await childOf(a, "p1"))?.restarts, 2, "the restarts were kept");
      t.equal((await childOf(a, "p2"))?.restarts, 0);
      t.equal(await parrots(a, nodes.keys()), 2, "one of each, and what was stopped stays away");
      t.not(nodeOf((await childOf(a, "p1"))?.address ?? "x/y"), first);
      t.equal(await a.root.stop("p1"), true);
      await until("one is left", async () => (await parrots(a, nodes.keys())) === 1, LONG_MS);
    },
  );

  t.test(
    "S21: its node stands still for longer than its lease and wakes: one of each child, each restart counted once",
    async (t) => {
      const { a, nodes } = await clusterOf(t, "frozen", ["b", "c", "d"]);
      for (const name of ["p1", "p2"])
        await a.root.start({ actor: "parrot", protocol: Parrot, name });
      const failed = async (restarts: number): Promise<void> => {
        const { address = "" } = (await childOf(a, "p1")) ?? {};
        await a
          .refOf(Parrot, address)
          .ask("fail", "oops", ASK)
          .catch(() => {});
        const isCounted = async () => (await childOf(a, "p1"))?.restarts === restarts;
        await until(`restart ${restarts} is counted`, isCounted, LONG_MS);
      };
      await failed(1);
      await until("p1 runs", async () => (await placeOf(a, "p1")) !== "", LONG_MS);
      const first = nodeOf((await childOf(a, "p1"))?.address ?? "x/y");
      const sleeper = nodes.get(first);
      if (sleeper === undefined) throw new Error(`the root is on ${first}`);
      await freeze(sleeper.pid);
      nodes.delete(first);
      const runsElsewhere = async (name: string): Promise<boolean> => {
        const { address = "x/y" } = (await childOf(a, name)) ?? {};
        return nodes.has(nodeOf(address)) && nodes.has(nodeOf((await placeOf(a, name)) || "x/y"));
      };
      for (const name of ["p1", "p2"])
        await until(`${name} runs elsewhere`, () => runsElsewhere(name), LONG_MS);
      t.equal((await childOf(a, "p1"))?.restarts, 1, "the restart before is counted still");
      await failed(2);
      thaw(sleeper.pid);
      await sleeper.exit;
      t.match(sleeper.reports.at(-1), { type: "ended", kind: "fenced" });
      await until("p1 runs", () => runsElsewhere("p1"), LONG_MS);
      t.equal(await parrots(a, nodes.keys()), 2, "one of each");
      const children = await a.root.list();
      t.same(
        children.map(({ name, restarts }) => `${name} ${restarts}`),
        ["p1 2", "p2 0"],
      );
    },
  );

  t.test("regression: the only node ends and comes back: its children run again", async (t) => {
    const { a, nodes } = await clusterOf(t, "alone", ["b"]);
    for (const name of ["p1", "p2", "p3"])
      await a.root.start({ actor: "parrot", protocol: Parrot, name });
    nodes.get("b")?.signal("SIGTERM");
    await nodes.get("b")?.exit;
    const options = { name: "b", cluster: "alone", nats: server.url, roles: ["crew"] };
    const again = await startNodeProcess(options, "crew-node");
    t.teardown(() => again.end());
    for (const name of ["p1", "p2", "p3"])
      await until(`${name} runs`, async () => (await placeOf(a, name)) !== "", LONG_MS);
    t.equal(await parrots(a, ["b"]), 3);
  });

  t.test("S21: its node drains: its children run again elsewhere, one of each", async (t) => {
    const { a, nodes } = await clusterOf(t, "drained", ["b", "c"]);
    const ref = await a.root.start({ actor: "parrot", protocol: Parrot, name: "p" });
    const first = nodeOf(ref.address);
    nodes.get(first)?.signal("SIGTERM");
    await nodes.get(first)?.exit;
    nodes.delete(first);
    const ours = async (): Promise<boolean> => nodes.has(nodeOf((await placeOf(a, "p")) || "x/y"));
    await until("it runs again", ours, LONG_MS);
    t.equal(await parrots(a, nodes.keys()), 1);
  });

  t.test("G7 S1: past its intensity a child is given up, and does not come back", async (t) => {
    const { a } = await clusterOf(t, "given-up", ["b"]);
    const ref = await a.root.start({ actor: "parrot", protocol: Parrot, name: "p" });
    await a.root.start({ actor: "parrot", protocol: Parrot, name: "other" });
    await until(
      "it is given up",
      async () => {
        await ref.ask("fail", "oops", ASK).catch(() => {});
        return (await childOf(a, "other")) !== undefined && (await childOf(a, "p")) === undefined;
      },
      LONG_MS,
    );
    t.same(
      (await a.root.list()).map(({ name }) => name),
      ["other"],
    );
  });

  t.test("a child that a client has started survives its client, and its gateway", async (t) => {
    const { a, nodes } = await clusterOf(t, "clients", ["b", "c"]);
    const program: Client = await connect({
      nats: server.url,
      cluster: "clients",
      log: silentLog,
    });
    t.teardown(() => program.close());
    await program.spawn("parrot", { protocol: Parrot, name: "polly" });
    const gateway = program.gateway ?? "";
    nodes.get(gateway)?.signal("SIGKILL");
    await program.close();
    nodes.delete(gateway);
    const ours = async (): Promise<boolean> =>
      nodes.has(nodeOf((await placeOf(a, "polly")) || "x/y"));
    await until("it runs", ours, LONG_MS);
    t.equal(await parrots(a, nodes.keys()), 1);
  });

  t.test("says in one line what it does not start, and keeps nothing of it", async (t) => {
    const { a } = await clusterOf(t, "refusals", ["b"]);
    const start = (more: object): Promise<unknown> =>
      a.root.start({ actor: "parrot", protocol: Parrot, name: "p", ...more });
    await start({});
    const rows = [
      [start({}), "actor.name-taken", /has a child "p" already/],
      [
        start({ actor: "eagle", name: "q" }),
        "placement.none",
        /b has no spawnable.*eagle; it has \w/,
      ],
      [start({ name: "q", placement: "local" }), "ask.invalid", /cannot be local/],
      [start({ name: "q", placement: "moon" }), "ask.invalid", /placement: "moon" is none of/],
      [start({ name: "no/name" }), "ask.invalid", /not an actor name/],
      [start({ name: "q", placement: "role:moon" }), "actor.start-failed", /no node takes parrot/],
    ] as const;
    for (const [started, code, line] of rows) {
      const error = await rejected(started);
      t.match({ code: error.code, message: error.message }, { code, message: line });
      t.notMatch(error.message, /\n/u);
    }
    t.same(
      (await a.root.list()).map(({ name }) => name),
      ["p"],
    );
    t.equal(await a.root.stop("q"), false);
  });

  t.test(
    "is nowhere where nothing can be spawned, and its name is taken where it is",
    async (t) => {
      const { a } = await clusterOf(t, "rootless", []);
      const none = await rejected(a.root.list());
      t.match(none, { code: "placement.none", message: /registers a spawnable/ });
      const actors = [spawnable(parrot), singleton(parrot, { name: "root" })];
      const named = startNode({ name: "z", nats: server.url, log: silentLog, actors });
      t.match((await rejected(named)).message, /two actors are registered as root/);
    },
  );
});
