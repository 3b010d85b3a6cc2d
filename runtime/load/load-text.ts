/**
 * A load report for people: a head line, a table in milliseconds, and what went wrong.
 *
 * Owns: how it reads on a terminal. The page is `load-page.ts`.
 */
import type { LatencySummary } from "./latency.ts";
import type { LoadLoop, LoadReport } from "./load-report.ts";

const NAME_WIDTH = 16;
const CELL_WIDTH = 10;
const COLUMNS = ["min", "mean", "p50", "p90", "p99", "p99.9", "max"];

/** The report as lines. Without a single success it has no table: there is nothing to measure (R3). */
export function loadReportText(report: LoadReport): string {
  // In a closed loop every request starts when it is meant to: there is nothing more to say of it.
  const isOpen = report.loop.kind === "open";
  const rows = [
    ["first chunk", report.firstChunk],
    ["between chunks", report.chunkGap],
    ["latency", report.latency],
    ["service", isOpen ? report.service : undefined],
    ["lateness", isOpen ? report.lateness : undefined],
  ] as const;
  const shown = rows.flatMap(([name, summary]) =>
    summary === undefined ? [] : [row(name, cells(summary))],
  );
  const table = report.ok === 0 || shown.length === 0 ? [] : ["", row("ms", COLUMNS), ...shown];
  return [headline(report), ...table, ...troubles(report).map((line) => `! ${line}`)].join("\n");
}

/** How requests were started, in a few words. */
export function paceText(loop: LoadLoop): string {
  if (loop.kind === "closed") return `${loop.concurrency} at a time, each after the answer before`;
  return `${Math.round(loop.rateHz * 10) / 10}/s ${loop.arrivals}`;
}

function headline(report: LoadReport): string {
  const seconds = (report.measuredMs / 1_000).toFixed(1);
  const rate = report.ok === 0 ? "" : `, ${report.throughputHz.toFixed(1)}/s`;
  return `${paceText(report.loop)}, ${seconds} s: ${report.ok} of ${report.intended} ok${rate}`;
}

function troubles(report: LoadReport): readonly string[] {
  const lines = Object.entries(report.failed)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([code, count]) => `${count} failed: ${code}${saying(report.examples[code], code)}`);
  if (report.ok === 0) lines.unshift("nothing succeeded, so there is nothing to measure");
  if (report.unfinished > 0) lines.push(`${report.unfinished} had no answer at the end`);
  if (report.unsent > 0) {
    lines.push(`${report.unsent} were not sent: too many in flight; latencies leave them out`);
  }
  if (report.stopped) lines.push("stopped before its time");
  return lines;
}

function saying(example: string | undefined, code: string): string {
  return example === undefined || example === "" || example === code ? "" : ` (${example})`;
}

function cells(summary: LatencySummary): readonly string[] {
  const { minMs, meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = summary;
  return [minMs, meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs].map((ms) => ms.toFixed(2));
}

function row(name: string, values: readonly string[]): string {
  return name.padEnd(NAME_WIDTH) + values.map((value) => value.padStart(CELL_WIDTH)).join("");
}
