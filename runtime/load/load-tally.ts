/**
 * The account of a load run: which request became what, and how long it took.
 *
 * Owns: what counts as measured. Its neighbour `load-run.ts` owns sending and time.
 *
 * T1: a request belongs to the window that its *intended* start lies in, whenever it is sent or
 *   answered; warm-up requests are sent and forgotten.
 * T2: latency runs from the intended start. Measured from the real start, a stall would be seen by
 *   one request only, though every request behind it waited (coordinated omission).
 *
 * All instants are milliseconds since the start of the run. Source: Gil Tene, wrk2.
 */
import { messageOf, TroupeError } from "../troupe-error.ts";
import { LatencyHistogram } from "./latency.ts";
import type { LoadLoop, LoadReport } from "./load-report.ts";

/** A request's two starts. */
export interface Started {
  readonly intendedAtMs: number;
  readonly sentAtMs: number;
}

/** Collects what happens to requests until it is closed into a report. */
export class LoadTally {
  readonly #warmupMs: number;
  readonly #endMs: number;
  readonly #latency: LatencyHistogram = new LatencyHistogram();
  readonly #service: LatencyHistogram = new LatencyHistogram();
  readonly #lateness: LatencyHistogram = new LatencyHistogram();
  readonly #failed: Map<string, number> = new Map();
  #sent = 0;
  #ok = 0;
  #failures = 0;
  #unsent = 0;
  #answeredInWindow = 0;

  /** @param endMs - the end of the measured window, warm-up included */
  constructor({ warmupMs, endMs }: { readonly warmupMs: number; readonly endMs: number }) {
    this.#warmupMs = warmupMs;
    this.#endMs = endMs;
  }

  /** A request went out. */
  sent(request: Started): void {
    if (!this.#measures(request.intendedAtMs)) return;
    this.#sent++;
    this.#lateness.record(request.sentAtMs - request.intendedAtMs);
  }

  /** A request was answered well. */
  answered(request: Started, atMs: number): void {
    if (atMs >= this.#warmupMs && atMs < this.#endMs) this.#answeredInWindow++;
    if (!this.#measures(request.intendedAtMs)) return;
    this.#ok++;
    this.#latency.record(atMs - request.intendedAtMs);
    this.#service.record(atMs - request.sentAtMs);
  }

  /** A request failed. */
  failed(request: Started, error: unknown): void {
    if (!this.#measures(request.intendedAtMs)) return;
    const key = failureKey(error);
    this.#failures++;
    this.#failed.set(key, (this.#failed.get(key) ?? 0) + 1);
  }

  /** A request meant to start was never sent. */
  unsent(intendedAtMs: number): void {
    if (this.#measures(intendedAtMs)) this.#unsent++;
  }

  /**
   * The report; what was sent and not settled by now is unfinished.
   *
   * @param endedMs - when sending ended; before the window's end when the run was stopped
   */
  report(loop: LoadLoop, endedMs: number): LoadReport {
    const measuredMs = Math.max(0, Math.min(endedMs, this.#endMs) - this.#warmupMs);
    const latency = this.#latency.summary();
    const service = this.#service.summary();
    const lateness = this.#lateness.summary();
    return {
      v: 1,
      loop,
      warmupMs: this.#warmupMs,
      measuredMs,
      stopped: endedMs < this.#endMs,
      intended: this.#sent + this.#unsent,
      ok: this.#ok,
      failed: Object.fromEntries(this.#failed),
      unfinished: this.#sent - this.#ok - this.#failures,
      unsent: this.#unsent,
      throughputHz: measuredMs === 0 ? 0 : (this.#answeredInWindow * 1_000) / measuredMs,
      ...(latency === undefined ? {} : { latency }),
      ...(service === undefined ? {} : { service }),
      ...(lateness === undefined ? {} : { lateness }),
    };
  }

  #measures(intendedAtMs: number): boolean {
    return intendedAtMs >= this.#warmupMs && intendedAtMs < this.#endMs;
  }
}

function failureKey(error: unknown): string {
  if (error instanceof TroupeError) return error.code;
  return error instanceof Error ? error.name : messageOf(error);
}
