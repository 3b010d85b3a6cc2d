/** A node that is suspended for long, and one whose wall clock jumps. */
import { type ChildProcess, fork } from "node:child_process";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import t, { type Test } from "tap";
import { startNode } from "../../cluster/node/start-node.ts";
import { silentLog } from "../../runtime/log.ts";
import { Parrot } from "./fixtures/parrot.ts";
import { type NodeReport, rejected } from "./node-under-test.ts";
import { freeze, thaw } from "./server-under-test.ts";
import { startTestServer, until } from "./test-server.ts";

t.setTimeout(240_000);

/** A process of a fixture, with what it reports. */
function started(
  t: Test,
  fixture: string,
  options: object,
  execArgv: readonly string[] = [],
): { readonly child: ChildProcess; readonly reports: readonly NodeReport[] } {
  const script = new URL(`./fixtures/${fixture}.js`, import.meta.url);
  const child = fork(script, [JSON.stringify(options)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    execArgv: [...execArgv],
  });
  t.teardown(() => child.kill("SIGKILL"));
  const reports: NodeReport[] = [];
  child.on("message", (report) => reports.push(report as NodeReport));
  return { child, reports };
}

t.test("a node out of step", async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.dispose());
  const node = await startNode({ name: "survivor", nats: server.url, log: silentLog });
  t.teardown(() => node.stop());
  const { keyValues, tasks, reminders } = node.system.ports;
  const connection = await connect({ servers: server.url });
  t.teardown(() => connection.close());
  const manager = await jetstreamManager(connection);
  const armed = async () => (await manager.streams.info("TROUPE_troupe_REMINDERS")).state.messages;
  const member = (name: string) => node.membership.members().find((one) => one.name === name);

  t.test(
    "S21, V2: a suspended node that wakes 40 s later has no effect on anything durable",
    async (t) => {
      const { child, reports } = started(t, "writing-node", { name: "sleeper", nats: server.url });
      const pid = child.pid ?? 0;
      const has = (type: string) => reports.some((report) => report.type === type);
      await until("it is ready", () => has("ready"), 30_000);
      await tasks.submit({ id: "slow.1", capability: "slow@1", input: null });
      await until("it works", () => has("working"), 30_000);
      const bucket = await keyValues.open("suspended");
      await until("it writes", async () => (await bucket.get("beat")) !== undefined, 30_000);
      await freeze(pid);
      const sinceMs = performance.now();
      await until("it is down", () => member("sleeper")?.phase === "down", 30_000);
      const worker = tasks.work("slow@1", async () => "by survivor");
      await until(
        "its task is done by another",
        async () => (await tasks.outcomeOf("slow.1")) !== undefined,
        30_000,
      );
      await worker.drain();
      const revision = await bucket.put("beat", { by: "survivor" });
      t.equal(await armed(), 1, "it had armed a reminder");
      await reminders?.cancel({ type: "beat", key: "beat", name: "beat" });
      const beats: string[] = [];
      const eater = tasks.work("beat@1", async ({ id }) => {
        beats.push(id);
      });
      let eaten = -1;
      await until(
        "what it had queued is done",
        () => {
          const isSame = eaten === beats.length;
          eaten = beats.length;
          return isSame && eater.inHand === 0 && performance.now() - sinceMs > 40_000;
        },
        120_000,
      );
      thaw(pid);
      await until("it has ended", () => has("ended"), 60_000);
      t.match(reports.at(-1)?.kind, /^\d+ [1-9]\d*$/, "it tried, and was refused");
      t.match(await bucket.get("beat"), { revision, value: { by: "survivor" } });
      t.match(await tasks.outcomeOf("slow.1"), {
        phase: "done",
        result: "by survivor",
        attempt: 2,
      });
      t.equal(beats.length, eaten, "it queued nothing");
      t.equal(await armed(), 0, "it armed nothing");
      t.equal(member("sleeper")?.phase, "down", "S21: and it never came back");
      await eater.drain();
    },
  );

  t.test("S21: a wall clock that jumps an hour, ahead and back, changes nothing", async (t) => {
    const jump = new URL("./fixtures/jumping-clock.js", import.meta.url).href;
    const { child, reports } = started(t, "node-process", { name: "jumper", nats: server.url }, [
      "--import",
      jump,
    ]);
    await until("it is ready", () => reports.length > 0, 30_000);
    await until("it is up", () => member("jumper")?.phase === "up", 30_000);
    const { incarnation } = member("jumper") ?? {};
    const ref = node.refOf(Parrot, "jumper/parrot");
    const phases: string[] = [];
    const forget = node.membership.subscribe(({ member: { name, phase } }) => {
      if (name === "jumper") phases.push(phase);
    });
    const waiting = rejected(ref.ask("hang", undefined, { timeout: "3s" }));
    for (const hours of [1, -2, 1]) {
      child.send({ jumpMs: hours * 3_600_000 });
      const jumpedMs = performance.now();
      let asks = 0;
      // Longer than a lease: it is renewed by the clock that does not jump.
      await until(
        "a lease has passed",
        async () => {
          t.equal(await node.refOf(Parrot, "jumper/streamer").ask("repeat", ++asks), asks);
          return performance.now() - jumpedMs > 6_000;
        },
        30_000,
      );
    }
    t.equal((await waiting).code, "ask.timeout", "its deadline was neither cut nor stretched");
    t.same(
      phases.filter((phase) => phase === "down"),
      [],
    );
    t.match(member("jumper"), { phase: "up", incarnation });
    forget();
    child.kill("SIGTERM");
    await until("it ends in good order", () => reports.at(-1)?.type === "ended", 30_000);
    t.equal(reports.at(-1)?.kind, "stopped");
  });
});
