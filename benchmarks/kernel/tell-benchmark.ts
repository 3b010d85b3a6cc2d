/**
 * What the benchmarks of tells have in common: the variants, and the goals of every one of them.
 *
 * Owns: whom they are compared with. The work is the benchmark's.
 */
import type { Benchmark, RateVariant, RowSpec, Setting, VariantSpec } from "../benchmark.ts";
import type { RivalSystem } from "../rivals/rival.ts";
import { MESSAGING, rivalVariant } from "../rivals/rivals.ts";

/** One kind of work with messages. */
export interface TellWork {
  readonly name: string;
  readonly about: string;
  /** Our actors. */
  readonly ours: (setting: Setting) => Promise<RateVariant>;
  /** The plain queue loop. */
  readonly bare: (setting: Setting) => RateVariant;
  /** A rival's actors. */
  readonly on: (system: RivalSystem, setting: Setting) => Promise<RateVariant>;
  /** The rivals that can do this work; all that have messages when absent. */
  readonly rivals?: readonly string[];
  /** The ratios to reach; a comparison without one is only reported. */
  readonly goals: {
    readonly bare?: number;
    readonly nact?: number;
    readonly xstate?: number;
    readonly comedy?: number;
    readonly best?: number;
  };
}

/** The loop's name among the variants. */
export const BARE_LOOP = "bare loop";

/** A benchmark of tells. */
export function tellBenchmark(work: TellWork): Benchmark {
  const { name, about, ours, bare, on, goals, rivals = MESSAGING } = work;
  const variants: Record<string, VariantSpec> = {
    troupe: { make: ours },
    [BARE_LOOP]: { make: bare },
  };
  for (const rival of rivals) variants[rival] = rivalVariant(rival, on);
  const row = (title: string, against: readonly string[], goal: number | undefined): RowSpec => ({
    name: `${name} vs ${title}`,
    against,
    ...(against.length > 1 ? { label: title } : {}),
    ...(goal === undefined ? {} : { goal }),
  });
  return {
    name,
    about,
    unit: "messages/s",
    better: "more",
    variants,
    rows: [
      row(BARE_LOOP, [BARE_LOOP], goals.bare),
      ...(["nact", "xstate", "comedy"] as const)
        .filter((rival) => goals[rival] !== undefined)
        .map((rival) => row(rival, [rival], goals[rival])),
      row("best rival", rivals, goals.best),
    ],
  };
}
