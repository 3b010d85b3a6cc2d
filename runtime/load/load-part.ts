/**
 * What one generator counted, as data that travels and can be added up.
 *
 * Owns: the format between generators and whoever reports. Its neighbour `load-tally.ts` fills it,
 * `load-report.ts` makes a report of one or several.
 *
 * P1: adding parts loses nothing: counts are summed, distributions merged (H3 of `latency.ts`).
 */
import type { LatencyRecord } from "./latency.ts";

/** The window of a run, in milliseconds since its start. */
export interface LoadWindow {
  /** When measuring begins. */
  readonly warmupMs: number;
  /** When sending ends. */
  readonly endMs: number;
}

/** What happened to the requests that were meant to start in one stretch of the window. */
export interface LoadInterval {
  readonly intended: number;
  readonly ok: number;
  readonly failed: number;
  /** Good answers that came in this stretch, whenever their requests started. */
  readonly answered: number;
  /** Of good answers, to two digits. */
  readonly latency?: LatencyRecord;
}

/** Failures of one kind. */
export interface FailureCount {
  readonly count: number;
  /** What the first of them said. */
  readonly example: string;
}

/** What one generator counted. */
export interface LoadPart {
  /** When sending ended, in milliseconds since the start; before the window's end when it was stopped. */
  readonly endedMs: number;
  /** Requests sent in the window. */
  readonly sent: number;
  readonly ok: number;
  readonly failed: Readonly<Record<string, FailureCount>>;
  readonly unsent: number;
  /** Of those sent, how many had to wait because too many were in flight. */
  readonly held: number;
  /** Good answers that came within the window. */
  readonly answeredInWindow: number;
  /** Requests that were sent without failing, over the whole run, warm-up included. */
  readonly sentInAll: number;
  readonly latency?: LatencyRecord;
  readonly service?: LatencyRecord;
  readonly lateness?: LatencyRecord;
  readonly firstChunk?: LatencyRecord;
  readonly chunkGap?: LatencyRecord;
  readonly intervals: readonly LoadInterval[];
}

/** Widths of a timeline's stretches that people can read. */
const WIDTHS_MS: readonly number[] = [
  50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000,
];
const MOST_INTERVALS = 60;
const HOUR_MS = 3_600_000;

/** How wide the stretches of a window's timeline are: at most 60 of them, in a length people can read. */
export function intervalOf({ warmupMs, endMs }: LoadWindow): number {
  const spanMs = endMs - warmupMs;
  const width = WIDTHS_MS.find((widthMs) => spanMs / widthMs <= MOST_INTERVALS);
  return width ?? Math.ceil(spanMs / MOST_INTERVALS / HOUR_MS) * HOUR_MS;
}
