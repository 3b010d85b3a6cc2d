/** A real `troupe node` that is cut off from the server, and comes back. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import t from "tap";
import { type Node, startNode } from "../../cluster/index.ts";
import { silentLog, type TroupeEvent } from "../../runtime/index.ts";
import { startTcpProxy } from "../cluster/tcp-proxy.ts";
import { until } from "../cluster/test-server.ts";

t.setTimeout(240_000);

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const SLOW = fileURLToPath(new URL("./fixtures/slow-node.js", import.meta.url));
const LONG_MS = 600_000;

t.test("a troupe node that is cut off", async (t) => {
  const storeDir = await mkdtemp(join(tmpdir(), "troupe-partition-"));
  const node: Node = await startNode({ name: "majority", log: silentLog, storeDir });
  const proxy = await startTcpProxy(Number(new URL(node.natsUrl).port));
  t.teardown(async () => {
    await proxy.close();
    await node.stop();
    await rm(storeDir, { recursive: true, force: true });
  });
  const { tasks, keyValues } = node.system.ports;
  const begun = await keyValues.open("begun");
  const member = () => node.membership.members().find(({ name }) => name === "minority");
  const submit = (id: string, input: number) => tasks.submit({ id, capability: "slow@1", input });
  const events: TroupeEvent[] = [];
  node.events.subscribe((event) => events.push(event));

  const url = `nats://127.0.0.1:${proxy.port}`;
  const flags = ["--name", "minority", "--nats", url, "--model", "builtin", "--log", "error"];
  const child = spawn(process.execPath, [MAIN, "node", SLOW, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.teardown(() => child.kill("SIGKILL"));
  const starts: { readonly incarnation: string }[] = [];
  createInterface(child.stdout).on("line", (line) => starts.push(JSON.parse(line)));
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until("it is up", () => starts.length === 1 && member()?.phase === "up", 60_000);

  await t.test(
    "S21: serves nothing durable, and what it had in hand is done by the others",
    async (t) => {
      await submit("cut.1", LONG_MS);
      await until("it has begun", async () => (await begun.get("cut.1")) !== undefined, 30_000);
      proxy.befall("cut", "");
      await until("it is down", () => member()?.phase === "down", 30_000);
      await until("it knows that itself", () => said.includes("node.fenced"), 30_000);
      await submit("cut.2", 0);
      const worker = tasks.work("slow@1", async () => "majority");
      await until(
        "both are done",
        async () => (await tasks.outcomeOf("cut.2")) !== undefined,
        30_000,
      );
      await until(
        "both are done",
        async () => (await tasks.outcomeOf("cut.1")) !== undefined,
        30_000,
      );
      await worker.drain();
      t.match(await tasks.outcomeOf("cut.1"), { phase: "done", result: "majority", attempt: 2 });
      t.match(await tasks.outcomeOf("cut.2"), { phase: "done", result: "majority", attempt: 1 });
      t.equal(await begun.get("cut.2"), undefined);
      t.equal(starts.length, 1);
      const phases = events.flatMap((event) => (event.type === "node.changed" ? event.phase : []));
      t.same(phases.slice(-2), ["suspected", "down"], "its loss is told as events");
    },
  );

  await t.test("S21: heals by itself, as another incarnation that takes part again", async (t) => {
    proxy.heal();
    await until("it has started again", () => starts.length === 2, 60_000);
    const [before, after] = starts.map(({ incarnation }) => incarnation);
    t.ok((after ?? "") > (before ?? ""), "incarnations grow");
    await until("it is up", () => member()?.phase === "up", 30_000);
    t.equal(member()?.incarnation, after);
    await submit("cut.3", 0);
    await until(
      "it works again",
      async () => (await tasks.outcomeOf("cut.3")) !== undefined,
      30_000,
    );
    t.match(await tasks.outcomeOf("cut.3"), { phase: "done", result: child.pid, attempt: 1 });
    t.equal(await begun.get("cut.2"), undefined, "nothing of its former life came after it");
    t.match(await tasks.outcomeOf("cut.1"), { result: "majority", attempt: 2 });
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
    t.equal(child.exitCode, 0);
  });
});

t.test("a node tells of its server's loss and return", async (t) => {
  const storeDir = await mkdtemp(join(tmpdir(), "troupe-lost-"));
  const keeper: Node = await startNode({ name: "keeper", log: silentLog, storeDir });
  const proxy = await startTcpProxy(Number(new URL(keeper.natsUrl).port));
  const url = `nats://127.0.0.1:${proxy.port}`;
  const guest = await startNode({ name: "guest", nats: url, lease: "20s", log: silentLog });
  t.teardown(async () => {
    await guest.stop();
    await proxy.close();
    await keeper.stop();
    await rm(storeDir, { recursive: true, force: true });
  });
  const told: string[] = [];
  guest.events.subscribe((event) => {
    if (event.type === "server.lost") told.push(`lost ${event.connection}`);
    if (event.type === "server.returned") told.push(`returned ${event.connection}`);
  });
  proxy.befall("cut", "");
  await until("both are lost", () => told.length === 2, 30_000);
  t.same(new Set(told), new Set(["lost control", "lost data"]));
  proxy.heal();
  await until("both are back", () => told.length === 4, 30_000);
  t.same(new Set(told.slice(2)), new Set(["returned control", "returned data"]));
});
