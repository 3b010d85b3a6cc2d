/**
 * Runs a benchmark suite: `node dist/benchmarks/main.js <suite> [--only NAME] [--quick] [--json]
 * [--seed N] [--data DIR]`.
 *
 * The report is on standard output, as a table or with `--json` as one document; talk is on
 * standard error. Without `--json` the report is also written to `.troupe/bench/<suite>/`, with a
 * chart. Exit codes: 0 every goal met, 1 not, 2 wrong usage.
 */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BenchOptions, parseBenchOptions, USAGE } from "./bench-options.ts";
import { chartOf } from "./chart.ts";
import { allMet, type Report, tableOf } from "./report.ts";
import { installRivals, notesOn } from "./rivals/installation.ts";
import { picked, rivalsOf, runSuite } from "./run-suite.ts";
import { suiteOf } from "./suites.ts";

const parsed = parseBenchOptions(process.argv.slice(2));
if (parsed.ok) process.exitCode = await bench(parsed.options);
else process.exitCode = misused(parsed.problem);

async function bench(options: BenchOptions): Promise<number> {
  const { only, quick, seed, dataDir = dataBeside() } = options;
  const suite = await suiteOf(options.suite);
  if (suite === undefined) return misused(`there is no suite ${options.suite}`);
  if (picked(suite, only).length === 0) {
    const names = suite.benchmarks.flatMap(({ rows }) => rows.map(({ name }) => name));
    return misused(`no row is called ${only}; there are:\n  ${names.join("\n  ")}`);
  }
  const rivals = rivalsOf(suite, only);
  const installed = rivals.length === 0 ? undefined : await installRivals(say);
  const rivalsDir = installed?.ok === true ? installed.directory : undefined;
  const rows = await runSuite({
    suite,
    say,
    setting: {
      quick,
      seed,
      ...(dataDir === undefined ? {} : { dataDir }),
      ...(rivalsDir === undefined ? {} : { rivalsDir }),
    },
    ...(only === undefined ? {} : { only }),
    ...(installed?.ok === false ? { withoutRivals: installed.problem } : {}),
  });
  const report: Report = {
    v: 1,
    suite: suite.name,
    seed,
    rows,
    quick,
    machine: `node ${process.versions.node}, ${process.platform} ${process.arch}, ${availableParallelism()} cores`,
    rivals: rivalsDir === undefined ? [] : await notesOn(rivalsDir, rivals),
  };
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else await show(report);
  return allMet(report) ? 0 : 1;
}

async function show(report: Report): Promise<void> {
  const directory = join(process.cwd(), ".troupe", "bench", report.suite);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(join(directory, "report.html"), chartOf(report));
  process.stdout.write(`${tableOf(report)}\n`);
  say(`written to ${join(directory, "report.json")} and report.html`);
}

/** Data that lies beside the repository, where it does. */
function dataBeside(): string | undefined {
  const directory = fileURLToPath(new URL("../../../shared/data", import.meta.url));
  return existsSync(directory) ? directory : undefined;
}

function misused(problem: string): number {
  process.stderr.write(`bench: ${problem}\n${USAGE}\n`);
  return 2;
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}
