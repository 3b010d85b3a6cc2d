/** Durable tasks whose workers are real processes that are killed and frozen; times are the defaults. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { connect } from "nats";
import t, { type Test } from "tap";
import { launchNatsServer } from "../../cluster/nats-server/launch.ts";
import { natsDurableQueue } from "../../cluster/stores/nats-durable-queue.ts";
import { natsKeyValues } from "../../cluster/stores/nats-key-values.ts";
import { createTasks } from "../../runtime/durable/create-tasks.ts";
import type { TaskOutcome } from "../../runtime/durable/tasks.ts";
import type { Happening } from "../../runtime/event.ts";
import { silentLog } from "../../runtime/log.ts";
import { systemClock } from "../../runtime/ports/clock.ts";
import type { MemberPhase } from "../../runtime/ports/membership.ts";
import { systemRandom } from "../../runtime/ports/random.ts";
import { Happenings, ToldMembership } from "../runtime/durable/tasks-under-test.ts";
import { eventually, freeze, startServer, thaw } from "./server-under-test.ts";

/** How soon a failure detector suspects a node that is gone; the bound is 3 s. */
const SUSPECTED_MS = 2_800;

t.test("Tasks and processes", async (t) => {
  const { server, binary, end } = await startServer();
  const connection = await connect({
    servers: server.url,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  });
  t.teardown(async () => {
    await connection.close();
    await end();
  });

  /** A node of the test's own, told whom to suspect. */
  const setUp = () => {
    const phases = new Map<string, MemberPhase>();
    const happenings = new Happenings();
    const random = systemRandom();
    const tasks = createTasks({
      queue: natsDurableQueue(connection, { cluster: "test" }),
      keyValues: natsKeyValues(connection, { cluster: "test", random: random.fork("stores") }),
      clock: systemClock,
      membership: new ToldMembership("n2", phases),
      random,
      events: happenings,
      log: silentLog,
    });
    return { phases, happenings, tasks };
  };

  /** A worker process, and what it says. */
  const startWorker = (t: Test, capability: string, concurrency: number) => {
    const fixture = fileURLToPath(new URL("fixtures/work-until-told.js", import.meta.url));
    const args = [fixture, server.url, "n1", capability, String(concurrency)];
    const worker: ChildProcess = spawn(process.execPath, args);
    t.teardown(() => worker.kill("SIGKILL"));
    const said: Happening[] = [];
    if (worker.stdout === null) throw new Error("no pipe");
    createInterface({ input: worker.stdout }).on("line", (line) => said.push(JSON.parse(line)));
    const saw = (type: Happening["type"]) => said.filter((happening) => happening.type === type);
    return { worker, saw, pid: worker.pid ?? 0 };
  };

  await t.test(
    "D1, D2, D5: tasks of a worker killed with SIGKILL are taken over within 4 s",
    async (t) => {
      const { phases, happenings, tasks } = setUp();
      const { worker, saw } = startWorker(t, "kill@1", 3);
      const outcomes = new Map<string, TaskOutcome>();
      const cancel = await tasks.follow("kill", (id, outcome) => outcomes.set(id, outcome));
      for (let n = 0; n < 3; n++) {
        await tasks.submit({ id: `kill.${n}`, capability: "kill@1", input: n });
      }
      t.ok(await eventually(() => saw("task.claimed").length === 3, 5_000));
      worker.kill("SIGKILL");
      const killedMs = performance.now();
      await once(worker, "exit");
      const claimedAfterMs: number[] = [];
      const ours = tasks.work(
        "kill@1",
        async () => {
          claimedAfterMs.push(performance.now() - killedMs);
          return "by n2";
        },
        { concurrency: 3 },
      );
      systemClock.after(SUSPECTED_MS - (performance.now() - killedMs), () => {
        phases.set("n1", "suspected");
      });
      t.ok(await eventually(() => outcomes.size === 3, 6_000));
      t.ok(Math.max(...claimedAfterMs) <= 4_000, `after ${claimedAfterMs.map(Math.round)} ms`);
      for (const outcome of outcomes.values())
        t.match(outcome, { phase: "done", result: "by n2", attempt: 2, owner: "n2" });
      t.equal(happenings.of("task.done").length, 3);
      t.match(happenings.of("task.claimed"), [
        { takenFrom: "n1" },
        { takenFrom: "n1" },
        { takenFrom: "n1" },
      ]);
      cancel();
      await ours.drain();
    },
  );

  await t.test("D3, D6: a worker frozen with SIGSTOP is fenced when it wakes", async (t) => {
    const { phases, happenings, tasks } = setUp();
    const { worker, saw, pid } = startWorker(t, "freeze@1", 1);
    await tasks.submit({ id: "freeze.1", capability: "freeze@1", input: 1 });
    t.ok(await eventually(() => saw("task.claimed").length === 1, 5_000));
    await freeze(pid);
    systemClock.after(SUSPECTED_MS, () => phases.set("n1", "suspected"));
    const ours = tasks.work("freeze@1", async () => "by n2");
    t.ok(await eventually(() => happenings.of("task.done").length === 1, 6_000));
    thaw(pid);
    worker.stdin?.write("finish\n");
    t.ok(await eventually(() => saw("task.fenced").length === 1, 6_000));
    t.equal(saw("task.done").length, 0);
    t.match(await tasks.outcomeOf("freeze.1"), { phase: "done", result: "by n2", attempt: 2 });
    await ours.drain();
  });

  /** Ten tasks of 50 ms each, two at a time, with something happening to the server in between. */
  const whileWorking = async (t: Test, job: string, befall: () => Promise<void>) => {
    const { tasks, happenings } = setUp();
    const capability = `${job}@1`;
    const outcomes = new Map<string, TaskOutcome>();
    const cancel = await tasks.follow(job, (id, outcome) => outcomes.set(id, outcome));
    for (let n = 0; n < 10; n++)
      t.equal(await tasks.submit({ id: `${job}.${n}`, capability, input: n }), "accepted");
    const perform = ({ input }: { readonly input: unknown }) =>
      new Promise((resolve) => systemClock.after(50, () => resolve(input)));
    const worker = tasks.work(capability, perform, { concurrency: 2 });
    t.ok(await eventually(() => outcomes.size > 0, 5_000));
    await befall();
    t.ok(outcomes.size < 10, "it befell while there was work");
    t.ok(await eventually(() => outcomes.size === 10, 20_000), `${outcomes.size} of 10 ended`);
    for (const outcome of outcomes.values()) t.equal(outcome.phase, "done");
    t.equal(new Set(happenings.of("task.done").map(({ task }) => task)).size, 10);
    t.equal(happenings.of("task.done").length, 10, "D2: each once");
    cancel();
    await worker.drain();
  };

  await t.test(
    "D1: nothing accepted is lost when the server stands still for a while",
    async (t) => {
      await whileWorking(t, "pause", async () => {
        await freeze(server.pid);
        await new Promise((resolve) => systemClock.after(4_500, () => resolve(undefined)));
        thaw(server.pid);
      });
    },
  );

  await t.test(
    "D1: nothing accepted is lost when the server is killed and comes back",
    async (t) => {
      await whileWorking(t, "restart", async () => {
        const { port, storeDir } = server;
        process.kill(server.pid, "SIGKILL");
        await server.ended;
        const again = await launchNatsServer({ binary, storeDir, port });
        t.teardown(() => again.stop());
      });
    },
  );
});
