/** `troupe ps`, `inspect` and `tail` against a cluster of real processes. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import t from "tap";
import { type Node, NodeProtocol, startNode } from "../../../cluster/index.ts";
import { type Log, silentLog, type TroupeEvent } from "../../../runtime/index.ts";
import { Parrot, parrot } from "../../cluster/fixtures/parrot.ts";
import { type NodeUnderTest, seen, startNodeProcess } from "../../cluster/node-under-test.ts";
import { until } from "../../cluster/test-server.ts";
import { troupe } from "../troupe-command.ts";

t.setTimeout(240_000);

const MAIN = fileURLToPath(new URL("../../../cli/main.js", import.meta.url));

/** `troupe tail` with its lines. */
interface Tail {
  readonly lines: readonly string[];
  readonly child: ChildProcess;
}

t.test("operations", async (t) => {
  const storeDir = await mkdtemp(join(tmpdir(), "troupe-operations-"));
  // A lease that outlasts whatever a busy machine makes of a command's start: who is stopped is not yet down.
  const lease = "30s";
  const options = { name: "near", roles: ["desk"], lease, log: silentLog, storeDir };
  const near: Node = await startNode(options);
  const far: NodeUnderTest = await startNodeProcess({
    name: "far",
    nats: near.natsUrl,
    capacity: 2.5,
    metadata: { zone: "eu" },
    ingress: "closed",
  });
  t.teardown(async () => {
    await far.end();
    await near.stop();
    await rm(storeDir, { recursive: true, force: true });
  });
  await seen(near, "far", far);
  const nats = ["--nats", near.natsUrl];
  const asked = (...args: readonly string[]) => troupe([...args, ...nats]);
  const oneLine = (text: string) => t.equal(text.trim().split("\n").length, 1, text);

  t.test("ps lists nodes with what they are and what they use", async (t) => {
    const json = await asked("ps", "--json");
    t.equal(json.exitCode, 0, json.stderr);
    const { nodes } = JSON.parse(json.stdout);
    t.match(nodes, [
      { name: "far", phase: "up", capacity: 2.5, metadata: { zone: "eu" }, actors: Number },
      { name: "near", phase: "up", roles: ["desk", "gateway"], rssBytes: Number, cpuShare: Number },
    ]);
    t.equal(nodes[0].pid, far.pid);
    t.ok(nodes[0].uptimeMs > 0 && nodes[0].rssBytes > 1e6);
    const table = await asked("ps");
    t.match(table.stdout, /^NODE +PHASE +ROLES +CAPACITY +LAG +ACTORS +MEMORY +CPU +UPTIME$/m);
    t.match(table.stdout, /^far +up +- +2\.5 /m);
  });

  t.test("ps --actors lists actors, of all nodes or of one", async (t) => {
    const all = JSON.parse((await asked("ps", "--actors", "--json")).stdout);
    const addresses = all.actors.map(({ address }: { address: string }) => address);
    for (const address of ["far/parrot", "far/hanger", "far/$node", "near/$node"])
      t.ok(addresses.includes(address), address);
    t.equal(all.isWhole, true);
    const few = await asked("ps", "--actors", "--node", "far", "--limit", "2", "--json");
    t.match(JSON.parse(few.stdout), { actors: [{}, {}], isWhole: false });
    const table = await asked("ps", "--actors", "--node", "far");
    t.match(table.stdout, /^far\/parrot +parrot@1 +running +0 +0 +1 +-$/m);
    t.notMatch(table.stdout, /near/);
  });

  t.test("inspect shows a node with its links, and an actor with its last failure", async (t) => {
    const ref = near.refOf(Parrot, "far/parrot");
    await ref.ask("repeat", 1);
    await t.rejects(ref.ask("fail", "on \u001b[31mpurpose"));
    await until("it is up again", async () => (await ref.ask("repeat", 2).catch(() => 0)) === 2);
    const actor = JSON.parse((await asked("inspect", "far/parrot", "--json")).stdout).actor;
    t.match(actor, {
      address: "far/parrot",
      generation: 2,
      restarts: 1,
      lastFailure: { operation: "fail", message: "on \u001b[31mpurpose" },
    });
    const shown = await asked("inspect", "far/parrot");
    t.match(shown.stdout, /^last failure +\d{4}-.* in fail: on {1,2}\[31mpurpose$/m);
    t.notOk(shown.stdout.includes("\u001b"), "nothing that a terminal would obey");
    const status = JSON.parse((await asked("inspect", "far", "--json")).stdout);
    t.match(status, {
      name: "far",
      phase: "running",
      seenAs: "up",
      lease: { standing: true, ttlMs: 30_000 },
      server: { control: true, data: true },
    });
    const link = status.links.find(({ node }: { node: string }) => node === "near");
    t.ok(link.framesReceived > 0 && link.framesSent > 0, "and what passed between the two");
    t.match((await asked("inspect", "far")).stdout, /^LINK TO +WAITING +SENT/m);
  });

  t.test("says in one line what is not there, with the exit code for it", async (t) => {
    for (const [args, code, line] of [
      [["inspect", "far/nobody"], 4, /^troupe: no actor far\/nobody/],
      [["inspect", "nowhere"], 4, /^troupe: no node nowhere: the cluster has far, near/],
      [["inspect", "nowhere/x"], 4, /^troupe: no node nowhere/],
      [["tail", "nowhere"], 4, /^troupe: no node nowhere/],
      [["ps", "--node", "nowhere"], 4, /^troupe: no node nowhere/],
      [
        ["ps", "--cluster", "empty"],
        69,
        /^troupe: node\.down: no gateway answers in cluster empty/,
      ],
    ] as const) {
      const run = await asked(...args);
      t.equal(run.exitCode, code, args.join(" "));
      t.equal(run.stdout, "");
      t.match(run.stderr, line);
      oneLine(run.stderr);
    }
    const none = await troupe(["ps"], { env: { TROUPE_NATS_URL: "" } });
    t.equal(none.exitCode, 2);
    t.match(none.stderr, /^troupe: no server: give --nats/);
    const unreachable = await troupe(["ps", "--nats", "nats://127.0.0.1:1"]);
    t.equal(unreachable.exitCode, 69);
    oneLine(unreachable.stderr);
  });

  t.test(
    "tail prints events as they happen, of nodes that come later too, until Ctrl-C",
    async (t) => {
      const tail = (...args: readonly string[]): Tail => {
        const child = spawn(process.execPath, [MAIN, "tail", ...args, ...nats], {
          stdio: ["ignore", "pipe", "ignore"],
        });
        t.teardown(() => child.kill("SIGKILL"));
        const lines: string[] = [];
        createInterface(child.stdout).on("line", (line) => lines.push(line));
        return { lines, child };
      };
      const json = tail("--json", "--type", "actor,node");
      const text = tail("near");
      const parsed = (): readonly TroupeEvent[] => json.lines.map((line) => JSON.parse(line));
      // When it follows cannot be seen from outside: actors are started until one is told of.
      let n = 0;
      const told = (name: string) =>
        parsed().some((event) => event.type === "actor.started" && event.path.startsWith(name));
      await until(
        "both follow",
        () => {
          near.spawn(parrot, { name: `early-${n++}` });
          return told("early") && text.lines.length > 0;
        },
        60_000,
      );
      t.match(
        text.lines[0],
        /^\d\d:\d\d:\d\d\.\d{3} near actor\.started path=early-\d+ generation=1$/,
      );
      const late = await startNodeProcess({ name: "late", nats: near.natsUrl, ingress: "closed" });
      await until(
        "the newcomer is told of",
        () => parsed().some((event) => event.type === "node.changed" && event.name === "late"),
        30_000,
      );
      const ref = near.refOf(Parrot, "late/parrot");
      await until(
        "its own events come",
        async () => {
          await ref.ask("fail", "again").catch(() => {});
          return parsed().some((event) => event.node === "late" && event.type === "actor.failed");
        },
        60_000,
      );
      t.ok(
        parsed().every(({ type }) => /^(actor|node)\./.test(type)),
        "of those types only",
      );
      await late.end();
      for (const { child } of [json, text]) {
        child.kill("SIGINT");
        if (child.exitCode === null) await once(child, "exit");
        t.equal(child.exitCode, 0);
      }
      await until("nobody is told any more", () => !near.events.watched, 30_000);
    },
  );

  t.test(
    "regression: who follows the events of a node keeps it from ending neither long nor uncleanly",
    async (t) => {
      const log: string[] = [];
      const said = (_fields: unknown, line: string) => void log.push(line);
      const heard: Log = { ...silentLog, warn: said, error: said, child: () => heard };
      const brief = await startNode({ name: "brief", nats: near.natsUrl, lease, log: heard });
      brief.spawn(parrot, { name: "polly" });
      t.teardown(() => brief.stop());
      const isUp = () =>
        near.membership.members().some(({ name, phase }) => name === "brief" && phase === "up");
      await until("it is up", isUp, 30_000);
      const gone: string[] = [];
      const stream = near
        .refOf(NodeProtocol, "brief/$node")
        .stream("events", { types: ["actor.stopped"] }, { timeout: "2m" });
      const reading = (async () => {
        for await (const { events } of stream)
          for (const event of events) if ("path" in event) gone.push(event.path);
      })();
      await until("it is followed", () => brief.events.watched, 30_000);
      await brief.stop({ deadline: "60s" });
      await reading;
      t.equal(await stream.result, undefined, "the stream ends like any other");
      t.ok(gone.includes("polly"), "and tells of what ended there");
      t.same(log, [], "nothing had to be killed");
    },
  );

  t.test("ps goes on without a node that does not answer, and says so", async (t) => {
    far.signal("SIGSTOP");
    const run = await asked("ps");
    far.signal("SIGCONT");
    t.equal(run.exitCode, 69);
    t.match(run.stdout, /^far +\w+ .* - +- +- +-$/m);
    t.match(run.stdout, /^near +up /m);
    t.match(run.stderr, /^far: [a-z.]+: /);
  });
});
