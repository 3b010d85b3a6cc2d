/**
 * How this process is: processor, memory, event loop.
 *
 * Owns: reading them. Shares and lags are of the time since the reading before.
 *
 * Cost: a timer each 10 ms in native code, while it is on.
 */
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../../runtime/index.ts";

/** A reading. */
export interface ProcessReading {
  /** Of one core; worker threads count as well. */
  readonly cpuShare: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly lagMs: number;
}

const RESOLUTION_MS = 10;

/** Reads this process. */
export class ProcessSampler {
  readonly #clock: Clock;
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #cpu: NodeJS.CpuUsage = process.cpuUsage();
  #readAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#readAtMs = clock.monotonicMs();
    this.#delay.enable();
  }

  read(): ProcessReading {
    const nowMs = this.#clock.monotonicMs();
    const { user, system } = process.cpuUsage(this.#cpu);
    const spanMs = Math.max(1, nowMs - this.#readAtMs);
    // The delay is between two ticks of its timer, which are 10 ms apart when nothing is late.
    const lagMs = this.#delay.count === 0 ? 0 : this.#delay.max / 1e6 - RESOLUTION_MS;
    const { rss, heapUsed } = process.memoryUsage();
    this.#cpu = process.cpuUsage();
    this.#readAtMs = nowMs;
    this.#delay.reset();
    return {
      cpuShare: (user + system) / 1_000 / spanMs,
      rssBytes: rss,
      heapBytes: heapUsed,
      lagMs: Math.max(0, lagMs),
    };
  }

  stop(): void {
    this.#delay.disable();
  }
}
