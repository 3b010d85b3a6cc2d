/**
 * Two reports beside each other: what changed, and whether that is more than chance.
 *
 * Owns: the differences and the noise hint. Pure.
 *
 * N1: the noise of a percentile is half of its 95 % interval by order statistics, made wider by how much
 *   the median moved from stretch to stretch of the run more than chance would move it: requests that
 *   follow each other are not independent.
 * N2: a difference within the noise of both runs together is called noise, never better or worse. The
 *   hint knows nothing of what differs between runs, so it is a lower bound: repeat what matters.
 * N3: a percentile beyond what either run had requests for is not compared.
 *
 * Source: Hahn and Meeker, Statistical Intervals, order statistics; design effect (Kish 1965).
 */
import { LatencyHistogram } from "./latency.ts";
import { errorShareOf, type LoadReport } from "./load-report.ts";

/** How a figure changed. */
export type Change = "better" | "worse" | "noise" | "unknown";

/** One figure of both reports. */
export interface ComparedFigure {
  readonly name: string;
  readonly unit: "ms" | "/s" | "%";
  readonly before: number | undefined;
  readonly after: number | undefined;
  /** How far both may be apart by chance, in the figure's unit; absent where that is not known. */
  readonly noise?: number;
  readonly change: Change;
}

const PERCENTILES = [50, 90, 95, 99, 99.9] as const;
/** The two-sided 95 % quantile of the normal distribution. */
const Z = 1.96;
/** Requests beyond a percentile without which it is not compared (N3). */
const FEWEST_BEYOND = 5;

/** The figures of both, before and after. */
export function comparedLoads(before: LoadReport, after: LoadReport): readonly ComparedFigure[] {
  const percentiles = PERCENTILES.map((percentile) =>
    comparedPercentile(`p${percentile}`, percentile, before, after),
  );
  return [
    ...percentiles,
    comparedRate(before, after),
    {
      name: "errors",
      unit: "%",
      before: errorShareOf(before) * 100,
      after: errorShareOf(after) * 100,
      change: comparedErrors(before, after),
    },
  ];
}

/** What of two runs' loads differs, so that their figures say less about the system: one line each. */
export function differingLoads(before: LoadReport, after: LoadReport): readonly string[] {
  const [one, other] = [before.loop, after.loop];
  if (one.kind !== other.kind) return [`one loop was ${one.kind}, the other ${other.kind}`];
  const lines: string[] = [];
  if (one.kind === "closed" && other.kind === "closed" && one.concurrency !== other.concurrency) {
    lines.push(`the concurrency was ${one.concurrency}, now ${other.concurrency}`);
  }
  if (one.kind === "open" && other.kind === "open") {
    if (Math.abs(one.rateHz - other.rateHz) > one.rateHz * 0.001) {
      lines.push(`the rate was ${one.rateHz.toFixed(1)}/s, now ${other.rateHz.toFixed(1)}/s`);
    }
    if (one.arrivals !== other.arrivals) {
      lines.push(`arrivals were ${one.arrivals}, now ${other.arrivals}`);
    }
  }
  return lines;
}

function comparedPercentile(
  name: string,
  percentile: number,
  before: LoadReport,
  after: LoadReport,
): ComparedFigure {
  const [one, other] = [estimateOf(before, percentile), estimateOf(after, percentile)];
  const figure = { name, unit: "ms", before: one?.ms, after: other?.ms } as const;
  if (one?.noiseMs === undefined || other?.noiseMs === undefined) {
    return { ...figure, change: "unknown" };
  }
  const noise = Math.hypot(one.noiseMs, other.noiseMs);
  return { ...figure, noise, change: changeOf(other.ms - one.ms, noise) };
}

/** `difference` above 0 is worse. */
function changeOf(difference: number, noise: number): Change {
  if (Math.abs(difference) <= noise) return "noise";
  return difference > 0 ? "worse" : "better";
}

/** An open loop below its capacity answers at the rate that it asks at, so the rate says little. */
function comparedRate(before: LoadReport, after: LoadReport): ComparedFigure {
  const noise = Math.hypot(rateNoiseOf(before), rateNoiseOf(after));
  const [one, other] = [before.throughputHz, after.throughputHz];
  const known = before.ok > 0 && after.ok > 0;
  return {
    name: "throughput",
    unit: "/s",
    before: one,
    after: other,
    ...(known ? { noise } : {}),
    change: known ? changeOf(one - other, noise) : "unknown",
  };
}

