/**
 * Puts load on whatever can be sent to, and measures it.
 *
 * Owns: sending, time, giving up. Its neighbour `load-tally.ts` owns the account, `arrivals.ts` the
 * schedule, `load-report.ts` what is made of one run or of several that ran beside each other.
 *
 * L1: an open loop starts each request at its intended instant, however slow the answers are. When
 *   `maxInFlight` are out it waits, and the wait counts as latency of those that come after.
 * L2: a closed loop starts the next request after the answer before; its latency says nothing about
 *   users who do not wait, and the report says which loop it was.
 * L3: the run ends: sending stops at its end or at the signal, waiting for answers `drainMs` later;
 *   then the signal given to `send` aborts.
 *
 * Cost: two closures a request. A timer fires up to 1 ms late, which is in the latency and shown as
 * lateness; where answers take less, `wait: "spin"` starts within microseconds, for a whole core.
 */
import type { Cancel } from "../ports/clock.ts";
import { arrivalTimes, listedTimes, sharedTimes } from "./arrivals.ts";
import { FailedRequest } from "./failed-request.ts";
import { LatencyHistogram } from "./latency.ts";
import {
  assertLoadOptions,
  DEFAULT_DRAIN_MS,
  DEFAULT_MAX_IN_FLIGHT,
  type LoadOptions,
  type LoadRequest,
} from "./load-options.ts";
import type { LoadPart } from "./load-part.ts";
import { type LoadLoop, type LoadReport, loadReportOf } from "./load-report.ts";
import { LoadTally, type Started } from "./load-tally.ts";
import { type ChunkTimer, SentRequest } from "./sent-request.ts";

/** Answers that a closed loop takes before it lets timers and I/O have their turn. */
const ANSWERS_PER_TURN = 256;
/** How long before a start polling takes over from the timer. */
const SPIN_MS = 3;
const WATCH_MS = 500;
const SHORTEST_TIMER_MS = 1;
const NOTHING_TO_CANCEL: Cancel = () => {};

/**
 * Runs load and reports. The process must be held by what it sends to: a clock's timers do not.
 *
 * @throws {RangeError} when a rate, a count or a span is out of range
 *
 * @example
 * const report = await runLoad({
 *   clock, scheduler, random,
 *   rateHz: 500, arrivals: "poisson", durationMs: 10_000, warmupMs: 1_000,
 *   send: (n, signal) => ref.ask("echo", { n }, { signal }),
 * });
 */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const part = await runLoadPart(options);
  const warmupMs = options.warmupMs ?? 0;
  const endMs = warmupMs + options.durationMs;
  return loadReportOf([part], { warmupMs, endMs, loop: loopOf(options) });
}

/**
 * Runs one of several loads that go on at the same time; `loadReportOf` makes one report of them.
 *
 * @throws {RangeError} as {@link runLoad} does
 */
export async function runLoadPart(options: LoadOptions): Promise<LoadPart> {
  assertLoadOptions(options);
  return new LoadRun(options).run();
}

function loopOf(options: LoadOptions): LoadLoop {
  if ("concurrency" in options) return { kind: "closed", concurrency: options.concurrency };
  if ("rateHz" in options) {
    const { rateHz, arrivals = "constant" } = options;
    return { kind: "open", rateHz, arrivals };
  }
  const rateHz = (options.instants.length * 1_000) / ((options.warmupMs ?? 0) + options.durationMs);
  return { kind: "open", rateHz, arrivals: "trace" };
}

/** While `draining` nothing is sent but answers count; when `over` they no longer do. */
type Phase = "sending" | "draining" | "over";

/** A loop under way. */
interface Sender {
  /** Sends what is still due and accounts for what was not sent until `endedMs`. */
  readonly endSending: (endedMs: number) => void;
}

