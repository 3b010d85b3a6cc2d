/**
 * Spawn: how fast actors come to life, with a name and without.
 *
 * An actor is counted where it starts: in its `init`, nact's initial state, the entry of XState's
 * first state. Taking them down again is not in the time. Every variant starts as many, because what
 * lives already is what makes collection dear.
 */
import { actor, createSystem, protocol, silentLog, tell } from "../../runtime/index.ts";
import type { Benchmark, RateVariant, Setting } from "../benchmark.ts";
import { type NactContext, nactModule, spawnUnnamed } from "../rivals/nact.ts";
import { type XStateActor, xstateModule } from "../rivals/xstate.ts";
import { Stopwatch } from "../stopwatch.ts";
import { Finish } from "./finish.ts";

const ACTORS = 100_000;
const QUICK_ACTORS = 10_000;

const Idle = protocol("idle@1", { poke: tell() });

interface Starts {
  wanted: number;
  started: number;
  readonly finish: Finish;
}

const idle = actor(
  Idle,
  (starts: Starts) => {
    starts.started++;
    if (starts.started === starts.wanted) starts.finish.done();
    return { pokes: 0 };
  },
  {
    poke: ({ state }) => {
      state.pokes++;
    },
  },
);

function countOf({ quick }: Setting): number {
  return quick ? QUICK_ACTORS : ACTORS;
}

function ours(setting: Setting, isNamed: boolean): RateVariant {
  return {
    kind: "rate",
    batch: 1,
    exactly: countOf(setting),
    run: async (count) => {
      const system = createSystem({ log: silentLog });
      const starts: Starts = { wanted: count, started: 0, finish: new Finish() };
      const options = { input: starts };
      const watch = new Stopwatch();
      const finished = starts.finish.next;
      if (isNamed) {
        for (let i = 0; i < count; i++) system.spawn(idle, { name: `a${i}`, input: starts });
      } else {
        for (let i = 0; i < count; i++) system.spawn(idle, options);
      }
      await finished;
      const { elapsedMs } = watch;
      await system.shutdown({ deadline: "60s" });
      return { completed: starts.started, elapsedMs };
    },
  };
}

function onNact(setting: Setting, isNamed: boolean): RateVariant {
  const nact = nactModule(setting);
  return {
    kind: "rate",
    batch: 1,
    exactly: countOf(setting),
    run: (count) => {
      const system = nact.start();
      let started = 0;
      const initial = (): { readonly pokes: number } => {
        started++;
        return { pokes: 0 };
      };
      const receive = (
        state: { readonly pokes: number },
        _message: unknown,
        _ctx: NactContext,
      ) => ({
        pokes: state.pokes + 1,
      });
      const watch = new Stopwatch();
      if (isNamed) {
        const options = { initialStateFunc: initial };
        for (let i = 0; i < count; i++) nact.spawn(system, receive, `a${i}`, options);
      } else {
        for (let i = 0; i < count; i++) spawnUnnamed(nact, system, receive, initial);
      }
      const { elapsedMs } = watch;
      nact.stop(system);
      return { completed: started, elapsedMs };
    },
  };
}

function onXState(setting: Setting): RateVariant {
  const { createActor, createMachine } = xstateModule(setting);
  let started = 0;
  const machine = createMachine({
    initial: "ready",
    states: {
      ready: {
        entry: () => {
          started++;
        },
        on: { poke: { actions: () => {} } },
      },
    },
  });
  return {
    kind: "rate",
    batch: 1,
    exactly: countOf(setting),
    run: (count) => {
      started = 0;
      const actors: XStateActor[] = [];
      const watch = new Stopwatch();
      for (let i = 0; i < count; i++) actors.push(createActor(machine).start());
      const { elapsedMs } = watch;
      for (const one of actors) one.stop();
      return { completed: started, elapsedMs };
    },
  };
}

/** Actors without a name. */
export const spawnUnnamedActors: Benchmark = {
  name: "spawn unnamed",
  about: "Actors without a name are spawned until all have started.",
  unit: "actors/s",
  better: "more",
  variants: {
    troupe: { make: (setting) => ours(setting, false) },
    nact: { make: (setting) => onNact(setting, false), rival: "nact" },
    xstate: { make: onXState, rival: "xstate" },
  },
  rows: [
    { name: "spawn unnamed vs nact", against: ["nact"], goal: 5 },
    { name: "spawn unnamed vs xstate", against: ["xstate"], goal: 20 },
  ],
};

/** Actors with a name of their own. */
export const spawnNamedActors: Benchmark = {
  name: "spawn named",
  about: "Actors with a name each are spawned until all have started.",
  unit: "actors/s",
  better: "more",
  variants: {
    troupe: { make: (setting) => ours(setting, true) },
    nact: { make: (setting) => onNact(setting, true), rival: "nact" },
  },
  rows: [{ name: "spawn named vs nact", against: ["nact"], goal: 2 }],
};
