/**
 * The main loop's end of the pulse: it starts the thread, leaves a trace of its own liveness, and
 * tells the thread what to say.
 *
 * Owns: the worker thread and the shared trace. Its neighbour `pulse-worker.ts` owns the connection.
 *
 * U1: the trace is two 64-bit numbers: the time of the main loop's last turn, on the clock that all
 *     threads of a process share, and how late the latest of its turns was since somebody looked. So a
 *     loop that was blocked between two beats is not taken for a punctual one.
 * U2: stopping ends the thread within its deadline, whatever state its connection is in.
 * U3: a thread that ends by itself is started again, a bounded number of times: without beats this node would be
 *     suspected for good, with its lease standing.
 */
import { Worker } from "node:worker_threads";
import type { Log } from "../../runtime/log.ts";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import type { MemberTraits } from "../../runtime/ports/membership.ts";
import { messageOf, TroupeError } from "../../runtime/troupe-error.ts";
import type { ConnectionTarget } from "../connections.ts";
import type { HeartbeatState } from "./heartbeat.ts";

/** What the thread is given. */
export interface PulseSetup {
  readonly target: ConnectionTarget;
  readonly incarnation: string;
  readonly traits: MemberTraits;
  /** Two BigInt64: the main loop's last turn and its worst delay since the last look, in nanoseconds. */
  readonly mainLoop: SharedArrayBuffer;
}

/** What the thread is told. */
export interface PulseOrder {
  readonly state: HeartbeatState;
}

/** What the thread reports. */
export type PulseReport =
  | { readonly type: "started" }
  | { readonly type: "failed"; readonly message: string };

/** A running pulse. */
export interface Pulse {
  /** Beats at once with a new state, and from then on. */
  announce(state: "up" | "draining"): void;
  /** Says goodbye when `farewell` is asked for, and ends the thread. */
  stop(how: "farewell" | "silent"): Promise<void>;
}

const TRACE_MS = 100;
const START_MS = 10_000;
const STOP_MS = 1_000;
const THREAD = new URL("./pulse-worker.js", import.meta.url);
const FIRST_PAUSE_MS = 250;
/** In a row; a thread that has beaten for longer than this begins a new one. */
const MOST_RESTARTS = 10;
const STEADY_MS = 60_000;

/**
 * How late the main loop is, or was since the last call, in milliseconds; less than one period counts as
 * punctual.
 */
export function lagMsOf(mainLoop: SharedArrayBuffer): number {
  const trace = new BigInt64Array(mainLoop);
  const worstMs = Number(Atomics.exchange(trace, 1, 0n)) / 1e6;
  const ageMs = Number(process.hrtime.bigint() - Atomics.load(trace, 0)) / 1e6;
  const lagMs = Math.max(worstMs, ageMs) - TRACE_MS;
  return lagMs <= TRACE_MS ? 0 : Math.round(lagMs);
}

/** How a pulse is started. */
export interface PulseOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** What the thread runs; `pulse-worker.ts` by default. */
  readonly thread?: URL;
}

/**
 * Starts the thread; resolves when its connection stands.
 *
 * @throws {TroupeError} `nats.unavailable`
 */
export async function startPulse(
  setup: Omit<PulseSetup, "mainLoop">,
  { clock, log, thread = THREAD }: PulseOptions,
): Promise<Pulse> {
  const mainLoop = new SharedArrayBuffer(16);
  const stopTrace = leaveTrace(mainLoop, clock);
  const workerData: PulseSetup = { ...setup, mainLoop };
  const launch = async (): Promise<Worker> => {
    const launched = new Worker(thread, { workerData });
    try {
      await started(launched, clock);
      return launched;
    } catch (error) {
      await launched.terminate();
      throw error;
    }
  };
  let state: HeartbeatState = "up";
  let leaving: boolean = false;
  let restarts = 0;
  let startedAtMs = clock.monotonicMs();
  let cancelRestart: Cancel = () => {};
  const order = (next: HeartbeatState): void => {
    state = next;
    const message: PulseOrder = { state };
    worker.postMessage(message);
  };
  const restartLater = (): void => {
    if (clock.monotonicMs() - startedAtMs > STEADY_MS) restarts = 0;
    if (restarts >= MOST_RESTARTS) {
      log.error(
        {},
        "the pulse ends whenever it is started: others suspect this node, start it anew",
      );
      return;
    }
    log.error({}, "the pulse ended and is started again; others may suspect this node meanwhile");
    cancelRestart = clock.after(FIRST_PAUSE_MS * 2 ** restarts++, () => void restart());
  };
  const restart = async (): Promise<void> => {
    try {
      const next = await launch();
      if (leaving) {
        await next.terminate();
        return;
      }
      take(next);
      if (state !== "up") order(state);
    } catch (error) {
      log.error({ error: messageOf(error) }, "the pulse did not start");
      if (!leaving) restartLater();
    }
  };
  const take = (next: Worker): void => {
    worker = next;
    startedAtMs = clock.monotonicMs();
    next.on("error", (error) => log.error({ error: error.message }, "the pulse failed"));
    next.once("exit", () => {
      if (!leaving) restartLater();
    });
  };
  let worker: Worker;
  try {
    worker = await launch();
  } catch (error) {
    stopTrace();
    throw error;
  }
  take(worker);
  return {
    announce: order,
    stop: async (how) => {
      leaving = true;
      cancelRestart();
      stopTrace();
      const hasEnded = worker.threadId < 0;
      if (how === "farewell" && !hasEnded) {
        const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
        order("leaving");
        let cancel: Cancel = () => {};
        const late = new Promise<void>((resolve) => {
          cancel = clock.after(STOP_MS, resolve);
        });
        await Promise.race([exited, late]);
        cancel();
      }
      await worker.terminate();
    },
  };
}

function leaveTrace(mainLoop: SharedArrayBuffer, clock: Clock): Cancel {
  const trace = new BigInt64Array(mainLoop);
  Atomics.store(trace, 0, process.hrtime.bigint());
  let cancel: Cancel = () => {};
  const turn = (): void => {
    const nowNs = process.hrtime.bigint();
    const sinceNs = nowNs - Atomics.load(trace, 0);
    // Nobody else makes it greater, so that nothing is lost between the two.
    if (sinceNs > Atomics.load(trace, 1)) Atomics.store(trace, 1, sinceNs);
    Atomics.store(trace, 0, nowNs);
    cancel = clock.after(TRACE_MS, turn);
  };
  turn();
  return () => cancel();
}

function started(worker: Worker, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (message: string): void =>
      reject(new TroupeError("nats.unavailable", `the pulse did not start: ${message}`));
    const cancel = clock.after(START_MS, () => fail(`no answer within ${START_MS} ms`));
    worker.once("error", (error) => {
      cancel();
      fail(error.message);
    });
    worker.once("message", (report: PulseReport) => {
      cancel();
      if (report.type === "started") resolve();
      else fail(report.message);
    });
  });
}