class LoadRun implements ChunkTimer {
  readonly #options: LoadOptions;
  readonly #tally: LoadTally;
  readonly #endMs: number;
  readonly #startedMs: number;
  readonly #giveUp = new AbortController();
  /** Of good answers since the last look; only where somebody looks. */
  readonly #recent: LatencyHistogram | undefined;
  #sequence = 0;
  #inFlight = 0;
  #ok = 0;
  #failed = 0;
  #phase: Phase = "sending";
  /** Called when a request settles. */
  #onSettled: () => void = () => {};

  constructor(options: LoadOptions) {
    const warmupMs = options.warmupMs ?? 0;
    this.#options = options;
    this.#endMs = warmupMs + options.durationMs;
    this.#tally = new LoadTally({ warmupMs, endMs: this.#endMs });
    this.#startedMs = options.startAtMs ?? options.clock.monotonicMs();
    this.#recent = options.watch === undefined ? undefined : new LatencyHistogram({ digits: 2 });
  }

  async run(): Promise<LoadPart> {
    const over = this.#over();
    const unwatch = this.#startWatch();
    const { endSending } =
      "concurrency" in this.#options
        ? this.#startClosed(this.#options.concurrency)
        : this.#startOpen(timesOf(this.#options));
    await over;
    const isStopped = this.#options.signal?.aborted === true;
    const endedMs = isStopped ? clamped(this.#nowMs(), this.#endMs) : this.#endMs;
    endSending(endedMs);
    this.#phase = "draining";
    await this.#drained();
    this.#phase = "over";
    this.#giveUp.abort();
    unwatch();
    return this.#tally.part(endedMs);
  }

  #startOpen(nextTime: () => number): Sender {
    const { clock, scheduler, wait, maxInFlight = DEFAULT_MAX_IN_FLIGHT } = this.#options;
    let dueMs = nextTime();
    /** Until when all were in flight: what was due by then was held (T3 of the tally). */
    let heldUntilMs = -1;
    let isFull = false;
    /** Present while something is arranged that will call `sendDue`. */
    let cancelTimer: Cancel | undefined;
    const sendDue = () => {
      if (this.#phase !== "sending") return;
      cancelTimer?.();
      cancelTimer = undefined;
      const nowMs = this.#nowMs();
      if (isFull) heldUntilMs = nowMs;
      isFull = false;
      while (dueMs <= nowMs && dueMs < this.#endMs && this.#inFlight < maxInFlight) {
        this.#send(dueMs, dueMs < heldUntilMs);
        dueMs = nextTime();
      }
      isFull = this.#inFlight >= maxInFlight;
      // With all in flight, the next answer sends what is due; its intended start stays as it was.
      if (dueMs >= this.#endMs || isFull) return;
      // Read anew: what was sent just now may have taken its time.
      const waitMs = Math.max(0, dueMs - this.#nowMs());
      if (wait !== "spin") {
        cancelTimer = clock.after(waitMs, sendDue);
      } else if (waitMs > SPIN_MS + SHORTEST_TIMER_MS) {
        cancelTimer = clock.after(waitMs - SPIN_MS, sendDue);
      } else {
        scheduler.macrotask(sendDue);
        cancelTimer = NOTHING_TO_CANCEL;
      }
    };
    this.#onSettled = () => {
      if (cancelTimer === undefined) sendDue();
    };
    sendDue();
    return {
      endSending: (endedMs) => {
        sendDue();
        cancelTimer?.();
        for (; dueMs < endedMs; dueMs = nextTime()) this.#tally.unsent(dueMs);
      },
    };
  }

  #startClosed(concurrency: number): Sender {
    const { scheduler } = this.#options;
    let answers = 0;
    const sendNext = () => {
      if (this.#phase !== "sending") return;
      const nowMs = this.#nowMs();
      if (nowMs < this.#endMs) this.#send(nowMs, false);
    };
    this.#onSettled = () => {
      // Answers that come as microtasks would otherwise keep timers and I/O out for the whole run.
      if (++answers % ANSWERS_PER_TURN === 0) scheduler.macrotask(sendNext);
      else sendNext();
    };
    const sendFirst = () => {
      for (let i = 0; i < concurrency; i++) sendNext();
    };
    const waitMs = -this.#nowMs();
    const cancelFirst =
      waitMs > 0 ? this.#options.clock.after(waitMs, sendFirst) : NOTHING_TO_CANCEL;
    if (waitMs <= 0) sendFirst();
    return { endSending: cancelFirst };
  }

  #send(intendedAtMs: number, isHeld: boolean): void {
    const request = new SentRequest(this, intendedAtMs, this.#nowMs(), isHeld);
    this.#inFlight++;
    this.#tally.sent(request);
    this.#started(request).then(
      (answer) => {
        if (answer instanceof FailedRequest) this.#failedWith(request, answer);
        else this.#answered(request);
        this.#settled();
      },
      (error: unknown) => {
        this.#failedWith(request, error);
        this.#settled();
      },
    );
  }

  /** An async function, so that a `send` that throws is a request that failed. */
  async #started(request: LoadRequest): Promise<unknown> {
    return this.#options.send(this.#sequence++, this.#giveUp.signal, request);
  }

