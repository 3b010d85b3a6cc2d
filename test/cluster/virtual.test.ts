/** S22 and G8 over NATS: real nodes in processes that are killed, frozen and drained. */
import t from "tap";
import { connect } from "../../cluster/ingress/client.ts";
import type { Node } from "../../cluster/node/node.ts";
import { startNode } from "../../cluster/node/start-node.ts";
import { actor, protocol, tell } from "../../runtime/index.ts";
import { silentLog } from "../../runtime/log.ts";
import { Account, Guard } from "./fixtures/account.ts";
import { type NodeReport, type NodeUnderTest, seen, startNodeProcess } from "./node-under-test.ts";
import { freeze, thaw } from "./server-under-test.ts";
import { startTestServer, until } from "./test-server.ts";

const KEYS = Array.from({ length: 48 }, (_, i) => `k${i}`);
const WITHIN_MS = 40_000;

const Teller = protocol("teller@1", { send: tell() });

/** An actor that sends one more message to each key whenever it is told to. */
function teller(name: string, sent: { count: number }) {
  return actor(Teller, () => 0, {
    send: (ctx) => {
      ctx.state++;
      for (const key of KEYS) {
        const message = { sender: name, sequence: ctx.state };
        if (ctx.actorOf(Account, key).tell("put", message)) sent.count++;
      }
    },
  });
}

function handledBy(nodes: readonly NodeUnderTest[]): readonly NodeReport[] {
  return nodes.flatMap(({ reports }) => reports.filter(({ type }) => type === "handled"));
}

/** Whether each key's messages of each sender came in order within each node, and each once. */
function faultsOf(nodes: readonly NodeUnderTest[]): readonly string[] {
  const faults: string[] = [];
  const counts = new Map<string, number>();
  // Per key, nodes in the order of their tokens: each has its messages before the next one's.
  const byToken = handledBy(nodes).toSorted((a, b) => (a.token ?? 0) - (b.token ?? 0));
  const last = new Map<string, number>();
  for (const { key, sender, sequence = 0, held } of byToken) {
    const pair = `${sender}>${key}`;
    const id = `${pair} ${sequence}`;
    counts.set(id, (counts.get(id) ?? 0) + 1);
    if ((counts.get(id) ?? 0) > 1) faults.push(`T1: ${id} twice`);
    if (sequence < (last.get(pair) ?? 0)) faults.push(`T2: ${id} after ${last.get(pair)}`);
    last.set(pair, Math.max(sequence, last.get(pair) ?? 0));
    if (held !== true) faults.push(`V2: ${id} without holding ${key}`);
  }
  return faults;
}

async function whereabouts(node: Node): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const answers = await Promise.all(
    KEYS.map((key) => node.actorOf(Account, key).ask("where", undefined, { timeout: "30s" })),
  );
  for (const answer of answers) counts.set(answer.node, (counts.get(answer.node) ?? 0) + 1);
  return counts;
}

