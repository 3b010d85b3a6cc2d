/**
 * Churn: actors are spawned and stopped, a hundred at a time. A cycle counts when the actor had
 * started, its `stopping` hook has run, and `stop` has said that it is gone.
 */
import { actor, createSystem, protocol, silentLog, tell } from "../../runtime/index.ts";
import type { Benchmark, RateVariant, Setting } from "../benchmark.ts";
import { nactModule } from "../rivals/nact.ts";
import { Stopwatch } from "../stopwatch.ts";

const TOGETHER = 100;

const Brief = protocol("brief@1", { poke: tell() });

interface Lives {
  started: number;
  stopped: number;
}

const brief = actor(
  Brief,
  (lives: Lives) => {
    lives.started++;
    return { lives };
  },
  { poke: () => {} },
  {
    stopping: ({ state }) => {
      state.lives.stopped++;
    },
  },
);

/** Spawns and stops actors of one system. */
export function churn(): RateVariant {
  const system = createSystem({ log: silentLog });
  return {
    kind: "rate",
    batch: TOGETHER,
    run: async (count) => {
      const lives: Lives = { started: 0, stopped: 0 };
      const options = { input: lives };
      let gone = 0;
      const cycle = async (): Promise<void> => {
        const ref = system.spawn(brief, options);
        await ref.ready;
        await system.stop(ref);
        gone++;
      };
      const watch = new Stopwatch();
      for (let left = count; left > 0; left -= TOGETHER) {
        const cycles: Promise<void>[] = [];
        for (let i = 0; i < TOGETHER; i++) cycles.push(cycle());
        await Promise.all(cycles);
      }
      const { elapsedMs } = watch;
      return { completed: Math.min(gone, lives.started, lives.stopped), elapsedMs };
    },
    end: () => system.shutdown(),
  };
}

function onNact(setting: Setting): RateVariant {
  const nact = nactModule(setting);
  const system = nact.start();
  return {
    kind: "rate",
    batch: TOGETHER,
    run: async (count) => {
      let stopped = 0;
      const watch = new Stopwatch();
      for (let left = count; left > 0; left -= TOGETHER) {
        await new Promise<void>((resolve) => {
          let missing = TOGETHER;
          const afterStop = (): void => {
            stopped++;
            if (--missing === 0) resolve();
          };
          const options = { initialStateFunc: () => 0, afterStop };
          for (let i = 0; i < TOGETHER; i++) {
            nact.stop(nact.spawn(system, (state: number) => state, `a${i}`, options));
          }
        });
      }
      return { completed: stopped, elapsedMs: watch.elapsedMs };
    },
    end: () => nact.stop(system),
  };
}

/** Spawn–stop cycles. */
export const churning: Benchmark = {
  name: "churn",
  about: "Actors are spawned and stopped, a hundred at a time.",
  unit: "cycles/s",
  better: "more",
  variants: { troupe: { make: churn }, nact: { make: onNact, rival: "nact" } },
  rows: [{ name: "churn vs nact", against: ["nact"] }],
};
