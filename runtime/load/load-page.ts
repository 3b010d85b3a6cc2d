/**
 * A load document as one page that needs nothing else: no script, no font, no request.
 *
 * Owns: what is on it and in which order. Charts are `page-chart.ts`, the look `page-style.ts`.
 *
 * P1: whatever text comes from the document is escaped.
 * P2: a run in which nothing succeeded has no charts of figures, only what became of its requests.
 * P3: what is not known is a dash or said in words, never 0.
 */
import { comparedLoads, differenceOf, differingLoads } from "./comparison.ts";
import { LatencyHistogram, type LatencySummary } from "./latency.ts";
import type { LoadDocument, ProcessSample, ProcessTimeline } from "./load-document.ts";
import { errorShareOf, type LoadReport } from "./load-report.ts";
import { paceText } from "./load-text.ts";
import { type ChartLine, escaped, htmlTable, type LineChart, lineChart } from "./page-chart.ts";
import { PAGE_STYLE } from "./page-style.ts";

/**
 * The page as an HTML document.
 *
 * @param before - a former run that this one is compared with
 */
export function loadPage(document: LoadDocument, before?: LoadDocument): string {
  const { target, report } = document;
  const title = `${target.name} under load`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p>${escaped(`${target.kind} · ${paceText(report.loop)} · ${seconds(report.measuredMs)} measured after ${seconds(report.warmupMs)} of warm-up · ${new Date(document.startedAtMs).toISOString()}`)}</p>
${cardsOf(report)}
${warningsOf(document)}
${objectivesOf(document)}
${report.ok === 0 ? "" : figuresOf(document, before)}
${outcomesOf(document)}
${processesOf(document)}
${factsOf(document)}
</main>
</body>
</html>
`;
}

function cardsOf(report: LoadReport): string {
  const { latency } = report;
  const cards: readonly (readonly [string, string])[] = [
    ["good answers a second", report.ok === 0 ? "–" : number(report.throughputHz)],
    ["median latency", latency === undefined ? "–" : span(latency.p50Ms)],
    ["99th percentile", latency === undefined ? "–" : span(latency.p99Ms)],
    ["longest", latency === undefined ? "–" : span(latency.maxMs)],
    ["did not end well", `${(errorShareOf(report) * 100).toFixed(2)} %`],
  ];
  const items = cards.map(
    ([name, value]) => `<li><b>${escaped(value)}</b><span>${name}</span></li>`,
  );
  return `<ul class="cards">${items.join("")}</ul>`;
}

function warningsOf({ warnings, report }: LoadDocument): string {
  const lines = [
    ...(report.ok === 0 ? ["Nothing succeeded, so there is nothing to measure."] : []),
    ...(report.stopped ? ["The run was stopped before its time."] : []),
    ...warnings,
  ];
  if (lines.length === 0) return "";
  return `<ul class="warnings">${lines.map((line) => `<li>${escaped(line)}</li>`).join("")}</ul>`;
}

function objectivesOf({ objectives = [] }: LoadDocument): string {
  if (objectives.length === 0) return "";
  const items = objectives.map(({ text, met, measured }) => {
    const verdict = met ? '<b class="met">✓ met</b>' : '<b class="missed">✗ missed</b>';
    return `<li>${verdict} ${escaped(text)} (${escaped(measured)})</li>`;
  });
  return `<h2>Objectives</h2><ul>${items.join("")}</ul>`;
}

function figuresOf(document: LoadDocument, before: LoadDocument | undefined): string {
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

function overTime(chart: Omit<LineChart, "xName" | "xTicks" | "xShown">): string {
  const xs = chart.lines.flatMap(({ points }) => points.map(({ x }) => x));
  const [from, to] = [Math.min(0, ...xs), Math.max(0, ...xs)];
  const step = Math.max(1, Math.ceil((to - from) / 10 / 500) * 500);
  const first = Math.ceil(from / step);
  const ticks = Array.from({ length: Math.floor(to / step) - first + 1 }, (_, at) => {
    const x = (first + at) * step;
    return { x, label: seconds(x) };
  });
  return lineChart({ ...chart, xName: "since the window began", xTicks: ticks, xShown: seconds });
}

function outcomesOf({ report, receipt }: LoadDocument): string {
  const { intended, ok, unfinished, unsent } = report;
  const failures = Object.entries(report.failed);
  const failed = failures.reduce((sum, [, count]) => sum + count, 0);
  const part = (kind: string, count: number) =>
    count === 0 ? "" : `<i class="${kind}" style="flex:${count}"></i>`;
  const share = (count: number) =>
    intended === 0 ? "–" : `${((count * 100) / intended).toFixed(2)} %`;
  const row = (name: string, count: number, said: string) => [
    name,
    String(count),
    share(count),
    said,
  ];
  const rows = [
    row("ended well", ok, ""),
    ...failures.map(([code, count]) => row(code, count, report.examples[code] ?? "")),
    row("no answer at the end", unfinished, ""),
    row("not sent", unsent, ""),
  ].filter(([, count], at) => at === 0 || count !== "0");
  const tells =
    receipt === undefined
      ? ""
      : `<p>${receipt.sent} tells were sent in all, ${receipt.received ?? "nobody counted how many"} received.</p>`;
  return `<h2>What became of ${intended} requests</h2>
<div class="bar" role="img" aria-label="${ok} ended well, ${failed} failed, ${unfinished + unsent} had no answer or were not sent">${part("ok", ok)}${part("failed", failed)}${part("open", unfinished + unsent)}</div>
${htmlTable("by outcome", ["outcome", "requests", "share", "the first one said"], rows)}${tells}`;
}

function processesOf({ processes }: LoadDocument): string {
  if (processes.length === 0) return "";
  const unknown = processes.flatMap(({ name, unknown: why }) =>
    why === undefined ? [] : [`<p>${escaped(name)}: ${escaped(why)}.</p>`],
  );
  const chart = (
    title: string,
    about: string,
    of: (sample: ProcessSample) => number | undefined,
    rest: Pick<LineChart, "yName" | "yShown">,
  ): string => {
    const lines = processes
      .map((process) => ({ name: process.name, points: pointsOf(process, of) }))
      .filter(({ points }) => points.some(({ y }) => y !== undefined));
    return overTime({ title, about, lines, ...rest });
  };
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return [
    "<h2>Nodes and generators</h2>",
    ...unknown,
    chart("Processor", "Of one core; worker threads count too.", ({ cpuShare }) => cpuShare, {
      yName: "share of a core",
      yShown: percent,
    }),
    chart("Memory", "Resident set.", ({ rssBytes }) => rssBytes && rssBytes / 1_048_576, {
      yName: "megabytes",
      yShown: (mb) => `${number(mb)} MB`,
    }),
    chart(
      "Event loop",
      "The longest that it was late since the sample before.",
      ({ lagMs }) => lagMs,
      {
        yName: "milliseconds",
        yShown: span,
      },
    ),
    chart(
      "Mailboxes",
      "Messages that wait, all actors of a node together.",
      ({ queued }) => queued,
      {
        yName: "messages",
        yShown: number,
      },
    ),
  ].join("\n");
}

function pointsOf(
  { samples }: ProcessTimeline,
  of: (sample: ProcessSample) => number | undefined,
): ChartLine["points"] {
  return samples.map((sample) => ({ x: Math.round(sample.atMs), y: of(sample) }));
}

function factsOf({ parameters, environment }: LoadDocument): string {
  return [
    "<h2>How it was run</h2>",
    htmlTable("parameters", ["option", "value"], Object.entries(parameters)),
    htmlTable("environment", ["what", "which"], Object.entries(environment)),
  ].join("\n");
}

function span(ms: number): string {
  const [value, unit] = ms >= 10_000 ? [ms / 1_000, "s"] : [ms, "ms"];
  // Three digits are what a histogram knows.
  return `${value >= 1_000 ? Math.round(value) : Number(value.toPrecision(3))} ${unit}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

function number(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Math.round(value * 100) / 100);
}

function percentText(percentile: number): string {
  return String(Math.round(percentile * 100_000) / 100_000);
}
