/**
 * Plants bugs in the kernel and sees whether the models notice: `npm run mutants -- kernel
 * [--only MUTATION] [--quick] [--seed S] [--json]`.
 *
 * A control run without any bug goes first: it must pass, or the rest would mean nothing. Then each
 * bug gets a process of its own and a thousand seeds, 200 when it must be quick. Exit code 0 when all
 * were caught, 1 when one was not, 2 when it was called wrongly.
 */
import { parseArgs } from "node:util";
import { lineOf, type ModelReport, type ReportRow } from "../models/model-report.ts";
import { kernelMutations } from "./kernel-mutations.ts";
import { type MutantRun, mutantRun } from "./mutant-run.ts";

const SEEDS = 1_000;
const QUICK_SEEDS = 200;
/** Of one process; a pass of a thousand seeds takes about ten seconds. */
const TIMEOUT_MS = 180_000;
const CONTROL = "none (control)";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    seed: { type: "string", default: "1" },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const firstSeed = Number(values.seed);
const seeds = values.quick === true ? QUICK_SEEDS : SEEDS;
const chosen = kernelMutations.filter(
  ({ name }) => values.only === undefined || name === values.only,
);
const mistake = mistakeIn();
if (mistake !== undefined) {
  process.stderr.write(`${mistake}\n`);
  process.exitCode = 2;
} else {
  await plantAll();
}

function mistakeIn(): string | undefined {
  const [suite] = positionals;
  if (positionals.length !== 1 || suite !== "kernel") return "which suite? there is: kernel";
  if (!Number.isInteger(firstSeed)) return `not a seed: ${values.seed}`;
  const names = kernelMutations.map(({ name }) => name).join(", ");
  return chosen.length === 0 ? `no mutation ${values.only}; there are: ${names}` : undefined;
}

async function plantAll(): Promise<void> {
  const rows: ReportRow[] = [];
  const add = (row: ReportRow): void => {
    rows.push(row);
    if (values.json !== true) process.stdout.write(`${lineOf(row)}\n`);
  };
  const options = { firstSeed, seeds, timeoutMs: TIMEOUT_MS };
  if (values.json !== true) process.stdout.write(`bugs planted in the kernel\n`);
  const control = await mutantRun([], options);
  add(rowOf(CONTROL, control, control.type === "missed"));
  for (const { name, why, ...rewrite } of control.type === "missed" ? chosen : []) {
    const run = await mutantRun([rewrite], options);
    add(rowOf(name, run, run.type === "caught" || run.type === "crashed"));
  }
  const report: ModelReport = { v: 1, suite: "kernel", seed: firstSeed, rows };
  if (values.json === true) process.stdout.write(`${JSON.stringify(report)}\n`);
  if (rows.some(({ met }) => !met)) process.exitCode = 1;
}

function rowOf(name: string, run: MutantRun, met: boolean): ReportRow {
  return {
    name,
    value: run.type === "caught" ? run.seed - firstSeed + 1 : null,
    unit: "seeds",
    rival: null,
    ratio: null,
    goal: name === CONTROL ? null : seeds,
    met,
    note: noteOf(run),
  };
}

function noteOf(run: MutantRun): string {
  switch (run.type) {
    case "caught":
      return `${run.model}, seed ${run.seed}: ${run.why}`;
    case "missed":
      return `all models held in ${run.schedules.toLocaleString("en")} schedules`;
    case "crashed":
      return `the process came to its end: ${run.why}`;
    case "stale":
      return `could not be planted: ${run.why}`;
  }
}
