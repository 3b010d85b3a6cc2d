/**
 * What a load run found, as data.
 *
 * Owns: the format, version 2, and making it of what the generators counted. Its neighbours
 * `load-part.ts` and `load-tally.ts` own the counting, `load-text.ts` the report for people.
 *
 * R1: intended = ok + failed + unfinished + unsent: no request disappears from the account.
 * R2: fields are only added; a reader ignores what it does not know.
 * R3: where nothing succeeded there is no figure: neither a latency nor a throughput above 0.
 */
import type { Arrivals } from "./arrivals.ts";
import { LatencyHistogram, type LatencyRecord, type LatencySummary } from "./latency.ts";
import { intervalOf, type LoadInterval, type LoadPart, type LoadWindow } from "./load-part.ts";

/** How requests were started; a `trace` is a list of instants, its rate the average of it. */
export type LoadLoop =
  | { readonly kind: "open"; readonly rateHz: number; readonly arrivals: Arrivals | "trace" }
  | { readonly kind: "closed"; readonly concurrency: number };

/** One stretch of the window. */
export interface TimelinePoint {
  /** Since the window began. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Requests meant to start in this stretch, and what became of them. */
  readonly intended: number;
  readonly ok: number;
  readonly failed: number;
  /** Good answers that came in this stretch, a second. */
  readonly throughputHz: number;
  /** Of the requests meant to start here, from the intended start; absent where none succeeded. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly maxMs?: number;
}

/** The result of a load run; plain data. */
export interface LoadReport {
  readonly v: 2;
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
  /** What the first failure of each kind said. */
  readonly examples: Readonly<Record<string, string>>;
  /** Sent, but without an answer when the run gave up waiting. */
  readonly unfinished: number;
  /** Not sent, because as many as allowed were in flight until the end. */
  readonly unsent: number;
  /** Sent later than meant, because as many as allowed were in flight; their latency has the wait. */
  readonly held: number;
  /** Good answers that came within the window, a second. */
  readonly throughputHz: number;
  /** Of good answers: from the intended start, waiting of any kind included. */
  readonly latency?: LatencySummary;
  /** Of good answers: from the real start. Shorter than `latency` where requests had to wait. */
  readonly service?: LatencySummary;
  /** Of those that were not held: how late the real start was. If this is long, the generator is the limit. */
  readonly lateness?: LatencySummary;
  /** Of streams: from the intended start to the first chunk. */
  readonly firstChunk?: LatencySummary;
  /** Of streams: between one chunk and the next. */
  readonly chunkGap?: LatencySummary;
  readonly timeline: readonly TimelinePoint[];
}

/** How a run was meant to be, and what is known of it besides. */
export interface ReportFacts extends LoadWindow {
  readonly loop: LoadLoop;
}

/**
 * The report of what one or several generators counted in the same window.
 *
 * @param parts - one or more
 */
export function loadReportOf(parts: readonly LoadPart[], facts: ReportFacts): LoadReport {
  const { warmupMs, endMs, loop } = facts;
  const endedMs = Math.min(endMs, Math.max(...parts.map((part) => part.endedMs)));
  const measuredMs = Math.max(0, endedMs - warmupMs);
  const total = (of: (part: LoadPart) => number) => parts.reduce((sum, part) => sum + of(part), 0);
  const { failed, examples } = failuresOf(parts);
  const failures = Object.values(failed).reduce((sum, count) => sum + count, 0);
  const [sent, ok, unsent] = [total((p) => p.sent), total((p) => p.ok), total((p) => p.unsent)];
  return {
    v: 2,
    loop,
    warmupMs,
    measuredMs,
    stopped: parts.some((part) => part.endedMs < endMs),
    intended: sent + unsent,
    ok,
    failed,
    examples,
    unfinished: sent - ok - failures,
    unsent,
    held: total((part) => part.held),
    throughputHz:
      ok === 0
        ? 0
        : perSecond(
            total((p) => p.answeredInWindow),
            measuredMs,
          ),
    ...summed("latency", parts),
    ...summed("service", parts),
    ...summed("lateness", parts),
    ...summed("firstChunk", parts),
    ...summed("chunkGap", parts),
    timeline: timelineOf(parts, intervalOf(facts), measuredMs),
  };
}

/** Requests that did not end well, as a share of those that were meant to start: 0 to 1. */
export function errorShareOf({ intended, ok }: Pick<LoadReport, "intended" | "ok">): number {
  return intended === 0 ? 0 : (intended - ok) / intended;
}

type Distribution = "latency" | "service" | "lateness" | "firstChunk" | "chunkGap";

function summed<N extends Distribution>(
  name: N,
  parts: readonly LoadPart[],
): { readonly [K in N]?: LatencySummary } {
  const records = parts.flatMap((part) => part[name] ?? []);
  if (records.length === 0) return {};
  const summary = merged(records, 3).summary();
  return { [name]: summary } as { readonly [K in N]?: LatencySummary };
}

function merged(records: readonly LatencyRecord[], digits: 2 | 3): LatencyHistogram {
  const histogram = new LatencyHistogram({ digits });
  for (const record of records) histogram.addRecord(record);
  return histogram;
}

function failuresOf(parts: readonly LoadPart[]): Pick<LoadReport, "failed" | "examples"> {
  const failed: Record<string, number> = {};
  const examples: Record<string, string> = {};
  for (const part of parts) {
    for (const [code, { count, example }] of Object.entries(part.failed)) {
      failed[code] = (failed[code] ?? 0) + count;
      examples[code] ??= example;
    }
  }
  return { failed, examples };
}

function timelineOf(
  parts: readonly LoadPart[],
  widthMs: number,
  measuredMs: number,
): readonly TimelinePoint[] {
  const count = Math.ceil(measuredMs / widthMs);
  return Array.from({ length: count }, (_, at) => {
    const intervals = parts.flatMap((part) => part.intervals[at] ?? []);
    const fromMs = at * widthMs;
    return pointOf(intervals, fromMs, Math.min(fromMs + widthMs, measuredMs));
  });
}

function pointOf(intervals: readonly LoadInterval[], fromMs: number, toMs: number): TimelinePoint {
  const total = (of: (interval: LoadInterval) => number) =>
    intervals.reduce((sum, interval) => sum + of(interval), 0);
  const records = intervals.flatMap(({ latency }) => latency ?? []);
  const latency = records.length === 0 ? undefined : merged(records, 2);
  return {
    fromMs,
    toMs,
    intended: total((interval) => interval.intended),
    ok: total((interval) => interval.ok),
    failed: total((interval) => interval.failed),
    throughputHz: perSecond(
      total((interval) => interval.answered),
      toMs - fromMs,
    ),
    ...(latency === undefined
      ? {}
      : { p50Ms: latency.at(50), p99Ms: latency.at(99), maxMs: latency.at(100) }),
  };
}

function perSecond(count: number, spanMs: number): number {
  return spanMs <= 0 ? 0 : (count * 1_000) / spanMs;
}
