/** The benchmarks' command from end to end, with the cheapest row; no figure is judged. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { troupe } from "../cli/troupe-command.ts";

t.setTimeout(120_000);

const MAIN = fileURLToPath(new URL("../../benchmarks/main.js", import.meta.url));
/** It has no goal, so its exit code does not depend on the machine's mood. */
const CHEAP = ["kernel", "--quick", "--only", "ask 1 vs raw promise"];

interface Run {
  readonly exitCode: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

function bench(args: readonly string[], cwd?: string): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { cwd }, (error, stdout, stderr) => {
      resolve({ exitCode: error?.code ?? 0, stdout, stderr });
    });
  });
}

t.test("The benchmarks", async (t) => {
  t.test("J1: print one JSON document and nothing else with --json", async (t) => {
    const run = await bench([...CHEAP, "--json", "--seed", "7"]);
    t.equal(run.exitCode, 0, run.stderr);
    const report = JSON.parse(run.stdout);
    t.match(report, { v: 1, suite: "kernel", seed: 7, quick: true });
    t.equal(report.rows.length, 1);
    const [row] = report.rows;
    t.match(row, { name: "ask 1 vs raw promise", unit: "asks/s", goal: null, met: true });
    for (const field of ["value", "rival", "ratio"]) t.ok(row[field] > 0, field);
    t.match(run.stderr, /ask 1, launch 1 of 1/);
  });

  t.test("write the report and its chart without it", async (t) => {
    const cwd = await mkdtemp(join(tmpdir(), "troupe-bench-test-"));
    t.teardown(() => rm(cwd, { recursive: true, force: true }));
    const run = await bench(CHEAP, cwd);
    t.equal(run.exitCode, 0, run.stderr);
    t.match(run.stdout, /ask 1 vs raw promise +\S+ [kM] asks\/s/);
    const folder = join(cwd, ".troupe", "bench", "kernel");
    const report = JSON.parse(await readFile(join(folder, "report.json"), "utf8"));
    t.equal(report.rows.length, 1);
    t.match(await readFile(join(folder, "report.html"), "utf8"), /ask 1 vs raw promise/);
  });

  t.test("end with 1 exactly when a goal is not met", async (t) => {
    // Whether it is met is the machine's affair; that the exit code says the same is not.
    const run = await bench(["kernel", "--quick", "--only", "1 message in 100", "--json"]);
    const [row] = JSON.parse(run.stdout).rows;
    t.equal(run.exitCode, row.met ? 0 : 1);
  });

  t.test("end with 2 on wrong usage and print no report", async (t) => {
    for (const args of [["nothing"], ["kernel", "--seed", "x"], ["kernel", "--only", "nope"]]) {
      const run = await bench(args);
      t.equal(run.exitCode, 2, args.join(" "));
      t.equal(run.stdout, "");
      t.match(run.stderr, /usage: bench <kernel/);
    }
  });

  t.test("are started by troupe bench as well", async (t) => {
    const run = await troupe(["bench", ...CHEAP, "--json"]);
    t.equal(run.exitCode, 0, run.stderr);
    t.equal(JSON.parse(run.stdout).rows.length, 1);
    t.equal((await troupe(["bench", "kernel", "--only", "nope"])).exitCode, 2);
  });
});
