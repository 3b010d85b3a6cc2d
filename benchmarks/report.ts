/**
 * What a benchmark suite reports, as a table and as JSON version 1.
 *
 * A row compares with a rival measured in the same process, alternating with it, so that the
 * machine's mood strikes both; `ratio` is ours divided by the rival's.
 */

/** One measured figure. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The rival's figure in the same unit. */
  readonly rival: number;
  readonly ratio: number;
  /** The ratio to reach. */
  readonly goal: number;
  readonly met: boolean;
}

/** What a suite found. */
export interface Report {
  readonly v: 1;
  readonly suite: string;
  readonly seed: number;
  readonly rows: readonly Row[];
}

/** A row from interleaved runs of both, by their medians. */
export function row(
  name: string,
  unit: string,
  runs: { readonly ours: readonly number[]; readonly rival: readonly number[] },
  goal: number,
): Row {
  const value = median(runs.ours);
  const rival = median(runs.rival);
  const ratio = value / rival;
  return { name, value, unit, rival, ratio, goal, met: ratio >= goal };
}

/** The report as people read it. */
export function tableOf(report: Report): string {
  const lines = report.rows.map(({ name, value, unit, rival, ratio, goal, met }) =>
    [
      name.padEnd(28),
      `${round(value)} ${unit}`.padStart(20),
      `rival ${round(rival)}`.padStart(20),
      `ratio ${ratio.toFixed(3)}`.padStart(14),
      `goal ${goal} ${met ? "met" : "missed"}`.padStart(18),
    ].join(" "),
  );
  return [`${report.suite} (seed ${report.seed})`, ...lines].join("\n");
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function round(value: number): string {
  return Math.round(value).toLocaleString("en");
}
