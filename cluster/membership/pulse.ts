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
 */
import { Worker } from "node:worker_threads";
import type { Log } from "../../runtime/log.ts";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import type { MemberTraits } from "../../runtime/ports/membership.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
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

/**
 * Starts the thread; resolves when its connection stands.
 *
 * @throws {TroupeError} `nats.unavailable`
 */
export async function startPulse(
  setup: Omit<PulseSetup, "mainLoop">,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<Pulse> {
  const mainLoop = new SharedArrayBuffer(16);
  const stopTrace = leaveTrace(mainLoop, clock);
  const workerData: PulseSetup = { ...setup, mainLoop };
  const worker = new Worker(new URL("./pulse-worker.js", import.meta.url), { workerData });
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  try {
    await started(worker, clock);
  } catch (error) {
    stopTrace();
    await worker.terminate();
    throw error;
  }
  let leaving = false;
  worker.on("error", (error) => log.error({ error: error.message }, "the pulse failed"));
  worker.once("exit", () => {
    if (!leaving) log.error({}, "the pulse ended; other nodes will suspect this one");
  });
  const order = (state: HeartbeatState): void => {
    const message: PulseOrder = { state };
    worker.postMessage(message);
  };
  return {
    announce: order,
    stop: async (how) => {
      leaving = true;
      stopTrace();
      if (how === "farewell") {
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
