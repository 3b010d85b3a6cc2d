/** What signals do to a real `troupe node` that has durable work in hand. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { type Node, startNode } from "../../cluster/index.ts";
import type { TaskOutcome } from "../../runtime/durable/tasks.ts";
import { silentLog } from "../../runtime/index.ts";
import { until } from "../cluster/test-server.ts";

t.setTimeout(120_000);

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const SLOW = fileURLToPath(new URL("./fixtures/slow-node.js", import.meta.url));
const LONG_MS = 600_000;

/** The command, once it answers. */
async function runSlowNode(t: Test, name: string, natsUrl: string): Promise<ChildProcess> {
  const flags = ["--name", name, "--nats", natsUrl, "--model", "builtin", "--log", "silent"];
  const child = spawn(process.execPath, [MAIN, "node", SLOW, ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.teardown(() => child.kill("SIGKILL"));
  if (child.stdout === null) throw new Error("no pipe");
  await once(createInterface(child.stdout), "line");
  return child;
}

/** The exit code, or the signal that ended it. */
async function endOf(child: ChildProcess): Promise<unknown> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode ?? child.signalCode;
}

t.test("signals to troupe node", async (t) => {
  const storeDir = await mkdtemp(join(tmpdir(), "troupe-signals-"));
  const node: Node = await startNode({ name: "watcher", log: silentLog, storeDir });
  t.teardown(async () => {
    await node.stop();
    await rm(storeDir, { recursive: true, force: true });
  });
  const { tasks, keyValues } = node.system.ports;
  const begun = await keyValues.open("begun");
  const submit = (id: string, input: number) => tasks.submit({ id, capability: "slow@1", input });
  const hasBegun = (id: string) =>
    until(`${id} has begun`, async () => (await begun.get(id)) !== undefined);
  const phaseOf = (name: string) =>
    node.membership.members().find((member) => member.name === name)?.phase;
  /** Does with this node what is left, and tells how a task ended. */
  const finish = async (id: string): Promise<TaskOutcome | undefined> => {
    const worker = tasks.work("slow@1", async () => "watcher");
    let outcome: TaskOutcome | undefined;
    await until(`${id} has ended`, async () => {
      outcome = await tasks.outcomeOf(id);
      return outcome !== undefined;
    });
    await worker.drain();
    return outcome;
  };

  t.test("SIGTERM finishes the task in hand, takes no other, and exits with 0", async (t) => {
    const child = await runSlowNode(t, "polite", node.natsUrl);
    await submit("polite.1", 700);
    await hasBegun("polite.1");
    await submit("polite.2", 0);
    child.kill("SIGTERM");
    t.equal(await endOf(child), 0);
    t.match(await tasks.outcomeOf("polite.1"), { phase: "done", result: child.pid, attempt: 1 });
    t.equal(await begun.get("polite.2"), undefined);
    t.equal(phaseOf("polite"), "down", "it said goodbye");
    t.match(await finish("polite.2"), { phase: "done", result: "watcher", attempt: 1 });
  });

  t.test("SIGTERM gives back what outlasts the drain, as if it had never been tried", async (t) => {
    const child = await runSlowNode(t, "slow", node.natsUrl);
    await submit("slow.1", LONG_MS);
    await hasBegun("slow.1");
    child.kill("SIGTERM");
    t.equal(await endOf(child), 0);
    t.match(await finish("slow.1"), { phase: "done", result: "watcher", attempt: 1 });
  });

  for (const second of ["SIGTERM", "SIGINT"] as const)
    t.test(`a ${second} after SIGTERM ends it at once, and its task is taken over`, async (t) => {
      const name = `rude-${second}`;
      const child = await runSlowNode(t, name, node.natsUrl);
      await submit(`${name}.1`, LONG_MS);
      await hasBegun(`${name}.1`);
      child.kill("SIGTERM");
      await until("it drains", () => phaseOf(name) === "draining");
      const askedAtMs = performance.now();
      child.kill(second);
      t.equal(await endOf(child), second);
      t.ok(performance.now() - askedAtMs < 1_000, "it does not wait for its task");
      t.match(await finish(`${name}.1`), { phase: "done", result: "watcher", attempt: 2 });
    });
});