  #answered(request: Started): void {
    if (this.#phase === "over") return;
    const nowMs = this.#nowMs();
    this.#ok++;
    this.#recent?.record(nowMs - request.intendedAtMs);
    this.#tally.answered(request, nowMs);
  }

  #failedWith(request: Started, error: unknown): void {
    if (this.#phase === "over") return;
    this.#failed++;
    this.#tally.failed(request, error);
  }

  /** A part of an answer came; returns when. */
  chunk(request: Started, previousMs: number | undefined): number {
    const nowMs = this.#nowMs();
    if (this.#phase !== "over") this.#tally.chunk(request, nowMs, previousMs);
    return nowMs;
  }

  /** Shows how it goes until called off. */
  #startWatch(): Cancel {
    const { clock, watchEveryMs = WATCH_MS } = this.#options;
    const watch: LoadOptions["watch"] = this.#options.watch;
    if (watch === undefined) return NOTHING_TO_CANCEL;
    let cancel: Cancel = NOTHING_TO_CANCEL;
    const look = () => {
      const latency = this.#recent?.toRecord();
      this.#recent?.clear();
      watch({
        elapsedMs: this.#nowMs(),
        sent: this.#sequence,
        ok: this.#ok,
        failed: this.#failed,
        inFlight: this.#inFlight,
        ...(latency === undefined ? {} : { latency }),
      });
      cancel = clock.after(watchEveryMs, look);
    };
    cancel = clock.after(watchEveryMs, look);
    return () => cancel();
  }

  #settled(): void {
    this.#inFlight--;
    this.#onSettled();
  }

  /** Settles at the end of the window, or when the run is stopped. */
  #over(): Promise<void> {
    const { clock, signal } = this.#options;
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        signal?.removeEventListener("abort", end);
        resolve();
      };
      // A platform timer may fire a fraction of a millisecond early; requests are due until the end.
      const endInTime = () => {
        const leftMs = this.#endMs - this.#nowMs();
        if (leftMs <= 0) end();
        else cancel = clock.after(leftMs, endInTime);
      };
      let cancel = clock.after(Math.max(0, this.#endMs - this.#nowMs()), endInTime);
      signal?.addEventListener("abort", end);
      if (signal?.aborted === true) end();
    });
  }

  /** Settles when nothing is in flight, or after the time for it. */
  #drained(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(this.#options.drainMs ?? DEFAULT_DRAIN_MS, resolve);
      this.#onSettled = () => {
        if (this.#inFlight > 0) return;
        cancel();
        resolve();
      };
    });
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs() - this.#startedMs;
  }
}

/** `value`, but at least 0 and at most `most`. */
function clamped(value: number, most: number): number {
  return Math.max(0, Math.min(value, most));
}

function timesOf(options: Exclude<LoadOptions, { readonly concurrency: number }>): () => number {
  if ("instants" in options) return listedTimes(options.instants);
  const { rateHz, arrivals = "constant", random, share } = options;
  const times = arrivalTimes(rateHz, { arrivals, random });
  return share === undefined ? times : sharedTimes(times, share);
}
