/**
 * Runs the models for a long time: `npm run soak -- kernel [--minutes N] [--seed S] [--only MODEL]
 * [--quick] [--json]`.
 *
 * The models take turns; each goes on with the next seed. The first failure of a model ends its part of
 * the run. Exit code 0 when all held, 1 when one failed, 2 when it was called wrongly.
 */
import { parseArgs } from "node:util";
import { systemRandom } from "../../runtime/ports/random.ts";
import { kernelModels } from "./kernel-models.ts";
import type { Model } from "./model.ts";
import { lineOf, type ModelReport, type ReportRow } from "./model-report.ts";

const BATCH = 100;
/** Of each model, when it must be short. */
const QUICK_SCHEDULES = 200;
const DEFAULT_MINUTES = 5;

/** What came of one model so far. */
interface Tally {
  readonly model: Model;
  schedules: number;
  elapsedMs: number;
  failure: { readonly seed: number; readonly message: string } | undefined;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: String(DEFAULT_MINUTES) },
    seed: { type: "string" },
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
const seed = values.seed === undefined ? systemRandom().int(2 ** 30) : Number(values.seed);
const chosen = kernelModels.filter(({ name }) => values.only === undefined || name === values.only);
const mistake = mistakeIn();
if (mistake !== undefined) {
  process.stderr.write(`${mistake}\n`);
  process.exitCode = 2;
} else {
  await soak();
}

function mistakeIn(): string | undefined {
  const [suite] = positionals;
  if (positionals.length !== 1 || suite !== "kernel") return "which suite? there is: kernel";
  if (!Number.isInteger(seed)) return `not a seed: ${values.seed}`;
  if (!(minutes > 0)) return `not a number of minutes: ${values.minutes}`;
  const names = kernelModels.map(({ name }) => name).join(", ");
  return chosen.length === 0 ? `no model ${values.only}; there are: ${names}` : undefined;
}

async function soak(): Promise<void> {
  const tallies: readonly Tally[] = chosen.map((model) => ({
    model,
    schedules: 0,
    elapsedMs: 0,
    failure: undefined,
  }));
  if (values.json !== true) process.stdout.write(`models of the kernel, seed ${seed}\n`);
  const endMs = performance.now() + minutes * 60_000;
  for (let goesOn = true; goesOn; ) {
    goesOn = false;
    for (const tally of tallies) {
      if (tally.failure !== undefined) continue;
      await batch(tally);
      const isShortDone = values.quick === true && tally.schedules >= QUICK_SCHEDULES;
      if (tally.failure === undefined && !isShortDone) goesOn = true;
    }
    if (performance.now() >= endMs) goesOn = false;
  }
  const rows = tallies.map(rowOf);
  const report: ModelReport = { v: 1, suite: "kernel", seed, rows };
  if (values.json === true) process.stdout.write(`${JSON.stringify(report)}\n`);
  else process.stdout.write(`${rows.map(lineOf).join("\n")}\n`);
  if (rows.some(({ met }) => !met)) process.exitCode = 1;
}

async function batch(tally: Tally): Promise<void> {
  const startMs = performance.now();
  const size = values.quick === true ? QUICK_SCHEDULES : BATCH;
  for (let i = 0; i < size && tally.failure === undefined; i++) {
    const at = seed + tally.schedules;
    tally.schedules++;
    try {
      await tally.model.check(at);
    } catch (error) {
      tally.failure = {
        seed: at,
        message: error instanceof Error ? error.message : String(error),
      };
    }
  }
  tally.elapsedMs += performance.now() - startMs;
}

function rowOf({ model, schedules, elapsedMs, failure }: Tally): ReportRow {
  return {
    name: model.name,
    value: (schedules / elapsedMs) * 1_000,
    unit: "schedules/s",
    rival: null,
    ratio: null,
    goal: null,
    met: failure === undefined,
    note:
      failure === undefined
        ? `${schedules.toLocaleString("en")} schedules: ${model.rules}`
        : `seed ${failure.seed}: ${failure.message}`,
  };
}
