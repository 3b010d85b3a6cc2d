/**
 * The account of a load run: which request became what, and how long it took.
 *
 * Owns: what counts as measured. Its neighbour `load-run.ts` owns sending and time, `load-report.ts`
 * what is made of the account.
 *
 * T1: a request belongs to the window that its *intended* start lies in, whenever it is sent or
 *   answered; warm-up requests are sent and forgotten.
 * T2: latency runs from the intended start. Measured from the real start, a stall would be seen by
 *   one request only, though every request behind it waited (coordinated omission).
 * T3: lateness is the generator's own: that of requests which had to wait for room in flight is in
 *   their latency, and they are counted as held.
 * T4: at most 64 kinds of failure are told apart; the rest is `other`.
 *
 * All instants are milliseconds since the start of the run. Source: Gil Tene, wrk2.
 */
import { messageOf, TroupeError } from "../troupe-error.ts";
import { FailedRequest } from "./failed-request.ts";
import { LatencyHistogram } from "./latency.ts";
import { intervalOf, type LoadInterval, type LoadPart, type LoadWindow } from "./load-part.ts";

/** A request's two starts, and when its last chunk came. */
export interface Started {
  readonly intendedAtMs: number;
  readonly sentAtMs: number;
  /** Whether it waited for room among those in flight. */
  readonly isHeld?: boolean;
}

const MOST_KINDS = 64;
const LONGEST_TEXT = 200;

/** Collects what happens to requests until it is closed into a part. */
export class LoadTally {
  readonly #window: LoadWindow;
  readonly #intervals: IntervalTally[];
  readonly #intervalMs: number;
  readonly #latency: LatencyHistogram = new LatencyHistogram();
  readonly #service: LatencyHistogram = new LatencyHistogram();
  readonly #lateness: LatencyHistogram = new LatencyHistogram();
  /** Only where requests are answered in chunks. */
  #firstChunk: LatencyHistogram | undefined = undefined;
  #chunkGap: LatencyHistogram | undefined = undefined;
  readonly #failed: Map<string, { count: number; readonly example: string }> = new Map();
  #sent = 0;
  #ok = 0;
  #unsent = 0;
  #held = 0;
  #answeredInWindow = 0;
  #sentInAll = 0;

