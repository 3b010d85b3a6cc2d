/**
 * What a load run is made of, and how it is looked at while it goes.
 *
 * Owns: the options, their defaults and bounds. Performing them is `load-run.ts`.
 */
import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import type { Scheduler } from "../ports/scheduler.ts";
import type { Arrivals, Share } from "./arrivals.ts";
import type { LatencyRecord } from "./latency.ts";

/**
 * Requests a second without regard to answers, at listed instants (milliseconds since the start,
 * ascending), or a fixed number at a time.
 */
export type Pace =
  | { readonly rateHz: number; readonly arrivals?: Arrivals; readonly share?: Share }
  | { readonly instants: ArrayLike<number> }
  | { readonly concurrency: number };

/** A request under way, as `send` sees it. */
export interface LoadRequest {
  /** A part of its answer came. */
  chunk(): void;
}

/** A look at a run under way; counts are since its start, warm-up included. */
export interface LiveLoad {
  readonly elapsedMs: number;
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly inFlight: number;
  /** Of the good answers since the look before. */
  readonly latency?: LatencyRecord;
}

/** Options of `runLoad`. */
export type LoadOptions = Pace & {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /**
   * Sends one request; resolves when it was answered well, and rejects, or resolves with a
   * `FailedRequest`, when not.
   *
   * @param sequence - 0, 1, 2, … over the whole run, warm-up included
   * @param signal - aborts when the run gives up waiting
   * @param request - is told of each chunk of an answer that comes in several
   */
  readonly send: (sequence: number, signal: AbortSignal, request: LoadRequest) => Promise<unknown>;
  /** The measured part; above 0. */
  readonly durationMs: number;
  /** Sent before the measured part and not measured; default 0. */
  readonly warmupMs?: number;
  /** How an open loop waits for the next start: on timers (default) or polling for the last 3 ms. */
  readonly wait?: "timer" | "spin";
  /** Requests without an answer at one time in an open loop; default 10,000. */
  readonly maxInFlight?: number;
  /** How long answers are waited for after the end; default 10,000. */
  readonly drainMs?: number;
  /** Ends the run early; the report covers what was measured until then. */
  readonly signal?: AbortSignal;
  /** When the run begins, on the monotonic clock; now by default. */
  readonly startAtMs?: number;
  /** Is shown how it goes, about every `watchEveryMs` (default 500). */
  readonly watch?: (live: LiveLoad) => void;
  readonly watchEveryMs?: number;
};

/** Of an open loop, when nothing else is said. */
export const DEFAULT_MAX_IN_FLIGHT = 10_000;
/** When nothing else is said. */
export const DEFAULT_DRAIN_MS = 10_000;

/**
 * Whether the options are in order.
 *
 * @throws {RangeError} naming the one that is not
 */
export function assertLoadOptions(options: LoadOptions): void {
  if ("rateHz" in options) assertAbove0("rateHz", options.rateHz);
  if ("concurrency" in options) assertCount("concurrency", options.concurrency);
  assertAbove0("durationMs", options.durationMs);
  assertCount("maxInFlight", options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT);
  for (const name of ["warmupMs", "drainMs"] as const) {
    const spanMs = options[name] ?? 0;
    if (!(spanMs >= 0 && Number.isFinite(spanMs))) {
      throw new RangeError(`${name} must be 0 or more milliseconds: ${spanMs}`);
    }
  }
}

function assertAbove0(name: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new RangeError(`${name} must be above 0: ${value}`);
  }
}

function assertCount(name: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 1)) {
    throw new RangeError(`${name} must be a whole number, 1 or more: ${value}`);
  }
}
