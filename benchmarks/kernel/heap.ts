/**
 * Heap: whether it stays flat while messages and actors come and go. After a warm-up it is read
 * six times, after collection, with a fifth of the work between two readings; the figure is how far
 * any reading lies from the first, in per cent.
 */
import type { Benchmark, FigureVariant, RateVariant, Setting } from "../benchmark.ts";
import { churn } from "./churn.ts";
import { plainFanIn } from "./fan-in.ts";
import { heapBytes } from "./heap-bytes.ts";

const MESSAGES = 50_000_000;
const CYCLES = 5_000_000;
const READINGS = 6;
const GOAL_PERCENT = 5;

/** How far any reading lies from the first, in per cent of it. */
export function deviation(readings: readonly number[]): number {
  const [first = Number.NaN, ...later] = readings;
  return Math.max(...later.map((bytes) => (Math.abs(bytes - first) / first) * 100));
}

function soak(make: () => Promise<RateVariant> | RateVariant, total: number) {
  return {
    nodeFlags: ["--expose-gc"],
    make: async ({ quick }: Setting): Promise<FigureVariant> => {
      const work = await make();
      const part = (quick ? total / 10 : total) / (READINGS - 1);
      return {
        kind: "figure",
        measure: async () => {
          await counted(work, part);
          const readings = [heapBytes()];
          while (readings.length < READINGS) {
            await counted(work, part);
            readings.push(heapBytes());
          }
          return deviation(readings);
        },
        end: () => work.end?.(),
      };
    },
  };
}

async function counted(work: RateVariant, count: number): Promise<void> {
  const { completed } = await work.run(count);
  if (completed !== count) throw new Error(`completed ${completed} of ${count}`);
}

/** The heap over many messages, and over many short lives. */
export const heap: Benchmark = {
  name: "heap",
  about: "The heap after collection, six times over the work: the largest distance from the first.",
  unit: "%",
  better: "less",
  rounds: 1,
  launches: 1,
  variants: {
    messages: soak(() => plainFanIn(), MESSAGES),
    cycles: soak(churn, CYCLES),
  },
  rows: [
    {
      name: "heap over messages",
      ours: "messages",
      against: [],
      goal: GOAL_PERCENT,
      judged: "value-at-most",
    },
    {
      name: "heap over spawn-stop cycles",
      ours: "cycles",
      against: [],
      goal: GOAL_PERCENT,
      judged: "value-at-most",
    },
  ],
};
