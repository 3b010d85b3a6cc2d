/**
 * Latency and throughput on a load report's page.
 *
 * Owns: which charts and tables of them there are. How charts look is `page-chart.ts`.
 */
import { comparedLoads, differenceOf, differingLoads } from "./comparison.ts";
import { escaped } from "./html-page.ts";
import { LatencyHistogram, type LatencySummary } from "./latency.ts";
import type { LoadDocument } from "./load-document.ts";
import type { LoadReport } from "./load-report.ts";
import { type ChartLine, htmlTable, lineChart } from "./page-chart.ts";
import { number, percentText, span } from "./page-number.ts";
import { overTime } from "./page-timeline.ts";

/**
 * The figures of a run in which something succeeded.
 *
 * @param before - a former run that this one is compared with
 */
export function figuresOf(document: LoadDocument, before: LoadDocument | undefined): string {
  const { report } = document;
  return [
    "<h2>Latency and throughput</h2>",
    percentileChart(report, before?.report),
    distributionTable(report),
    comparisonOf(document, before),
    latencyTimeline(report),
    throughputTimeline(report),
  ].join("\n");
}

/** Nines: 0 is no percentile at all, 1 is p90, 2 is p99 … */
const NINES = [0, 0.30103, 1, 1.30103, 2, 3, 4, 5] as const;
const NINE_LABELS = ["0", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "p99.999"] as const;
const STEPS_PER_NINE = 12;

function percentileChart(report: LoadReport, before: LoadReport | undefined): string {
  const named: readonly (readonly [string, LatencySummary | undefined])[] = [
    ["latency", report.latency],
    ["service (from the real start)", report.loop.kind === "open" ? report.service : undefined],
    ["first chunk", report.firstChunk],
    ["between chunks", report.chunkGap],
    ["latency before", before?.latency],
  ];
  const lines = named.flatMap(([name, summary]) =>
    summary === undefined ? [] : [{ name, points: curveOf(summary) }],
  );
  return lineChart({
    title: "Percentiles",
    about:
      "How many requests took no longer than so long; to the right each step is a tenth of what is left.",
    xName: "percentile",
    yName: "milliseconds",
    lines,
    xTicks: NINES.map((x, at) => ({ x, label: NINE_LABELS[at] ?? "" })),
    xShown: (x) => `p${percentText(100 - 100 / 10 ** x)}`,
    yShown: span,
    yScale: "logarithmic",
  });
}

/** As far as there are requests. */
function curveOf(summary: LatencySummary): ChartLine["points"] {
  const histogram = LatencyHistogram.from(summary);
  const last = Math.min(5, Math.log10(Math.max(summary.count, 2)));
  const count = Math.ceil(last * STEPS_PER_NINE);
  const xs = Array.from({ length: count + 1 }, (_, at) => (at / count) * last);
  const ticks = NINES.filter((x) => x <= last);
  return [...new Set([...xs, ...ticks])]
    .sort((one, other) => one - other)
    .map((x) => ({ x, y: histogram.at(100 - 100 / 10 ** x) }));
}

function distributionTable(report: LoadReport): string {
  const named: readonly (readonly [string, LatencySummary | undefined])[] = [
    ["first chunk", report.firstChunk],
    ["between chunks", report.chunkGap],
    ["latency", report.latency],
    ["service", report.service],
    ["lateness", report.lateness],
  ];
  const rows = named.flatMap(([name, summary]) => {
    if (summary === undefined) return [];
    const { minMs, meanMs, p50Ms, p90Ms, p95Ms, p99Ms, p999Ms, maxMs } = summary;
    return [[name, ...[minMs, meanMs, p50Ms, p90Ms, p95Ms, p99Ms, p999Ms, maxMs].map(span)]];
  });
  const head = ["", "min", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"];
  const about =
    "latency runs from the intended start, service from the real one, lateness between both";
  return rows.length === 0 ? "" : htmlTable(about, head, rows);
}

function comparisonOf(document: LoadDocument, before: LoadDocument | undefined): string {
  if (before === undefined) return "";
  const words = { better: "better", worse: "worse", noise: "within the noise", unknown: "too few" };
  const rows = comparedLoads(before.report, document.report).map((figure) => [
    `${figure.name} (${figure.unit})`,
    figure.before?.toFixed(2) ?? "–",
    figure.after?.toFixed(2) ?? "–",
    differenceOf(figure),
    figure.noise === undefined ? "–" : `±${figure.noise.toFixed(2)}`,
    words[figure.change],
  ]);
  const lines = differingLoads(before.report, document.report);
  const head = ["", "before", "after", "change", "by chance", ""];
  return `<h3>Compared with the run of ${escaped(new Date(before.startedAtMs).toISOString())}</h3>
${lines.map((line) => `<p>Not the same load: ${escaped(line)}.</p>`).join("")}
${htmlTable("what chance alone may do within a run; runs differ by more", head, rows)}`;
}

function latencyTimeline({ timeline }: LoadReport): string {
  const of = (name: string, key: "p50Ms" | "p99Ms" | "maxMs"): ChartLine => ({
    name,
    points: timeline.map((point) => ({ x: point.fromMs, y: point[key] })),
  });
  return overTime({
    title: "Latency over time",
    about: "By the instant at which requests were meant to start.",
    yName: "milliseconds",
    lines: [of("median", "p50Ms"), of("99th percentile", "p99Ms"), of("longest", "maxMs")],
    yShown: span,
    yScale: "logarithmic",
  });
}

function throughputTimeline({ timeline }: LoadReport): string {
  const rate = (count: number, point: LoadReport["timeline"][number]) =>
    (count * 1_000) / Math.max(1, point.toMs - point.fromMs);
  const line = (
    name: string,
    of: (point: LoadReport["timeline"][number]) => number,
  ): ChartLine => ({
    name,
    points: timeline.map((point) => ({ x: point.fromMs, y: of(point) })),
  });
  return overTime({
    title: "Requests over time",
    about: "Meant to start, answered well, and failed, a second.",
    yName: "a second",
    lines: [
      line("meant to start", (point) => rate(point.intended, point)),
      line("answered well", (point) => point.throughputHz),
      line("failed", (point) => rate(point.failed, point)),
    ],
    yShown: number,
  });
}
