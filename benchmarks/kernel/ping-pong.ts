/**
 * Ping-pong: two actors send one ball to and fro. One message is in flight, so each needs a turn of
 * its own.
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

const Player = protocol("player@1", {
  meet: tell<Other>(),
  hit: tell<Parcel>(),
  hits: ask<undefined, number>(),
});

type PlayerRef = ActorRef<{ readonly hit: Tell<Parcel> }>;

/** Whom a player plays with. */
interface Other {
  readonly ref: PlayerRef;
}

/** What a player is made with: its number, and whom to tell of the last ball. */
interface Side {
  readonly number: number;
  readonly finish: Finish;
}

class PlayerState {
  readonly number: number;
  readonly finish: Finish;
  other: PlayerRef | undefined = undefined;
  hits = 0;

  constructor({ number, finish }: Side) {
    this.number = number;
    this.finish = finish;
  }
}

const player = actor(Player, (side: Side) => new PlayerState(side), {
  meet: ({ state }, { ref }) => {
    state.other = ref;
  },
  hit: ({ state }, { left }) => {
    state.hits++;
    if (left === 1) state.finish.done();
    else state.other?.tell("hit", { left: left - 1, seq: state.hits, from: state.number });
  },
  hits: ({ state }) => state.hits,
});

async function ours(): Promise<RateVariant> {
  const system = createSystem({ log: silentLog });
  const finish = new Finish();
  const players = [0, 1].map((number) => system.spawn(player, { input: { number, finish } }));
  const [first, second] = players;
  if (first === undefined || second === undefined) throw new Error("there are two players");
  first.tell("meet", { ref: second });
  second.tell("meet", { ref: first });
  const hits = async (): Promise<number> => {
    let sum = 0;
    for (const ref of players) sum += await ref.ask("hits");
    return sum;
  };
  return {
    kind: "rate",
    batch: 2,
    run: async (count) => {
      const before = await hits();
      const watch = new Stopwatch();
      const finished = finish.next;
      first.tell("hit", { left: count, seq: 0, from: 1 });
      await finished;
      const { elapsedMs } = watch;
      return { completed: (await hits()) - before, elapsedMs };
    },
    end: () => system.shutdown(),
  };
}

interface Tally {
  hits: number;
}

function bare(): RateVariant {
  const loop = new BareLoop<Tally>();
  const handlers = {
    hit: ({ to, left, from }: BareMessage<Tally>) => {
      to.hits++;
      if (left > 1) loop.send({ operation: "hit", to: from, left: left - 1, from: to });
    },
  };
  return {
    kind: "rate",
    batch: 2,
    run: (count) => {
      const [ping, pong] = [{ hits: 0 }, { hits: 0 }];
      const watch = new Stopwatch();
      loop.send({ operation: "hit", to: ping, left: count, from: pong });
      loop.drain(handlers);
      return { completed: ping.hits + pong.hits, elapsedMs: watch.elapsedMs };
    },
  };
}

async function on(system: RivalSystem): Promise<RateVariant> {
  const players: RivalActor[] = [];
  const finish = new Finish();
  let hits = 0;
  for (const number of [0, 1]) {
    const hit = ({ left, from }: RivalMessage): void => {
      hits++;
      if (left === 1) finish.done();
      else players[from]?.tell({ type: "hit", left: left - 1, seq: hits, from: number });
    };
    players.push(await system.spawn({ hit }));
  }
  return {
    kind: "rate",
    batch: 2,
    run: async (count) => {
      hits = 0;
      const watch = new Stopwatch();
      const finished = finish.next;
      players[0]?.tell({ type: "hit", left: count, seq: 0, from: 1 });
      await finished;
      return { completed: hits, elapsedMs: watch.elapsedMs };
    },
  };
}

/** Two actors, one ball. */
export const pingPong: Benchmark = tellBenchmark({
  name: "ping-pong",
  about: "Two actors send one message to and fro.",
  ours,
  bare,
  on,
  goals: { bare: 0.25, nact: 25, xstate: 25, best: 8 },
});
