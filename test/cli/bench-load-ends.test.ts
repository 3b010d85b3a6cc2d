import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { startNodeProcess } from "../../cli/node-process.ts";
import { type LoadDocument, systemClock } from "../../runtime/index.ts";
import { startSecuredServer } from "../cluster/security/secured-server.ts";
import { eventually, runs, startServer } from "../cluster/server-under-test.ts";
import { begun, childrenOf, load, TARGET } from "./load-under-test.ts";
import { troupe } from "./troupe-command.ts";

t.setTimeout(600_000);

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

const LONG = ["--payload", '{"ms":1}', "--rate", "50", "--duration", "10m", "--warmup", "0ms"];

t.test("troupe bench load, interrupted", async (t) => {
  const gone = (pids: readonly number[]) => eventually(() => !pids.some(runs), 30_000);

  t.test("the first Ctrl-C ends the run early, still reports, and leaves no process", async (t) => {
    const { child, closed, generators, nodes, said } = await begun(
      ...LONG,
      "--generators",
      "2",
      "--json",
    );
    t.equal(generators.length, 2);
    t.equal(nodes.length, 1);
    child.kill("SIGINT");
    const [code, signal] = await closed;
    t.ok(signal === "SIGINT" || code === 130, `it ended by ${signal ?? code}`);
    const document = JSON.parse(said().stdout) as LoadDocument;
    t.equal(document.report.stopped, true);
    t.ok(document.report.measuredMs < 590_000);
    t.match(
      said().stderr,
      /SIGINT: ending the load, the report follows; once more ends this at once/,
    );
    t.ok(await gone([...generators, ...nodes]), "nothing is left");
  });

  t.test("before the load begins it ends the run, and nothing is left", async (t) => {
    const child = spawn(process.execPath, [MAIN, "bench", "load", "--nodes", "2"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const out of [child.stdout, child.stderr]) {
      out.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    }
    const { pid = 0 } = child;
    const nodes = () => childrenOf(pid, "load-node.mjs");
    t.ok(await eventually(async () => (await nodes()).length > 0, 60_000), "a node is starting");
    const started = await nodes();
    child.kill("SIGINT");
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    t.ok(signal === "SIGINT" || code === 130, `it ended by ${signal ?? code}: ${said}`);
    t.notMatch(said, / ok/, "there is nothing to report");
    t.ok(await gone(started), "nothing is left");
  });

  t.test("the second ends it at once, and what it started follows", async (t) => {
    // Answers that do not come keep the first from ending.
    const late = [
      "--payload",
      '{"ms":60000}',
      "--rate",
      "5",
      "--duration",
      "10m",
      "--timeout",
      "90s",
    ];
    const { child, closed, generators, nodes, said } = await begun(...late, "--drain", "60s");
    child.kill("SIGINT");
    t.ok(await eventually(() => /once more ends this/.test(said().stderr), 30_000));
    child.kill("SIGINT");
    const [, signal] = await closed;
    t.equal(signal, "SIGINT");
    t.ok(await gone([...generators, ...nodes]), "nothing is left");
  });

  t.test("nothing outlives the command when it is killed", async (t) => {
    const { child, closed, generators, nodes } = await begun(...LONG);
    child.kill("SIGKILL");
    await closed;
    t.ok(await gone([...generators, ...nodes]), "nothing is left");
  });

  t.test(
    "a generator that is lost is said to be lost, and the others' report counts",
    async (t) => {
      const { child, closed, generators, said } = await begun(...LONG, "--generators", "2");
      const [victim] = generators;
      if (victim === undefined) return t.fail("no generator");
      process.kill(victim, "SIGKILL");
      t.ok(await eventually(() => !runs(victim), 10_000));
      child.kill("SIGINT");
      await closed;
      t.match(said().stdout, /^! generator-\d is lost: /m);
      return t.match(said().stdout, /\d+ of \d+ ok/);
    },
  );
});

t.test("troupe bench load, on a cluster that is there", async (t) => {
  const { server, end } = await startServer();
  t.teardown(end);
  const node = await startNodeProcess({
    module: TARGET,
    name: "theirs",
    natsUrl: server.url,
    cluster: "prod",
    flags: ["--log", "error"],
    clock: systemClock,
    startTimeoutMs: 60_000,
  });
  t.teardown(() => node.stop());
  const joined = ["--nats", server.url, "--cluster", "prod"];

  t.test("starts no nodes, finds the actors, and says what it does not know", async (t) => {
    const document = await load(...joined, "--op", "wait", "--payload", '{"ms":1}', "--rate", "50");
    t.match(document.report, { intended: 50, ok: 50 });
    const [theirs] = document.processes;
    t.match(theirs, { name: "theirs", role: "node", pid: node.pid });
    t.match(
      theirs?.unknown,
      /was not started for this run: what waits in its mailboxes is not known/,
    );
    const [sample] = theirs?.samples ?? [];
    t.ok((sample?.rssBytes ?? 0) > 1e7 && (sample?.cpuShare ?? -1) >= 0, "it says how it is");
    t.equal(sample?.queued, undefined, "D2: what is not known is absent");
    t.ok(runs(node.pid), "and leaves it as it was");
    const told = await load(...joined, "--op", "note", "--rate", "50");
    t.match(told.receipt, { sent: 60, unknown: /no node was started/ });
  });

  t.test("takes an address, and says when nobody lives there", async (t) => {
    const known = [...joined, "--op", "wait", "--payload", '{"ms":1}', "--rate", "20"];
    t.match((await load(...known, "--actor", "theirs/meter")).report, { ok: 20 });
    const base = ["bench", "load", "--module", TARGET, ...known];
    const absent = await troupe([...base, "--actor", "nobody/meter"]);
    t.equal(absent.exitCode, 4, absent.stderr);
    t.match(absent.stderr, /no actor nobody\/meter in cluster prod: it has theirs/);
  });

  t.test("says in one line that no server answers", async (t) => {
    const run = await troupe(["bench", "load", "--nats", "nats://127.0.0.1:9"]);
    t.equal(run.exitCode, 69);
    t.match(
      run.stderr,
      /^troupe: nats\.unavailable: no nats-server answers at nats:\/\/127\.0\.0\.1:9/m,
    );
  });
});

t.test("troupe bench load, on a server with users for each node", async (t) => {
  const names = ["load-watcher", "load-generator-1", "load-node-1"];
  const server = await startSecuredServer({
    environments: { prod: names.map((name) => ({ role: "node", name })) },
  });
  t.teardown(() => server.end());
  const seeds = dirname(server.seedOf("node", "load-watcher"));
  const secured = ["--nats", server.url, "--cluster", "prod", "--nodes", "1", "--seeds", seeds];

  t.test("S24: each node of the run connects as itself, with a seed of its own", async (t) => {
    const { report, processes } = await load(
      ...[...secured, "--op", "wait", "--payload", '{"ms":1}', "--rate", "20"],
    );
    t.match(report, { intended: 20, ok: 20 });
    t.same(
      processes.map(({ name }) => name),
      ["load-node-1", "load-generator-1"],
    );
  });

  t.test("says which seed is missing, and what makes it", async (t) => {
    const run = await troupe(["bench", "load", ...secured, "--generators", "2"]);
    t.equal(run.exitCode, 4);
    t.match(
      run.stderr,
      /has no node-load-generator-2\.nk: troupe nats user add node load-generator-2/,
    );
  });

  t.test("says in one line that the server refuses a node without its seed", async (t) => {
    const run = await troupe(["bench", "load", "--nats", server.url, "--cluster", "prod"]);
    t.equal(run.exitCode, 78, run.stderr);
    t.match(run.stderr, /^troupe: nats\.refused: /m);
  });
});
