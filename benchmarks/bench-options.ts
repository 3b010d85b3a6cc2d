/**
 * The options of the benchmarks' command line, parsed.
 *
 * O1: a mistake is a sentence that says what may stand there; nothing is run.
 */
import { parseArgs } from "node:util";
import { suiteNames } from "./suites.ts";

/** What to run and how. */
export interface BenchOptions {
  readonly suite: string;
  /** A part of the names of the rows to run; all when absent. */
  readonly only?: string;
  readonly quick: boolean;
  readonly json: boolean;
  readonly seed: number;
  readonly dataDir?: string;
}

/** Options, or what is wrong with them. */
export type ParsedOptions =
  | { readonly ok: true; readonly options: BenchOptions }
  | { readonly ok: false; readonly problem: string };

/** How the command is used, in one line. */
export const USAGE: string = `usage: bench <${suiteNames.join("|")}> [--only NAME] [--quick] [--json] [--seed N] [--data DIR]`;

/** Parses the arguments after the script's name. */
export function parseBenchOptions(args: readonly string[]): ParsedOptions {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  const [suite, ...more] = positionals;
  if (suite === undefined) return refused("name a suite");
  if (more.length > 0) return refused(`one suite at a time, not also ${more.join(", ")}`);
  if (!suiteNames.includes(suite)) return refused(`there is no suite ${suite}`);
  const seed = /^\d{1,15}$/.test(values.seed) ? Number(values.seed) : Number.NaN;
  if (Number.isNaN(seed)) return refused(`a seed is a whole number from 0: ${values.seed}`);
  const { only, data: dataDir } = values;
  return {
    ok: true,
    options: {
      suite,
      seed,
      quick: values.quick,
      json: values.json,
      ...(only === undefined ? {} : { only }),
      ...(dataDir === undefined ? {} : { dataDir }),
    },
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      seed: { type: "string", default: "1" },
      data: { type: "string" },
    },
  });
}

function refused(problem: string): ParsedOptions {
  return { ok: false, problem };
}
