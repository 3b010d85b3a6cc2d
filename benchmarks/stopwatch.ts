/**
 * Measures how long work took this process, without the time in which it waited for a processor.
 *
 * On a machine that others use too, the operating system makes a process wait while another runs,
 * for as long as the work itself or longer, and differently from run to run. Linux counts that
 * time for each process; it is taken off. Elsewhere, and on a machine of one's own, a stopwatch
 * measures plain time. Waiting for timers or input is in the figure everywhere.
 *
 * Cost: two reads of a small file under `/proc`, about 10 µs each.
 */
import { openSync, readSync } from "node:fs";

/** Of the main thread: nanoseconds it ran, nanoseconds it was ready and did not run, turns. */
const SCHEDULE = "/proc/self/schedstat";
/** No waiting explains more of the time than this: the two clocks are not read at one moment. */
const LEAST_SHARE = 0.02;

const buffer = Buffer.alloc(128);
const descriptor = opened();

/** Runs from its making. */
export class Stopwatch {
  readonly #waitedMs = waitedMs();
  readonly #startMs = performance.now();

  /** Milliseconds so far. */
  get elapsedMs(): number {
    const elapsedMs = performance.now() - this.#startMs;
    return Math.max(elapsedMs - (waitedMs() - this.#waitedMs), elapsedMs * LEAST_SHARE);
  }
}

/**
 * The second number of a schedule's statistics, in milliseconds.
 *
 * @param text - for example `117976 102603 2`
 * @returns 0 when it has another form
 */
export function waitedIn(text: string): number {
  const [, waitedNs] = /^\d+ (\d+) \d+/.exec(text) ?? [];
  return waitedNs === undefined ? 0 : Number(waitedNs) / 1e6;
}

function waitedMs(): number {
  if (descriptor === undefined) return 0;
  return waitedIn(buffer.toString("latin1", 0, readSync(descriptor, buffer, 0, buffer.length, 0)));
}

function opened(): number | undefined {
  try {
    return openSync(SCHEDULE, "r");
  } catch {
    return undefined;
  }
}