/** Of the mean of the stretches, from how much they differ. */
function rateNoiseOf({ timeline }: LoadReport): number {
  const whole = timeline.filter(({ fromMs, toMs }) => toMs - fromMs === widthOf(timeline));
  return (
    (Z * deviationOf(whole.map(({ throughputHz }) => throughputHz))) / Math.sqrt(whole.length || 1)
  );
}

function widthOf(timeline: LoadReport["timeline"]): number {
  const [first] = timeline;
  return first === undefined ? 0 : first.toMs - first.fromMs;
}

/** By the normal approximation of two shares. */
function comparedErrors(before: LoadReport, after: LoadReport): Change {
  if (before.intended === 0 || after.intended === 0) return "unknown";
  const [one, other] = [errorShareOf(before), errorShareOf(after)];
  const varianceOf = (share: number, count: number) => (share * (1 - share)) / count;
  const variance = varianceOf(one, before.intended) + varianceOf(other, after.intended);
  // With none at all the approximation knows no noise: three in as many is what chance hides.
  const least = 3 / Math.min(before.intended, after.intended);
  return changeOf(other - one, Math.max(Z * Math.sqrt(variance), least));
}

interface Estimate {
  readonly ms: number;
  /** Absent where there are too few requests (N3). */
  readonly noiseMs?: number;
}

function estimateOf(report: LoadReport, percentile: number): Estimate | undefined {
  const { latency } = report;
  if (latency === undefined) return undefined;
  const histogram = LatencyHistogram.from(latency);
  const ms = histogram.at(percentile);
  const count = latency.count / designEffectOf(histogram, report);
  if (count * (1 - percentile / 100) < FEWEST_BEYOND) return { ms };
  return { ms, noiseMs: halfIntervalOf(histogram, percentile, count) };
}

/** Half of the 95 % interval of a percentile of `count` independent requests. */
function halfIntervalOf(histogram: LatencyHistogram, percentile: number, count: number): number {
  const share = percentile / 100;
  const reach = Z * Math.sqrt((share * (1 - share)) / count);
  const at = (place: number) => histogram.at(Math.min(1, Math.max(0, place)) * 100);
  return (at(share + reach) - at(share - reach)) / 2;
}

/** How many times more requests it takes, because neighbours are alike; 1 or more (N1). */
function designEffectOf(histogram: LatencyHistogram, { timeline }: LoadReport): number {
  const medians = timeline.flatMap(({ p50Ms }) => p50Ms ?? []);
  if (medians.length < 4) return 1;
  const perStretch = histogram.count / medians.length;
  const expected = halfIntervalOf(histogram, 50, perStretch) / Z;
  // Below what the histogram tells apart, there is nothing to explain.
  const resolution = histogram.at(50) * 0.01;
  const ratio = deviationOf(medians) / Math.max(expected, resolution, 0.001);
  return Math.min(Math.max(1, ratio ** 2), perStretch);
}

function deviationOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

/** The comparison as lines for people. */
export function comparisonText(
  figures: readonly ComparedFigure[],
  differences: readonly string[],
): string {
  const rows = figures.map((figure) => {
    const { name, unit, before, after, noise, change } = figure;
    const cells = [
      shown(before, unit),
      shown(after, unit),
      differenceOf(figure),
      noise === undefined ? "?" : `±${noise.toFixed(2)}`,
    ];
    return `${name.padEnd(12)}${cells.map((cell) => cell.padStart(12)).join("")}  ${WORDS[change]}`;
  });
  const head = ["before", "after", "change", "by chance"].map((cell) => cell.padStart(12)).join("");
  return [
    `${"compared".padEnd(12)}${head}`,
    ...rows,
    ...differences.map((line) => `! not the same load: ${line}`),
  ].join("\n");
}

/** What each change is called. */
const WORDS: Readonly<Record<Change, string>> = {
  better: "better",
  worse: "worse",
  noise: "within the noise",
  unknown: "too few to say",
};

function shown(value: number | undefined, unit: ComparedFigure["unit"]): string {
  return value === undefined ? "-" : `${value.toFixed(2)}${unit}`;
}

/** The change in percent of what it was. */
export function differenceOf({ before, after }: ComparedFigure): string {
  if (before === undefined || after === undefined || before === 0) return "-";
  const percent = ((after - before) / before) * 100;
  return `${percent >= 0 ? "+" : ""}${percent.toFixed(1)}%`;
}
