/**
 * What a load run found, as data and as a table.
 *
 * Owns: the format, version 1. Its neighbour `load-tally.ts` fills it.
 *
 * R1: intended = ok + failed + unfinished + unsent: no request disappears from the account.
 * R2: fields are only added; a reader ignores what it does not know.
 */
import type { Arrivals } from "./arrivals.ts";
import type { LatencySummary } from "./latency.ts";

/** How requests were started. */
export type LoadLoop =
  | { readonly kind: "open"; readonly rateHz: number; readonly arrivals: Arrivals }
  | { readonly kind: "closed"; readonly concurrency: number };

/** The result of a load run; plain data, printed as it is by `--json`. */
export interface LoadReport {
  readonly v: 1;
  readonly loop: LoadLoop;
  readonly warmupMs: number;
  /** The measured window; shorter than asked for when the run was stopped. */
  readonly measuredMs: number;
  /** Whether the run was stopped before its time. */
  readonly stopped: boolean;
  /** Requests meant to start in the window. */
  readonly intended: number;
  readonly ok: number;
  /** By error code, or the error's name when it has none. */
  readonly failed: Readonly<Record<string, number>>;
  /** Sent, but without an answer when the run gave up waiting. */
  readonly unfinished: number;
  /** Not sent, because as many as allowed were in flight until the end. */
  readonly unsent: number;
  /** Good answers that came within the window, a second. */
  readonly throughputHz: number;
  /** Of good answers: from the intended start, waiting of any kind included. */
  readonly latency?: LatencySummary;
  /** Of good answers: from the real start. Shorter than `latency` where requests had to wait. */
  readonly service?: LatencySummary;
  /** Of everything sent: how late the real start was. If this is long, the generator is the limit. */
  readonly lateness?: LatencySummary;
}

const NAME_WIDTH = 12;
const CELL_WIDTH = 10;
const COLUMNS = ["min", "mean", "p50", "p90", "p99", "p99.9", "max"];

/** The report for people: a head line, a table in milliseconds, and what went wrong. */
export function loadReportText(report: LoadReport): string {
  const rows = [
    ["latency", report.latency],
    ["service", report.service],
    ["lateness", report.lateness],
  ] as const;
  return [
    headline(report),
    "",
    row("ms", COLUMNS),
    ...rows.map(([name, summary]) => row(name, cells(summary))),
    ...troubles(report).map((line) => `! ${line}`),
  ].join("\n");
}

function headline(report: LoadReport): string {
  const { loop } = report;
  const pace =
    loop.kind === "open"
      ? `${loop.rateHz}/s ${loop.arrivals}`
      : `${loop.concurrency} at a time, each after the answer before`;
  const seconds = (report.measuredMs / 1_000).toFixed(1);
  return `${pace}, ${seconds} s: ${report.ok} of ${report.intended} ok, ${report.throughputHz.toFixed(1)}/s`;
}

function troubles(report: LoadReport): readonly string[] {
  const lines = Object.entries(report.failed)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([code, count]) => `${count} failed: ${code}`);
  if (report.unfinished > 0) lines.push(`${report.unfinished} had no answer at the end`);
  if (report.unsent > 0) {
    lines.push(`${report.unsent} were not sent: too many in flight; latencies leave them out`);
  }
  if (report.stopped) lines.push("stopped before its time");
  return lines;
}

function cells(summary: LatencySummary | undefined): readonly string[] {
  if (summary === undefined) return COLUMNS.map(() => "-");
  const { minMs, meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = summary;
  return [minMs, meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs].map((ms) => ms.toFixed(2));
}

function row(name: string, values: readonly string[]): string {
  return name.padEnd(NAME_WIDTH) + values.map((value) => value.padStart(CELL_WIDTH)).join("");
}
