/**
 * Runs the benchmarks of a suite and makes its report.
 *
 * Owns: which variants run, in which order, and how often. What they do is theirs.
 *
 * H1: runs are interleaved: in every round each variant of a benchmark runs once, so that the
 *     machine's mood strikes all; the order rotates from round to round.
 * H2: one process runs at a time; the others are idle.
 * H3: a variant that fails is not run again, and the rows that need it are skipped with its reason.
 * H4: whatever happens, no process is left.
 * H5: where something is missing that a benchmark needs, none of its variants is started and its rows
 *     are skipped with the reason.
 */
import type { Benchmark, RowSpec, Setting, Suite } from "./benchmark.ts";
import { machineSources, type Sources, Supplies } from "./needs.ts";
import { type Row, rowOf, variantsOf } from "./row.ts";
import { Runner } from "./runner.ts";

/** What to run. */
export interface SuiteRun {
  readonly suite: Suite;
  /** A part of the names of the rows to run, in any case; all when absent. */
  readonly only?: string;
  readonly setting: Setting;
  /** Why rivals cannot run; absent when they can. */
  readonly withoutRivals?: string;
  /** Where Redis and data come from; default this machine. */
  readonly sources?: Sources;
  /** Called with a line on what happens now. */
  readonly say: (line: string) => void;
}

const ROUNDS = 5;
const QUICK_ROUNDS = 3;
const LAUNCHES = 2;

/** The rows of a suite that a name picks, by benchmark; those without any are left out. */
export function picked(
  suite: Suite,
  only: string | undefined,
): readonly { readonly benchmark: Benchmark; readonly rows: readonly RowSpec[] }[] {
  const part = only?.toLowerCase() ?? "";
  return suite.benchmarks
    .map((benchmark) => ({
      benchmark,
      rows: benchmark.rows.filter(({ name }) => name.toLowerCase().includes(part)),
    }))
    .filter(({ rows }) => rows.length > 0);
}

/** The rivals that the picked rows need. */
export function rivalsOf(suite: Suite, only: string | undefined): readonly string[] {
  const rivals = new Set<string>();
  for (const { benchmark, rows } of picked(suite, only)) {
    for (const name of rows.flatMap(variantsOf)) {
      const rival = benchmark.variants[name]?.rival;
      if (rival !== undefined) rivals.add(rival);
    }
  }
  return [...rivals].sort((a, b) => a.localeCompare(b));
}

/** Runs the rows that `only` picks. */
export async function runSuite(run: SuiteRun): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const supplies = new Supplies(run.sources ?? machineSources(run.setting.dataDir));
  for (const { benchmark, rows: specs } of picked(run.suite, run.only)) {
    const names = [...new Set(specs.flatMap(variantsOf))];
    const supplied = await supplies.supply(benchmark.needs, run.setting);
    const setting = supplied.ok ? supplied.value : run.setting;
    const series = new Series({ ...run, setting }, benchmark, names);
    if (supplied.ok) await series.measure();
    else series.skip(supplied.error);
    rows.push(...specs.map((spec) => rowOf(benchmark, spec, series.samples, series.failures)));
  }
  return rows;
}

/** One benchmark's launches and rounds. */
class Series {
  readonly samples = new Map<string, number[]>();
  readonly failures = new Map<string, string>();
  readonly #run: SuiteRun;
  readonly #benchmark: Benchmark;
  readonly #names: readonly string[];

  constructor(run: SuiteRun, benchmark: Benchmark, names: readonly string[]) {
    this.#run = run;
    this.#benchmark = benchmark;
    this.#names = names;
    for (const name of names) {
      if (benchmark.variants[name]?.rival !== undefined && run.withoutRivals !== undefined) {
        this.failures.set(name, run.withoutRivals);
      }
    }
  }

  /** Measures nothing. */
  skip(why: string): void {
    this.#run.say(`${this.#benchmark.name} is skipped: ${why}`);
    for (const name of this.#names) this.failures.set(name, why);
  }

  async measure(): Promise<void> {
    const { quick } = this.#run.setting;
    const launches = quick ? 1 : (this.#benchmark.launches ?? LAUNCHES);
    const most = this.#benchmark.rounds ?? ROUNDS;
    const rounds = quick ? Math.min(QUICK_ROUNDS, most) : most;
    for (let launch = 0; launch < launches; launch++) {
      this.#run.say(`${this.#benchmark.name}, launch ${launch + 1} of ${launches}`);
      await this.#launch(rounds);
    }
  }

  async #launch(rounds: number): Promise<void> {
    const runners = new Map<string, Runner>();
    try {
      for (const name of this.#names) {
        await this.#trying(name, async () => {
          runners.set(name, await this.#start(name));
        });
      }
      for (let round = 0; round < rounds; round++) {
        for (let i = 0; i < this.#names.length; i++) {
          const name = this.#names[(i + round) % this.#names.length] ?? "";
          const runner = runners.get(name);
          if (runner === undefined) continue;
          await this.#trying(name, async () => this.#keep(name, await runner.run()));
        }
      }
    } finally {
      for (const runner of runners.values()) await runner.stop();
    }
  }

  #start(name: string): Promise<Runner> {
    const spec = this.#benchmark.variants[name];
    if (spec === undefined) throw new Error(`${this.#benchmark.name} has no variant ${name}`);
    return Runner.start({
      suite: this.#run.suite.name,
      benchmark: this.#benchmark.name,
      variant: name,
      spec,
      setting: this.#run.setting,
    });
  }

  async #trying(name: string, step: () => Promise<void>): Promise<void> {
    if (this.failures.has(name)) return;
    try {
      await step();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.failures.set(name, why);
      // Samples of a variant that loses work say nothing.
      this.samples.delete(name);
      this.#run.say(`${this.#benchmark.name}: ${name}: ${why}`);
    }
  }

  #keep(name: string, value: number): void {
    const samples = this.samples.get(name);
    if (samples === undefined) this.samples.set(name, [value]);
    else samples.push(value);
  }
}
