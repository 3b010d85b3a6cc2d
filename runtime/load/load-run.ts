/**
 * Puts load on whatever can be sent to, and measures it.
 *
 * Owns: sending, time, giving up. Its neighbour `load-tally.ts` owns the account, `arrivals.ts` the
 * schedule.
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
import type { Cancel, Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import type { Scheduler } from "../ports/scheduler.ts";
import { type Arrivals, arrivalTimes } from "./arrivals.ts";
import type { LoadLoop, LoadReport } from "./load-report.ts";
import { LoadTally } from "./load-tally.ts";

/** Requests a second without regard to answers, or a fixed number at a time. */
export type Pace =
  | { readonly rateHz: number; readonly arrivals?: Arrivals }
  | { readonly concurrency: number };

/** Options of {@link runLoad}. */
export type LoadOptions = Pace & {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /**
   * Sends one request; resolves when it was answered well, rejects when not.
   *
   * @param sequence - 0, 1, 2, … over the whole run, warm-up included
   * @param signal - aborts when the run gives up waiting
   */
  readonly send: (sequence: number, signal: AbortSignal) => Promise<unknown>;
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
};

const DEFAULT_MAX_IN_FLIGHT = 10_000;
const DEFAULT_DRAIN_MS = 10_000;
/** Answers that a closed loop takes before it lets timers and I/O have their turn. */
const ANSWERS_PER_TURN = 256;
/** How long before a start polling takes over from the timer. */
const SPIN_MS = 3;
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
  assertOptions(options);
  return new LoadRun(options).run();
}

/** While `draining` nothing is sent but answers count; when `over` they no longer do. */
type Phase = "sending" | "draining" | "over";

/** A loop under way. */
interface Sender {
  readonly loop: LoadLoop;
  /** Sends what is still due and accounts for what was not sent until `endedMs`. */
  readonly endSending: (endedMs: number) => void;
}

class LoadRun {
  readonly #options: LoadOptions;
  readonly #tally: LoadTally;
  readonly #endMs: number;
  readonly #startedMs: number;
  readonly #giveUp = new AbortController();
  #sequence = 0;
  #inFlight = 0;
  #phase: Phase = "sending";
  /** Called when a request settles. */
  #onSettled: () => void = () => {};

  constructor(options: LoadOptions) {
    const warmupMs = options.warmupMs ?? 0;
    this.#options = options;
    this.#endMs = warmupMs + options.durationMs;
    this.#tally = new LoadTally({ warmupMs, endMs: this.#endMs });
    this.#startedMs = options.clock.monotonicMs();
  }

  async run(): Promise<LoadReport> {
    const over = this.#over();
    const { loop, endSending } =
      "rateHz" in this.#options
        ? this.#startOpen(this.#options.rateHz, this.#options.arrivals ?? "constant")
        : this.#startClosed(this.#options.concurrency);
    await over;
    const isStopped = this.#options.signal?.aborted === true;
    const endedMs = isStopped ? Math.min(this.#nowMs(), this.#endMs) : this.#endMs;
    endSending(endedMs);
    this.#phase = "draining";
    await this.#drained();
    this.#phase = "over";
    this.#giveUp.abort();
    return this.#tally.report(loop, endedMs);
  }

  #startOpen(rateHz: number, arrivals: Arrivals): Sender {
    const { clock, scheduler, random, wait, maxInFlight = DEFAULT_MAX_IN_FLIGHT } = this.#options;
    const nextTime = arrivalTimes(rateHz, { arrivals, random });
    let dueMs = nextTime();
    /** Present while something is arranged that will call `sendDue`. */
    let cancelTimer: Cancel | undefined;
    const sendDue = () => {
      if (this.#phase !== "sending") return;
      cancelTimer?.();
      cancelTimer = undefined;
      const nowMs = this.#nowMs();
      while (dueMs <= nowMs && dueMs < this.#endMs && this.#inFlight < maxInFlight) {
        this.#send(dueMs);
        dueMs = nextTime();
      }
      // With all in flight, the next answer sends what is due; its intended start stays as it was.
      if (dueMs >= this.#endMs || this.#inFlight >= maxInFlight) return;
      const waitMs = Math.max(0, dueMs - nowMs);
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
      loop: { kind: "open", rateHz, arrivals },
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
      if (this.#phase === "sending" && this.#nowMs() < this.#endMs) this.#send(this.#nowMs());
    };
    this.#onSettled = () => {
      // Answers that come as microtasks would otherwise keep timers and I/O out for the whole run.
      if (++answers % ANSWERS_PER_TURN === 0) scheduler.macrotask(sendNext);
      else sendNext();
    };
    for (let i = 0; i < concurrency; i++) sendNext();
    return { loop: { kind: "closed", concurrency }, endSending: () => {} };
  }

  #send(intendedAtMs: number): void {
    const request = { intendedAtMs, sentAtMs: this.#nowMs() };
    this.#inFlight++;
    this.#tally.sent(request);
    this.#started().then(
      () => {
        if (this.#phase !== "over") this.#tally.answered(request, this.#nowMs());
        this.#settled();
      },
      (error: unknown) => {
        if (this.#phase !== "over") this.#tally.failed(request, error);
        this.#settled();
      },
    );
  }

  /** An async function, so that a `send` that throws is a request that failed. */
  async #started(): Promise<unknown> {
    return this.#options.send(this.#sequence++, this.#giveUp.signal);
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
      let cancel = clock.after(this.#endMs, endInTime);
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

function assertOptions(options: LoadOptions): void {
  if ("rateHz" in options) {
    assertAbove0("rateHz", options.rateHz);
  } else {
    assertCount("concurrency", options.concurrency);
  }
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
