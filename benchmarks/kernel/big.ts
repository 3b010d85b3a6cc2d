/**
 * Big: 120 actors, each sends pings to others drawn at random and waits for the pong before the
 * next. Counted are pings and pongs where they arrive. The order in which actors become ready has no
 * pattern that a cache or a compiler could learn.
 */
import {
  type ActorRef,
  actor,
  ask,
  createSystem,
  protocol,
  silentLog,
  tell,
} from "../../runtime/index.ts";
import type { Benchmark, RateVariant, Setting } from "../benchmark.ts";
import type { RivalActor, RivalMessage, RivalSystem } from "../rivals/rival.ts";
import { Stopwatch } from "../stopwatch.ts";
import { BareLoop, type BareMessage } from "./bare-loop.ts";
import { Dice } from "./dice.ts";
import { Finish } from "./finish.ts";
import type { Parcel } from "./parcel.ts";
import { tellBenchmark } from "./tell-benchmark.ts";

const ACTORS = 120;
/** One ping of each actor, and its pong. */
const BATCH = ACTORS * 2;

const Neighbour = protocol("neighbour@1", {
  begin: tell<Parcel>(),
  ping: tell<Parcel>(),
  pong: tell<Parcel>(),
  received: ask<undefined, number>(),
});

/** What all neighbours share. */
interface Street {
  readonly neighbours: readonly ActorRef<typeof Neighbour.operations>[];
  readonly finish: Finish;
  readonly seed: number;
  /** Neighbours that still have pings to send. */
  busy: number;
}

interface House {
  readonly number: number;
  readonly street: Street;
}

class NeighbourState {
  readonly #number: number;
  readonly #street: Street;
  readonly #dice: Dice;
  received = 0;

  constructor({ number, street }: House) {
    this.#number = number;
    this.#street = street;
    this.#dice = new Dice(street.seed + number);
  }

  send(left: number): void {
    if (left === 0) {
      if (--this.#street.busy === 0) this.#street.finish.done();
      return;
    }
    const to = this.#dice.below(ACTORS);
    this.#street.neighbours[to]?.tell("ping", { left, seq: this.received, from: this.#number });
  }

  answer({ left, from }: Parcel): void {
    this.received++;
    const answer = { left: left - 1, seq: this.received, from: this.#number };
    this.#street.neighbours[from]?.tell("pong", answer);
  }
}

const neighbour = actor(Neighbour, (house: House) => new NeighbourState(house), {
  begin: ({ state }, { left }) => state.send(left),
  ping: ({ state }, ping) => state.answer(ping),
  pong: ({ state }, { left }) => {
    state.received++;
    state.send(left);
  },
  received: ({ state }) => state.received,
});

async function ours({ seed }: Setting): Promise<RateVariant> {
  const system = createSystem({ log: silentLog });
  const neighbours: ActorRef<typeof Neighbour.operations>[] = [];
  const street: Street = { neighbours, finish: new Finish(), seed, busy: 0 };
  for (let number = 0; number < ACTORS; number++) {
    neighbours.push(system.spawn(neighbour, { input: { number, street } }));
  }
  const received = async (): Promise<number> => {
    let sum = 0;
    for (const ref of neighbours) sum += await ref.ask("received");
    return sum;
  };
  return {
    kind: "rate",
    batch: BATCH,
    run: async (count) => {
      const before = await received();
      street.busy = ACTORS;
      const watch = new Stopwatch();
      const finished = street.finish.next;
      for (let to = 0; to < ACTORS; to++) {
        neighbours[to]?.tell("begin", { left: count / BATCH, seq: 0, from: to });
      }
      await finished;
      const { elapsedMs } = watch;
      return { completed: (await received()) - before, elapsedMs };
    },
    end: () => system.shutdown(),
  };
}

interface Tally {
  readonly dice: Dice;
  received: number;
}

function bare({ seed }: Setting): RateVariant {
  const loop = new BareLoop<Tally>();
  const all = Array.from({ length: ACTORS }, (_, i) => ({ dice: new Dice(seed + i), received: 0 }));
  const send = (from: Tally, left: number): void => {
    const to = all[from.dice.below(ACTORS)];
    if (left > 0 && to !== undefined) loop.send({ operation: "ping", to, left, from });
  };
  const handlers = {
    ping: ({ to, left, from }: BareMessage<Tally>) => {
      to.received++;
      loop.send({ operation: "pong", to: from, left: left - 1, from: to });
    },
    pong: ({ to, left }: BareMessage<Tally>) => {
      to.received++;
      send(to, left);
    },
  };
  return {
    kind: "rate",
    batch: BATCH,
    run: (count) => {
      for (const one of all) one.received = 0;
      const watch = new Stopwatch();
      for (const one of all) send(one, count / BATCH);
      loop.drain(handlers);
      const { elapsedMs } = watch;
      return { completed: all.reduce((sum, { received }) => sum + received, 0), elapsedMs };
    },
  };
}

async function on(system: RivalSystem, { seed }: Setting): Promise<RateVariant> {
  const neighbours: RivalActor[] = [];
  const finish = new Finish();
  let received = 0;
  let busy = 0;
  for (let number = 0; number < ACTORS; number++) {
    const dice = new Dice(seed + number);
    const send = (left: number): void => {
      if (left > 0) {
        neighbours[dice.below(ACTORS)]?.tell({ type: "ping", left, seq: received, from: number });
      } else if (--busy === 0) finish.done();
    };
    neighbours.push(
      await system.spawn({
        begin: ({ left }: RivalMessage) => send(left),
        ping: ({ left, from }: RivalMessage) => {
          received++;
          neighbours[from]?.tell({ type: "pong", left: left - 1, seq: received, from: number });
        },
        pong: ({ left }: RivalMessage) => {
          received++;
          send(left);
        },
      }),
    );
  }
  return {
    kind: "rate",
    batch: BATCH,
    run: async (count) => {
      received = 0;
      busy = ACTORS;
      const watch = new Stopwatch();
      const finished = finish.next;
      for (let from = 0; from < ACTORS; from++) {
        neighbours[from]?.tell({ type: "begin", left: count / BATCH, seq: 0, from });
      }
      await finished;
      return { completed: received, elapsedMs: watch.elapsedMs };
    },
  };
}

/** Many to many. */
export const big: Benchmark = tellBenchmark({
  name: "big",
  about: "120 actors send pings to each other at random and wait for the pongs.",
  ours,
  bare,
  on,
  goals: {},
});
