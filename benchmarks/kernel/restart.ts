/**
 * Restart of 10,000 children under one-for-all: one of them throws, all are stopped and started
 * again. The time is from the message that makes it throw to the last message handled, its default
 * back-off of about 100 ms included.
 *
 * Every child is sent two messages just before and two just after that one. All 40,000 must be
 * handled, and the one that threw be the only dead letter; else there is no figure.
 */
import {
  type ActorRef,
  actor,
  createSystem,
  protocol,
  silentLog,
  tell,
} from "../../runtime/index.ts";
import type { Benchmark, FigureVariant, Setting } from "../benchmark.ts";
import { Stopwatch } from "../stopwatch.ts";
import { Finish } from "./finish.ts";

const CHILDREN = 10_000;
const QUICK_CHILDREN = 1_000;
const BEFORE = 2;
const AFTER = 2;

const Child = protocol("child@1", { count: tell(), crash: tell() });
const Parent = protocol("parent@1", { fill: tell() });

/** What is counted, outside of the actors because a restart forgets their state. */
interface Tally {
  readonly size: number;
  started: number;
  counted: number;
  readonly refs: ActorRef<typeof Child.operations>[];
  readonly wanted: { started: number; counted: number };
  readonly finish: Finish;
}

function look(tally: Tally): void {
  const { started, counted, wanted } = tally;
  if (started === wanted.started && counted === wanted.counted) tally.finish.done();
}

const child = actor(
  Child,
  (tally: Tally) => {
    tally.started++;
    look(tally);
    return { tally };
  },
  {
    count: ({ state }) => {
      state.tally.counted++;
      look(state.tally);
    },
    crash: () => {
      throw new Error("as it should");
    },
  },
);

const parent = actor(
  Parent,
  (tally: Tally) => tally,
  {
    fill: (ctx) => {
      const { refs, size } = ctx.state;
      for (let i = 0; i < size; i++) refs.push(ctx.spawn(child, { input: ctx.state }));
    },
  },
  { strategy: "one-for-all", intensity: { restarts: 1_000_000, within: "60s" } },
);

async function restart(size: number): Promise<number> {
  const system = createSystem({ log: silentLog });
  const finish = new Finish();
  const wanted = { started: size, counted: 0 };
  const tally: Tally = { size, started: 0, counted: 0, refs: [], wanted, finish };
  const started = finish.next;
  system.spawn(parent, { input: tally }).tell("fill");
  await started;
  wanted.started = size * 2;
  wanted.counted = size * (BEFORE + AFTER);
  const restarted = finish.next;
  const countAll = (times: number): void => {
    for (let i = 0; i < times; i++) {
      for (const ref of tally.refs) {
        if (!ref.tell("count")) throw new Error("a message was refused");
      }
    }
  };
  const watch = new Stopwatch();
  countAll(BEFORE);
  tally.refs[size / 2]?.tell("crash");
  countAll(AFTER);
  await restarted;
  const { elapsedMs } = watch;
  if (system.deadLetters !== 1) throw new Error(`${system.deadLetters} dead letters instead of 1`);
  await system.shutdown();
  return elapsedMs;
}

function ours({ quick }: Setting): FigureVariant {
  return { kind: "figure", measure: () => restart(quick ? QUICK_CHILDREN : CHILDREN) };
}

/** The time in which 10,000 siblings restart. */
export const restarting: Benchmark = {
  name: "restart",
  about: "One of 10,000 children under one-for-all throws; all restart and no message is lost.",
  unit: "ms",
  better: "less",
  variants: { troupe: { make: ours } },
  rows: [
    {
      name: "restart under one-for-all",
      against: [],
      goal: 1_000,
      judged: "value-at-most",
    },
  ],
};
