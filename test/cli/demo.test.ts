import { readFileSync } from "node:fs";
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import type { ReviewSummary } from "../../examples/licence-review/summary.ts";
import type { TroupeEvent } from "../../runtime/index.ts";
import { processesWith, troupe } from "./troupe-command.ts";

t.setTimeout(240_000);

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
const DEPENDENCIES = join(REPOSITORY, "node_modules");
const BUILTIN = { OLLAMA_HOST: "" };

async function workingDirectory(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "troupe-demo-test-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A folder with a few packages, for runs about something else than their licences. */
async function smallProject(t: Test): Promise<string> {
  const directory = await workingDirectory(t);
  for (const name of ["tap", "xstate", "pino", "msgpackr", "commander", "fast-check"]) {
    const packageDirectory = join(directory, "node_modules", name);
    await mkdir(packageDirectory, { recursive: true });
    for (const file of ["LICENSE", "LICENSE.md", "LICENSE.txt", "package.json"]) {
      const content = await readFile(join(DEPENDENCIES, name, file)).catch(() => undefined);
      if (content !== undefined) await writeFile(join(packageDirectory, file), content);
    }
  }
  return directory;
}

t.test("The licence review", async (t) => {
  const cwd = await workingDirectory(t);
  const run = await troupe(["demo", "--json", "--dir", DEPENDENCIES, "--ask", "Who won the cup?"], {
    cwd,
    // Its server keeps its streams there, which tells it from those of others on this machine.
    env: { ...BUILTIN, TMPDIR: cwd },
    timeoutMs: 120_000,
  });
  if (run.exitCode !== 0) t.comment(run.stderr);
  t.equal(run.exitCode, 0);
  const summary = JSON.parse(run.stdout) as ReviewSummary;

  t.test("covers every licence file and says by what", async (t) => {
    t.equal(summary.v, 1);
    t.ok(summary.documents >= 250, `${summary.documents} documents`);
    t.equal(summary.classifications.length, summary.documents);
    t.equal(summary.model.kind, "builtin");
    t.match(summary.model.note, /not an LLM/);
    t.match(summary.nats.version, /^2\.\d+/);
  });

  t.test("agrees with the declared identifiers in at least 95 of 100 files", async (t) => {
    t.ok(summary.scored >= 250, `${summary.scored} scored`);
    t.ok(summary.agreement >= 0.95, `agreement ${summary.agreement}`);
    t.ok(summary.agreementWithDeclared >= summary.agreement);
  });

  t.test("G3: loses no task and records none twice when a node is killed", async (t) => {
    const { orchestrator, kill, nodes } = summary;
    t.equal(orchestrator?.tasksLost, 0);
    t.equal(orchestrator?.duplicateResults, 0);
    t.equal(orchestrator?.tasksDone, orchestrator?.tasksAccepted);
    t.ok((orchestrator?.reclaimedAfterKill ?? 0) > 0, "tasks were reclaimed");
    t.equal(nodes.length, 3);
    t.same(
      nodes.filter(({ killed }) => killed).map(({ name }) => name),
      [kill?.node],
    );
    t.ok((kill?.suspectedMs ?? Number.NaN) <= 3_000, `suspected after ${kill?.suspectedMs} ms`);
    t.ok((kill?.resumedMs ?? Number.NaN) <= 4_000, `resumed after ${kill?.resumedMs} ms`);
  });

  t.test("answers the six questions with evidence that stands in the files", async (t) => {
    const { hierarchy } = summary;
    t.equal(hierarchy?.questions, 7);
    t.equal(hierarchy?.answered, 6);
    const last = hierarchy?.answers.at(-1);
    t.not(last?.outcome, "answered", "what is out of scope is not answered");
    let checked = 0;
    for (const { evidence, packages } of hierarchy?.answers ?? []) {
      t.ok(evidence.length >= packages.length, "each package has its evidence");
      for (const { path, startByte, endByte, quote } of evidence) {
        const bytes = readFileSync(join(DEPENDENCIES, path)).subarray(startByte, endByte);
        if (bytes.toString("utf8") !== quote && bytes.toString("latin1") !== quote) {
          t.fail(`${path} does not read so at ${startByte}`);
        }
        checked++;
      }
    }
    t.ok(checked > 50, `${checked} quotes checked`);
  });

  t.test(
    "settles most of the unsure files on the board, better than the first guess",
    async (t) => {
      const { blackboard } = summary;
      if (blackboard === undefined) throw new Error("there was no board");
      t.ok(blackboard.posted >= 20, `${blackboard.posted} posted`);
      t.ok(blackboard.settled / blackboard.posted >= 0.7, `${blackboard.settled} settled`);
      t.ok(
        blackboard.agreement > blackboard.firstGuessAgreement,
        `${blackboard.agreement} against ${blackboard.firstGuessAgreement}`,
      );
      t.ok(blackboard.explained.length > 0);
      for (const { why } of blackboard.explained) t.match(why, /^settlement\..*\n.*because of/s);
    },
  );

  t.test("buys classifications near the best bidder's quality for less", async (t) => {
    const { market } = summary;
    if (market === undefined) throw new Error("there was no market");
    t.equal(market.auctions, summary.documents);
    t.ok(market.agreement >= market.best.agreement - 0.01, `agreement ${market.agreement}`);
    t.ok(market.cost <= 0.6 * market.best.cost, `cost ${market.cost} of ${market.best.cost}`);
    t.ok(market.agreement > market.cheapest.agreement);
  });

  t.test("leaves a report, the summary and the events of all nodes", async (t) => {
    const [id] = await readdir(join(cwd, ".troupe", "runs"));
    const folder = join(cwd, ".troupe", "runs", id ?? "");
    t.same(JSON.parse(await readFile(join(folder, "summary.json"), "utf8")), summary);
    t.match(await readFile(join(folder, "report.md"), "utf8"), /^# Licence review/);
    t.match(await readFile(join(folder, "report.html"), "utf8"), /<h1>Licence review/);
    const events = (await readFile(join(folder, "events.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as TroupeEvent);
    t.ok(events.every(({ v }) => v === 1));
    t.same(
      [...new Set(events.map(({ node }) => node))].toSorted((a, b) => (a < b ? -1 : 1)),
      ["desk", "n1", "n2", "n3"],
    );
    const done = events.filter(({ type }) => type === "task.done");
    t.equal(new Set(done.map((event) => "task" in event && event.task)).size, done.length);
  });

  t.test("finds every file to be the same when no node is killed", async (t) => {
    const calm = await troupe(
      [
        ...["demo", "--json", "--no-kill", "--dir", DEPENDENCIES],
        ...["--pattern", "orchestrator,blackboard"],
      ],
      { cwd, env: BUILTIN, timeoutMs: 120_000 },
    );
    t.equal(calm.exitCode, 0);
    const other = JSON.parse(calm.stdout) as ReviewSummary;
    t.equal(other.kill, undefined);
    t.equal(other.orchestrator?.reclaimedAfterKill, 0);
    t.equal(other.orchestrator?.tasksLost, 0);
    t.equal(other.market, undefined, "stages that were not asked for do not run");
    t.same(other.classifications, summary.classifications);
  });

  t.test("leaves no process behind", async (t) => {
    for (const { pid } of summary.nodes) {
      t.throws(() => process.kill(pid, 0), { code: "ESRCH" });
    }
    t.same(await processesWith(cwd), [], "no nats-server of a review runs");
  });
});

t.test("Bad input to the licence review", async (t) => {
  const cwd = await workingDirectory(t);

  t.test("a missing --dir is said in one line", async (t) => {
    const run = await troupe(["demo", "--dir", "nowhere"], { cwd, env: BUILTIN });
    t.equal(run.exitCode, 4);
    t.match(run.stderr, /^troupe: --dir nowhere cannot be searched: .*\n$/);
    t.equal(run.stdout, "");
  });

  t.test("an empty --dir is said in one line", async (t) => {
    await mkdir(join(cwd, "empty"));
    const run = await troupe(["demo", "--dir", "empty"], { cwd, env: BUILTIN });
    t.equal(run.exitCode, 4);
    t.match(run.stderr, /^troupe: no licence files under empty\n$/);
  });

  t.test("an unknown model is said in one line", async (t) => {
    const run = await troupe(["demo", "--model", "gpt"], { cwd, env: BUILTIN });
    t.equal(run.exitCode, 2);
    t.match(run.stderr, /a model is auto, builtin or ollama:NAME/);
  });

  t.test("an unknown option is a usage error", async (t) => {
    const run = await troupe(["demo", "--colour"], { cwd });
    t.equal(run.exitCode, 2);
    t.match(run.stderr, /unknown option '--colour'/);
  });

  t.test("a server that cannot be reached is said in one line", async (t) => {
    const project = await smallProject(t);
    const run = await troupe(["demo", "--nats", "nats://127.0.0.1:1"], {
      cwd: project,
      env: BUILTIN,
    });
    t.equal(run.exitCode, 69);
    t.match(
      run.stderr,
      /troupe: nats\.unavailable: no nats-server answers at nats:\/\/127\.0\.0\.1:1/,
    );
  });

  t.test("files that are no licences are left out and the rest goes on", async (t) => {
    const project = await smallProject(t);
    const odd = join(project, "node_modules", "odd");
    await mkdir(join(odd, "folder", "LICENSE"), { recursive: true });
    await writeFile(join(odd, "package.json"), '{"name":"odd","version":"1.0.0","license":"MIT"}');
    await writeFile(join(odd, "LICENSE"), Buffer.from([0, 1, 2, 3, 0, 255]));
    await writeFile(join(odd, "LICENSE.huge"), "");
    await truncate(join(odd, "LICENSE.huge"), 50 * 1024 * 1024);
    await symlink("nowhere", join(odd, "LICENSE.gone"));
    const run = await troupe(["demo", "--json", "--nodes", "2"], { cwd: project, env: BUILTIN });
    t.equal(run.exitCode, 0, run.stderr);
    const summary = JSON.parse(run.stdout) as ReviewSummary;
    t.equal(summary.documents, 6);
    const reasons = new Map(summary.skipped.map(({ path, reason }) => [path, reason]));
    t.match(reasons.get("odd/LICENSE"), /binary/);
    t.match(reasons.get("odd/LICENSE.huge"), /too large: 52428800 bytes/);
    t.ok(reasons.has("odd/LICENSE.gone"));
  });

  t.test("a working directory that cannot be written costs the report only", async (t) => {
    const project = await smallProject(t);
    // A file in the folder's place refuses root as well, whom permissions do not stop.
    await writeFile(join(project, ".troupe"), "");
    const run = await troupe(["demo", "--json", "--nodes", "1"], { cwd: project, env: BUILTIN });
    t.equal(run.exitCode, 0, run.stderr);
    t.match(run.stderr, /^no report is written: .*$/m);
    t.equal((JSON.parse(run.stdout) as ReviewSummary).documents, 6);
  });

  t.test("an unreachable Ollama is said in one line and the built-in model is used", async (t) => {
    const project = await smallProject(t);
    const run = await troupe(["demo", "--json", "--nodes", "1", "--model", "ollama:llama3"], {
      cwd: project,
      env: { OLLAMA_HOST: "127.0.0.1:1" },
    });
    t.equal(run.exitCode, 0, run.stderr);
    t.equal(run.stderr.split("\n").filter((line) => /ollama/i.test(line)).length, 1);
    t.equal((JSON.parse(run.stdout) as ReviewSummary).model.kind, "builtin");
  });
});
