/**
 * One line of a report: a figure of ours, the one it is compared with, and whether that is enough.
 *
 * Owns: turning samples into rows. The report around them is `report.ts`.
 *
 * W1: `ratio` says how many times better than the rival ours is, whatever the unit: ours ÷ theirs
 *     of rates, theirs ÷ ours of costs.
 * W2: a row that could not be measured says why in `skipped`, and counts as not met.
 * W3: a row without a goal is a report: it counts as met.
 */
import type { Benchmark, Judgement, RowSpec } from "./benchmark.ts";
import { median, pairedRatio, type Samples } from "./samples.ts";

/** One measured figure. */
export interface Row {
  readonly name: string;
  /** Ours; `null` when it could not be measured. */
  readonly value: number | null;
  readonly unit: string;
  /** The other's, in the same unit; `null` where there is none. */
  readonly rival: number | null;
  readonly ratio: number | null;
  readonly goal: number | null;
  readonly met: boolean;
  /** Which rival or limit it is compared with. */
  readonly against: string;
  readonly judged: Judgement;
  /** Why it could not be measured. */
  readonly skipped?: string;
}

/** Why variants could not run, by name. */
export type Failures = ReadonlyMap<string, string>;

/** The name of our variant, unless a row says another. */
const OURS = "troupe";

/** The variants that a row needs; of several rivals one is enough. */
export function variantsOf(spec: RowSpec): readonly string[] {
  return [spec.ours ?? OURS, ...spec.against];
}

/** A row from what was measured. */
export function rowOf(
  benchmark: Benchmark,
  spec: RowSpec,
  samples: Samples,
  failures: Failures,
): Row {
  const ours = samples.get(spec.ours ?? OURS) ?? [];
  const judged = spec.judged ?? "ratio-at-least";
  const best = bestOf(benchmark, spec.against, samples);
  const row = {
    name: spec.name,
    unit: judged === "slower-at-most" ? "% slower" : benchmark.unit,
    goal: spec.goal ?? null,
    against: labelOf(spec, best?.name),
    judged,
  };
  const skipped = whySkipped(spec, ours, best !== undefined, failures);
  if (skipped !== undefined) {
    return { ...row, value: null, rival: null, ratio: null, met: false, skipped };
  }
  if (judged === "slower-at-most" && best !== undefined) {
    const ratio = pairedRatio(ours, best.samples);
    const value = (1 / ratio - 1) * 100;
    return { ...row, value, rival: 0, ratio, met: spec.goal === undefined || value <= spec.goal };
  }
  const value = median(ours);
  const rival = best === undefined ? null : median(best.samples);
  const ratio = rival === null ? null : benchmark.better === "more" ? value / rival : rival / value;
  return { ...row, value, rival, ratio, met: isMet(judged, spec.goal, value, ratio) };
}

function isMet(
  judged: Judgement,
  goal: number | undefined,
  value: number,
  ratio: number | null,
): boolean {
  if (goal === undefined) return true;
  switch (judged) {
    case "ratio-at-least":
      return ratio !== null && ratio >= goal;
    case "value-at-most":
    case "slower-at-most":
      return value <= goal;
  }
}

function bestOf(
  { better }: Benchmark,
  names: readonly string[],
  samples: Samples,
): { readonly name: string; readonly samples: readonly number[] } | undefined {
  let best: { name: string; samples: readonly number[] } | undefined;
  for (const name of names) {
    const found = samples.get(name) ?? [];
    if (found.length === 0) continue;
    const isBetter =
      best === undefined ||
      (better === "more"
        ? median(found) > median(best.samples)
        : median(found) < median(best.samples));
    if (isBetter) best = { name, samples: found };
  }
  return best;
}

function labelOf(spec: RowSpec, best: string | undefined): string {
  if (spec.label === undefined) return best ?? spec.against.join(", ");
  return best === undefined ? spec.label : `${spec.label}: ${best}`;
}

function whySkipped(
  spec: RowSpec,
  ours: readonly number[],
  hasRival: boolean,
  failures: Failures,
): string | undefined {
  const name = spec.ours ?? OURS;
  if (ours.length === 0) return failures.get(name) ?? `${name} was not measured`;
  // The best of all is not known while one of them is missing.
  for (const rival of spec.against) {
    const failure = failures.get(rival);
    if (failure !== undefined) return `${rival}: ${failure}`;
  }
  if (spec.against.length > 0 && !hasRival) return `${spec.against.join(", ")} was not measured`;
  return undefined;
}
