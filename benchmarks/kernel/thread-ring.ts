/**
 * Thread ring: a hundred actors in a circle pass one token on. Like ping-pong, but the next message
 * is always for an actor whose memory has gone cold.
 */
import {
  type ActorRef,
  actor,
  ask,
  createSystem,
  protocol,
  silentLog,
  type Tell,
  tell,
} from "../../runtime/index.ts";
import type { Benchmark, RateVariant } from "../benchmark.ts";
import type { RivalActor, RivalMessage, RivalSystem } from "../rivals/rival.ts";
import { Stopwatch } from "../stopwatch.ts";
import { BareLoop, type BareMessage } from "./bare-loop.ts";
import { Finish } from "./finish.ts";
import type { Parcel } from "./parcel.ts";
import { tellBenchmark } from "./tell-benchmark.ts";

const LINKS = 100;

const Link = protocol("link@1", {
  join: tell<Next>(),
  pass: tell<Parcel>(),
  passed: ask<undefined, number>(),
});

type LinkRef = ActorRef<{ readonly pass: Tell<Parcel> }>;

/** Whom a link passes the token to. */
interface Next {
  readonly ref: LinkRef;
}

/** What a link is made with. */
interface Place {
  readonly number: number;
  readonly finish: Finish;
}

class LinkState {
  readonly number: number;
  readonly finish: Finish;
  next: LinkRef | undefined = undefined;
  passed = 0;

  constructor({ number, finish }: Place) {
    this.number = number;
    this.finish = finish;
  }
}

const link = actor(Link, (place: Place) => new LinkState(place), {
  join: ({ state }, { ref }) => {
    state.next = ref;
  },
  pass: ({ state }, { left }) => {
    state.passed++;
    if (left === 1) state.finish.done();
    else state.next?.tell("pass", { left: left - 1, seq: state.passed, from: state.number });
  },
  passed: ({ state }) => state.passed,
});

async function ours(): Promise<RateVariant> {
  const system = createSystem({ log: silentLog });
  const ring: ActorRef<typeof Link.operations>[] = [];
  const finish = new Finish();
  for (let number = 0; number < LINKS; number++) {
    ring.push(system.spawn(link, { input: { number, finish } }));
  }
  for (let i = 0; i < LINKS; i++) {
    const ref = ring[(i + 1) % LINKS];
    if (ref !== undefined) ring[i]?.tell("join", { ref });
  }
  const passed = async (): Promise<number> => {
    let sum = 0;
    for (const ref of ring) sum += await ref.ask("passed");
    return sum;
  };
  return {
    kind: "rate",
    batch: LINKS,
    run: async (count) => {
      const before = await passed();
      const watch = new Stopwatch();
      const finished = finish.next;
      ring[0]?.tell("pass", { left: count, seq: 0, from: LINKS - 1 });
      await finished;
      const { elapsedMs } = watch;
      return { completed: (await passed()) - before, elapsedMs };
    },
    end: () => system.shutdown(),
  };
}

interface BareLink {
  next: BareLink | undefined;
  passed: number;
}

function bare(): RateVariant {
  const first: BareLink = { next: undefined, passed: 0 };
  const ring = [first];
  for (let last = first; ring.length < LINKS; last = last.next) {
    last.next = { next: undefined, passed: 0 };
    ring.push(last.next);
    if (ring.length === LINKS) last.next.next = first;
  }
  const loop = new BareLoop<BareLink>();
  const handlers = {
    pass: ({ to, left }: BareMessage<BareLink>) => {
      to.passed++;
      const { next } = to;
      if (left > 1 && next !== undefined) {
        loop.send({ operation: "pass", to: next, left: left - 1, from: to });
      }
    },
  };
  return {
    kind: "rate",
    batch: LINKS,
    run: (count) => {
      for (const one of ring) one.passed = 0;
      const watch = new Stopwatch();
      loop.send({ operation: "pass", to: first, left: count, from: first });
      loop.drain(handlers);
      const { elapsedMs } = watch;
      return { completed: ring.reduce((sum, { passed }) => sum + passed, 0), elapsedMs };
    },
  };
}

async function on(system: RivalSystem): Promise<RateVariant> {
  const ring: RivalActor[] = [];
  const finish = new Finish();
  let passed = 0;
  for (let from = 0; from < LINKS; from++) {
    const next = (from + 1) % LINKS;
    const pass = ({ left }: RivalMessage): void => {
      passed++;
      if (left === 1) finish.done();
      else ring[next]?.tell({ type: "pass", left: left - 1, seq: passed, from });
    };
    ring.push(await system.spawn({ pass }));
  }
  return {
    kind: "rate",
    batch: LINKS,
    run: async (count) => {
      passed = 0;
      const watch = new Stopwatch();
      const finished = finish.next;
      ring[0]?.tell({ type: "pass", left: count, seq: 0, from: LINKS - 1 });
      await finished;
      return { completed: passed, elapsedMs: watch.elapsedMs };
    },
  };
}

/** A hundred actors, one token. */
export const threadRing: Benchmark = tellBenchmark({
  name: "thread ring",
  about: "A hundred actors in a circle pass one token on.",
  ours,
  bare,
  on,
  goals: { bare: 0.35, nact: 25, xstate: 25, best: 8 },
});