  constructor(window: LoadWindow) {
    this.#window = window;
    this.#intervalMs = intervalOf(window);
    const count = Math.ceil((window.endMs - window.warmupMs) / this.#intervalMs);
    this.#intervals = Array.from({ length: count }, () => new IntervalTally());
  }

  /** A request went out. */
  sent(request: Started): void {
    this.#sentInAll++;
    if (!this.#measures(request.intendedAtMs)) return;
    this.#sent++;
    this.#intervalAt(request.intendedAtMs).intended++;
    if (request.isHeld === true) this.#held++;
    else this.#lateness.record(request.sentAtMs - request.intendedAtMs);
  }

  /**
   * A part of a request's answer came.
   *
   * @param previousMs - when the part before it came; absent for the first
   */
  chunk(request: Started, atMs: number, previousMs: number | undefined): void {
    if (!this.#measures(request.intendedAtMs)) return;
    if (previousMs === undefined) {
      this.#firstChunk ??= new LatencyHistogram();
      this.#firstChunk.record(atMs - request.intendedAtMs);
    } else {
      this.#chunkGap ??= new LatencyHistogram();
      this.#chunkGap.record(atMs - previousMs);
    }
  }

  /** A request was answered well. */
  answered(request: Started, atMs: number): void {
    const { warmupMs, endMs } = this.#window;
    if (atMs >= warmupMs && atMs < endMs) {
      this.#answeredInWindow++;
      this.#intervalAt(atMs).answered++;
    }
    if (!this.#measures(request.intendedAtMs)) return;
    this.#ok++;
    this.#latency.record(atMs - request.intendedAtMs);
    this.#service.record(atMs - request.sentAtMs);
    this.#intervalAt(request.intendedAtMs).answeredAfter(atMs - request.intendedAtMs);
  }

  /** A request failed. */
  failed(request: Started, error: unknown): void {
    this.#sentInAll--;
    if (!this.#measures(request.intendedAtMs)) return;
    this.#intervalAt(request.intendedAtMs).failed++;
    const key = failureKey(error);
    const known = this.#failed.get(key);
    if (known !== undefined) known.count++;
    else if (this.#failed.size < MOST_KINDS) {
      this.#failed.set(key, { count: 1, example: messageOfFailure(error) });
    } else {
      const other = this.#failed.get(OTHER) ?? { count: 0, example: messageOfFailure(error) };
      this.#failed.set(OTHER, { ...other, count: other.count + 1 });
    }
  }

  /** A request meant to start was never sent. */
  unsent(intendedAtMs: number): void {
    if (!this.#measures(intendedAtMs)) return;
    this.#unsent++;
    this.#intervalAt(intendedAtMs).intended++;
  }

  /**
   * What was counted; what was sent and not settled by now is unfinished.
   *
   * @param endedMs - when sending ended; before the window's end when the run was stopped
   */
  part(endedMs: number): LoadPart {
    return {
      endedMs,
      sent: this.#sent,
      ok: this.#ok,
      failed: Object.fromEntries(this.#failed),
      unsent: this.#unsent,
      held: this.#held,
      answeredInWindow: this.#answeredInWindow,
      sentInAll: this.#sentInAll,
      ...recorded("latency", this.#latency),
      ...recorded("service", this.#service),
      ...recorded("lateness", this.#lateness),
      ...recorded("firstChunk", this.#firstChunk),
      ...recorded("chunkGap", this.#chunkGap),
      intervals: this.#intervals.map((interval) => interval.record()),
    };
  }

  #measures(intendedAtMs: number): boolean {
    return intendedAtMs >= this.#window.warmupMs && intendedAtMs < this.#window.endMs;
  }

  #intervalAt(atMs: number): IntervalTally {
    const index = Math.floor((atMs - this.#window.warmupMs) / this.#intervalMs);
    const interval = this.#intervals[Math.min(index, this.#intervals.length - 1)];
    if (interval === undefined) throw new RangeError(`atMs lies outside the window: ${atMs}`);
    return interval;
  }
}

const OTHER = "other";

/** One stretch of the timeline; most runs have few, and a histogram only where something came. */
class IntervalTally {
  intended = 0;
  ok = 0;
  failed = 0;
  answered = 0;
  #latency: LatencyHistogram | undefined = undefined;

  answeredAfter(spanMs: number): void {
    this.ok++;
    this.#latency ??= new LatencyHistogram({ digits: 2 });
    this.#latency.record(spanMs);
  }

  record(): LoadInterval {
    const { intended, ok, failed, answered } = this;
    return { intended, ok, failed, answered, ...recorded("latency", this.#latency) };
  }
}

function recorded<N extends string>(
  name: N,
  histogram: LatencyHistogram | undefined,
): { readonly [K in N]?: ReturnType<LatencyHistogram["toRecord"]> & {} } {
  const record = histogram?.toRecord();
  return (record === undefined ? {} : { [name]: record }) as {
    readonly [K in N]?: typeof record & {};
  };
}

function failureKey(error: unknown): string {
  if (error instanceof FailedRequest) return error.code;
  if (error instanceof TroupeError)
    return error.code === "refused" ? refusalKey(error) : error.code;
  return (error instanceof Error ? error.name : messageOf(error)).slice(0, LONGEST_TEXT);
}

/** With the actor's own code: what it refuses for is what matters. */
function refusalKey({ code, data }: TroupeError): string {
  const own = typeof data === "object" && data !== null && "code" in data ? data.code : undefined;
  return typeof own === "string" ? `${code}: ${own}`.slice(0, LONGEST_TEXT) : code;
}

function messageOfFailure(error: unknown): string {
  const text = error instanceof FailedRequest ? error.message : messageOf(error);
  return (text.split("\n", 1)[0] ?? "").slice(0, LONGEST_TEXT);
}