t.test("Virtual actors over NATS", async (t) => {
  t.setTimeout(300_000);
  const server = await startTestServer();
  t.teardown(() => server.dispose());

  t.test("V3: S22: a SIGKILL of their node moves them, and a singleton, elsewhere", async (t) => {
    const cluster = "killed";
    const shared = { nats: server.url, cluster };
    const gate = await startNode({ name: "gate", ...shared, log: silentLog });
    t.teardown(() => gate.stop());
    const n1 = await startNodeProcess({ name: "n1", ...shared }, "account-node");
    const n2 = await startNodeProcess({ name: "n2", ...shared }, "account-node");
    t.teardown(() => Promise.all([n1.end(), n2.end()]));
    await Promise.all([seen(gate, "n1", n1), seen(gate, "n2", n2)]);
    const before = await whereabouts(gate);
    t.ok((before.get("n1") ?? 0) > 0 && (before.get("n2") ?? 0) > 0, "both take part");
    const guard = await gate.singletonOf(Guard).ask("where", undefined, { timeout: "30s" });
    const victim = guard.node === "n1" ? n1 : n2;
    const heir = guard.node === "n1" ? "n2" : "n1";
    victim.signal("SIGKILL");
    const killedAtMs = performance.now();
    await until(
      "the singleton is active elsewhere",
      async () => {
        const asked = gate.singletonOf(Guard).ask("where", undefined, { timeout: 500 });
        const answer = await asked.catch(() => undefined);
        return answer?.node === heir && answer.token > guard.token;
      },
      WITHIN_MS,
    );
    t.comment(`active elsewhere after ${Math.round(performance.now() - killedAtMs)} ms`);
    t.same([...(await whereabouts(gate)).keys()], [heir]);
  });

  t.test("V2: S21: one that is frozen past its lease acts no more when it wakes", async (t) => {
    const cluster = "frozen";
    const shared = { nats: server.url, cluster };
    const gate = await startNode({ name: "gate", ...shared, log: silentLog });
    t.teardown(() => gate.stop());
    const n1 = await startNodeProcess({ name: "n1", ...shared }, "account-node");
    const n2 = await startNodeProcess({ name: "n2", ...shared }, "account-node");
    t.teardown(() => Promise.all([n1.end(), n2.end()]));
    await Promise.all([seen(gate, "n1", n1), seen(gate, "n2", n2)]);
    for (const key of KEYS) gate.actorOf(Account, key).tell("act");
    const acts = (node: NodeUnderTest): readonly NodeReport[] =>
      node.reports.filter(({ type }) => type === "acted");
    await until("both act", () => acts(n1).length > 0 && acts(n2).length > 0, WITHIN_MS);
    await freeze(n1.pid);
    await until(
      "all live on n2",
      async () => {
        const asked = KEYS.map((key) =>
          gate.actorOf(Account, key).ask("where", undefined, { timeout: "1s" }),
        );
        const answers = await Promise.all(asked.map((each) => each.catch(() => undefined)));
        return answers.every((answer) => answer?.node === "n2");
      },
      WITHIN_MS,
    );
    const before = acts(n1).length;
    for (const key of KEYS) gate.actorOf(Account, key).tell("put", { sender: "g", sequence: 1 });
    thaw(n1.pid);
    t.equal(await n1.exit, 70, "it ends as fenced");
    // What it had written before it was frozen may have come since; a turn after it would be more.
    t.ok(acts(n1).length - before <= KEYS.length, "no timer of it fired again");
    await until("n2 has all", () => handledBy([n2]).length === KEYS.length, WITHIN_MS);
    t.equal(handledBy([n1]).length, 0);
    t.same(faultsOf([n1, n2]), []);
  });

  t.test(
    "T2: are handed over in order, none lost, as nodes join and drain under traffic",
    async (t) => {
      const cluster = "moved";
      const shared = { nats: server.url, cluster };
      const gate = await startNode({ name: "gate", ...shared, log: silentLog });
      t.teardown(() => gate.stop());
      const nodes = [await startNodeProcess({ name: "n1", ...shared }, "account-node")];
      t.teardown(() => Promise.all(nodes.map((node) => node.end())));
      const [n1] = nodes;
      if (n1 === undefined) throw new Error("no node");
      await seen(gate, "n1", n1);
      const sent = { count: 0 };
      const tellers = ["t1", "t2", "t3"].map((name) => gate.spawn(teller(name, sent), { name }));
      let rounds = 0;
      let isOver: boolean = false;
      const traffic = (async () => {
        while (!isOver) {
          for (const each of tellers) each.tell("send");
          rounds++;
          // As fast as the nodes handle, and no faster: what is refused is no loss.
          const goal = (rounds - 2) * KEYS.length * tellers.length;
          await until("the nodes keep up", () => handledBy(nodes).length >= goal, WITHIN_MS);
        }
      })();
      await until("traffic flows", () => rounds > 5, WITHIN_MS);
      const n2 = await startNodeProcess({ name: "n2", ...shared }, "account-node");
      nodes.push(n2);
      await until("n2 takes part", () => handledBy([n2]).length > 100, WITHIN_MS);
      n1.signal("SIGTERM");
      t.equal(await n1.exit, 0, "n1 drains and ends");
      const after = rounds;
      await until("traffic goes on", () => rounds > after + 5, WITHIN_MS);
      isOver = true;
      await traffic;
      await until("all are handled", () => handledBy(nodes).length === sent.count, WITHIN_MS);
      t.same(faultsOf(nodes), []);
      t.comment(`${sent.count} messages in ${rounds} rounds`);
      t.equal(gate.system.deadLetters, 0);
    },
  );

  t.test("are reached by a program that is no node, through its gateway", async (t) => {
    const cluster = "reached";
    const shared = { nats: server.url, cluster };
    const gate = await startNode({ name: "gate", ...shared, log: silentLog });
    t.teardown(() => gate.stop());
    const n1 = await startNodeProcess({ name: "n1", ...shared }, "account-node");
    t.teardown(() => n1.end());
    await seen(gate, "n1", n1);
    const client = await connect({ ...shared, log: silentLog });
    t.teardown(() => client.close());
    const where = await client
      .actorOf(Account, "a/b ~")
      .ask("where", undefined, { timeout: "30s" });
    t.equal(where.node, "n1");
    client.actorOf(Account, "a/b ~").tell("put", { sender: "c", sequence: 1 });
    await until("it is handled", () => handledBy([n1]).length === 1, WITHIN_MS);
    t.equal(handledBy([n1])[0]?.key, "a/b ~");
    t.equal(
      (await client.singletonOf(Guard).ask("where", undefined, { timeout: "30s" })).node,
      "n1",
    );
  });
});
