/**
 * What an idle actor costs in memory: the heap with a million of them less the heap without, after
 * collection, divided by their number. Every one has started and waits for its first message.
 *
 * The references that `spawn` returned are kept, in an array that is there before: an actor that
 * nobody can reach is of no use. So a reference's own bytes are in the figure.
 *
 * The limit is a bare object with the two fields that even a hand-made actor needs.
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
import { Finish } from "./finish.ts";
import { heapBytes } from "./heap-bytes.ts";

const ACTORS = 1_000_000;
const QUICK_ACTORS = 100_000;
/** Parents of the named ones; their own bytes are one thousandth of the figure. */
const CHILDREN = 1_000;

const Idle = protocol("idle@1", { poke: tell() });

interface Starts {
  wanted: number;
  started: number;
  readonly finish: Finish;
}

function note(starts: Starts): void {
  starts.started++;
  if (starts.started === starts.wanted) starts.finish.done();
}

const stateless = actor(Idle, (starts: Starts) => note(starts), { poke: () => {} });

const stateful = actor(
  Idle,
  (starts: Starts) => {
    note(starts);
    return { pokes: 0 };
  },
  {
    poke: ({ state }) => {
      state.pokes++;
    },
  },
);

const Parent = protocol("parent@1", { fill: tell<{ readonly first: number }>() });

interface Nursery {
  readonly starts: Starts;
  readonly refs: (ActorRef<typeof Idle.operations> | undefined)[];
}

const parent = actor(Parent, (nursery: Nursery) => nursery, {
  fill: (ctx, { first }) => {
    const { starts, refs } = ctx.state;
    for (let i = first; i < first + CHILDREN; i++) {
      refs[i] = ctx.spawn(stateful, { name: `child-${i}`, input: starts });
    }
  },
});

async function unnamed(count: number): Promise<number> {
  const system = createSystem({ log: silentLog });
  const nursery = emptyNursery(count);
  const before = heapBytes();
  const finished = nursery.starts.finish.next;
  const options = { input: nursery.starts };
  for (let i = 0; i < count; i++) nursery.refs[i] = system.spawn(stateless, options);
  await finished;
  return perActor(before, nursery);
}

async function named(count: number): Promise<number> {
  const system = createSystem({ log: silentLog });
  const nursery = emptyNursery(count);
  const before = heapBytes();
  const finished = nursery.starts.finish.next;
  for (let first = 0; first < count; first += CHILDREN) {
    system.spawn(parent, { input: nursery }).tell("fill", { first });
  }
  await finished;
  return perActor(before, nursery);
}

function bare(count: number): number {
  const objects = new Array<unknown>(count).fill(undefined);
  const before = heapBytes();
  for (let i = 0; i < count; i++) objects[i] = { queue: undefined, state: { pokes: 0 } };
  const bytes = heapBytes() - before;
  if (objects.at(-1) === undefined) throw new Error("an object is missing");
  return bytes / count;
}

function emptyNursery(count: number): Nursery {
  return {
    starts: { wanted: count, started: 0, finish: new Finish() },
    refs: new Array<undefined>(count).fill(undefined),
  };
}

function perActor(before: number, { refs, starts }: Nursery): number {
  const bytes = heapBytes() - before;
  // Read after the measurement, so that they are there while it is taken.
  const missing = refs.filter((ref) => ref === undefined).length;
  if (missing > 0 || starts.started !== refs.length) {
    throw new Error(`${starts.started} of ${refs.length} actors started, ${missing} missing`);
  }
  return bytes / refs.length;
}

function figure(measure: (count: number) => Promise<number> | number) {
  return {
    nodeFlags: ["--expose-gc", "--max-old-space-size=4096"],
    make: ({ quick }: Setting): FigureVariant => ({
      kind: "figure",
      measure: () => measure(quick ? QUICK_ACTORS : ACTORS),
    }),
  };
}

/** Bytes of an idle actor. */
export const idleMemory: Benchmark = {
  name: "idle actor",
  about: "A million started actors wait; the heap they take, after collection, per actor.",
  unit: "bytes",
  better: "less",
  rounds: 1,
  launches: 3,
  variants: {
    unnamed: figure(unnamed),
    named: figure(named),
    "bare object": figure(bare),
  },
  rows: [
    {
      name: "idle actor, unnamed",
      ours: "unnamed",
      against: ["bare object"],
      goal: 256,
      judged: "value-at-most",
    },
    {
      name: "idle actor with state, name and parent",
      ours: "named",
      against: ["bare object"],
      goal: 400,
      judged: "value-at-most",
    },
  ],
};
