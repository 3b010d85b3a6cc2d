/**
 * What a benchmark is: variants that do the same work, and the rows that compare them.
 *
 * Owns: the shapes that suites are written in. How they are run is `run-suite.ts`, what becomes of
 * the samples `row.ts`.
 *
 * B1: a variant counts completed work where it is received, and says how much it was; the harness
 *     refuses a run that completed another amount than it was asked for.
 * B2: a variant measures its own time with a `Stopwatch`, so that making and clearing away
 *     are not in it, nor what other processes took.
 */

import type { DataSetName } from "./data/catalogue.ts";
import type { RedisBinary } from "./redis/redis-binary.ts";

/** What a variant is made with. */
export interface Setting {
  /** A shorter form of everything. */
  readonly quick: boolean;
  /** Seeds whatever is random in the work. */
  readonly seed: number;
  /** Where data files lie; absent when there are none. */
  readonly dataDir?: string;
  /** Where the rivals' packages are installed; absent when none is needed. */
  readonly rivalsDir?: string;
  /** What to run with `launchRedis`; there when the benchmark needs it. */
  readonly redis?: RedisBinary;
}

/** What a benchmark needs from outside; where something is missing its rows are skipped. */
export interface Needs {
  readonly redis?: true;
  /** A variant reads them with `openDataSet(name, setting.dataDir)`. */
  readonly data?: readonly DataSetName[];
}

/** A run's work, as its receiver counted it. */
export interface Completed {
  readonly completed: number;
  readonly elapsedMs: number;
}

/** A variant whose figure is a rate: work per second. */
export interface RateVariant {
  readonly kind: "rate";
  /** Work comes in multiples of this. */
  readonly batch: number;
  /** Exactly this much work in every run; otherwise as much as fills the run's time. */
  readonly exactly?: number;
  /** Where a run or the warm-up must last longer than usual. */
  readonly pace?: { readonly runMs?: number; readonly warmMs?: number };
  readonly run: (count: number) => Promise<Completed> | Completed;
  readonly end?: () => Promise<void> | void;
}

/** A variant that measures a figure of another kind, such as bytes. */
export interface FigureVariant {
  readonly kind: "figure";
  readonly measure: () => Promise<number> | number;
  readonly end?: () => Promise<void> | void;
}

/** One way to do a benchmark's work, alive in a process of its own. */
export type Variant = RateVariant | FigureVariant;

/** A replacement in a built source file, made when it is loaded. */
export interface Rewrite {
  /** Below `dist/`. */
  readonly file: string;
  /** Must be there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** How to start a variant. */
export interface VariantSpec {
  readonly make: (setting: Setting) => Promise<Variant> | Variant;
  /** The rival whose package it needs. */
  readonly rival?: string;
  /** Flags of its process. */
  readonly nodeFlags?: readonly string[];
  /** What is cut out of our own sources in its process. */
  readonly rewrites?: readonly Rewrite[];
}

/** How a row is judged. */
export type Judgement =
  /** The ratio to the rival must reach the goal. */
  | "ratio-at-least"
  /** The value must not exceed the goal. */
  | "value-at-most"
  /** The value is how many per cent slower than the rival ours is; it must not exceed the goal. */
  | "slower-at-most";

/** One line of the report. */
export interface RowSpec {
  readonly name: string;
  /** The variant of ours; default `troupe`. */
  readonly ours?: string;
  /** The variants it is compared with, of which the best counts; none for a row with a limit alone. */
  readonly against: readonly string[];
  /** What `against` is called when it is several. */
  readonly label?: string;
  /** Absent for a figure that is only reported. */
  readonly goal?: number;
  /** Default `ratio-at-least`. */
  readonly judged?: Judgement;
}

/** Variants that do the same work, and what is to be said of them. */
export interface Benchmark {
  readonly name: string;
  /** One sentence: the work, and what one unit of it is. */
  readonly about: string;
  readonly unit: string;
  /** Whether more of the unit is better, or less. */
  readonly better: "more" | "less";
  readonly variants: Readonly<Record<string, VariantSpec>>;
  readonly rows: readonly RowSpec[];
  /** Default nothing. */
  readonly needs?: Needs;
  /** How often each variant runs in each of its processes; default 5, quick 3. */
  readonly rounds?: number;
  /** How many processes each variant gets, one after the other; default 2, quick 1. */
  readonly launches?: number;
}

/** The benchmarks of one subject. */
export interface Suite {
  readonly name: string;
  readonly benchmarks: readonly Benchmark[];
}
