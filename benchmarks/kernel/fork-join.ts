/**
 * Fork-join: an actor gives 64 workers fifteen tasks each, waits for all 960 answers, and begins
 * again. Counted are the tasks and the answers, each where it arrives.
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
import type { Benchmark, RateVariant } from "../benchmark.ts";
import type { RivalActor, RivalMessage, RivalSystem } from "../rivals/rival.ts";
import { Stopwatch } from "../stopwatch.ts";
import { BareLoop, type BareMessage } from "./bare-loop.ts";
import { Finish } from "./finish.ts";
import type { Parcel } from "./parcel.ts";
import { tellBenchmark } from "./tell-benchmark.ts";

const WORKERS = 64;
const TASKS = 15;
/** All answers of a round fit the mailbox of 1,024. */
const FORKED = WORKERS * TASKS;
const BATCH = FORKED * 2;

const Worker = protocol("worker@1", { work: tell<Parcel>(), worked: ask<undefined, number>() });
const Master = protocol("master@1", {
  begin: tell<Parcel>(),
  join: tell<Parcel>(),
  joined: ask<undefined, number>(),
});

type WorkerRef = ActorRef<typeof Worker.operations>;
type MasterRef = ActorRef<typeof Master.operations>;

const worker = actor(Worker, (master: MasterRef) => ({ master, worked: 0 }), {
  work: ({ state }, { left, from }) => {
    state.worked++;
    state.master.tell("join", { left, seq: state.worked, from });
  },
  worked: ({ state }) => state.worked,
});

interface Team {
  readonly workers: readonly WorkerRef[];
  readonly finish: Finish;
}

class MasterState {
  readonly #team: Team;
  joined = 0;
  /** Answers until this round is over, and rounds after it. */
  #missing = 0;
  #rounds = 0;

  constructor(team: Team) {
    this.#team = team;
  }

  begin(rounds: number): void {
    this.#rounds = rounds;
    this.#fork();
  }

  join(): void {
    this.joined++;
    if (--this.#missing > 0) return;
    if (this.#rounds > 0) this.#fork();
    else this.#team.finish.done();
  }

  #fork(): void {
    this.#rounds--;
    this.#missing = FORKED;
    const { workers } = this.#team;
    for (let task = 0; task < TASKS; task++) {
      for (let to = 0; to < WORKERS; to++) {
        workers[to]?.tell("work", { left: this.#rounds, seq: task, from: to });
      }
    }
  }
}

const master = actor(Master, (team: Team) => new MasterState(team), {
  begin: ({ state }, { left }) => state.begin(left),
  join: ({ state }) => state.join(),
  joined: ({ state }) => state.joined,
});

async function ours(): Promise<RateVariant> {
  const system = createSystem({ log: silentLog });
  const workers: WorkerRef[] = [];
  const finish = new Finish();
  const ref = system.spawn(master, { input: { workers, finish } });
  for (let i = 0; i < WORKERS; i++) workers.push(system.spawn(worker, { input: ref }));
  const completed = async (): Promise<number> => {
    let sum = await ref.ask("joined");
    for (const one of workers) sum += await one.ask("worked");
    return sum;
  };
  return {
    kind: "rate",
    batch: BATCH,
    run: async (count) => {
      const before = await completed();
      const watch = new Stopwatch();
      const finished = finish.next;
      ref.tell("begin", { left: count / BATCH, seq: 0, from: 0 });
      await finished;
      const { elapsedMs } = watch;
      return { completed: (await completed()) - before, elapsedMs };
    },
    end: () => system.shutdown(),
  };
}

interface Tally {
  done: number;
}

/** Two queue loops, the workers' and the master's: each calls a handler of one name. */
function bare(): RateVariant {
  const forks = new BareLoop<Tally>();
  const joins = new BareLoop<Tally>();
  const team: readonly Tally[] = Array.from({ length: WORKERS }, () => ({ done: 0 }));
  const work = {
    work: ({ to, left, from }: BareMessage<Tally>) => {
      to.done++;
      joins.send({ operation: "join", to: from, left, from: to });
    },
  };
  const join = {
    join: ({ to }: BareMessage<Tally>) => {
      to.done++;
    },
  };
  return {
    kind: "rate",
    batch: BATCH,
    run: (count) => {
      for (const one of team) one.done = 0;
      const from: Tally = { done: 0 };
      const watch = new Stopwatch();
      for (let left = count / BATCH; left > 0; left--) {
        for (let task = 0; task < TASKS; task++) {
          for (const to of team) forks.send({ operation: "work", to, left, from });
        }
        forks.drain(work);
        joins.drain(join);
      }
      const { elapsedMs } = watch;
      return { completed: team.reduce((sum, { done }) => sum + done, from.done), elapsedMs };
    },
  };
}

async function on(system: RivalSystem): Promise<RateVariant> {
  const finish = new Finish();
  const workers: RivalActor[] = [];
  let completed = 0;
  let missing = 0;
  let rounds = 0;
  const fork = (): void => {
    rounds--;
    missing = FORKED;
    for (let task = 0; task < TASKS; task++) {
      for (let from = 0; from < WORKERS; from++) {
        workers[from]?.tell({ type: "work", left: rounds, seq: task, from });
      }
    }
  };
  const joiner = await system.spawn({
    begin: ({ left }) => {
      rounds = left;
      fork();
    },
    join: () => {
      completed++;
      if (--missing > 0) return;
      if (rounds > 0) fork();
      else finish.done();
    },
  });
  const work = ({ left, seq, from }: RivalMessage): void => {
    completed++;
    joiner.tell({ type: "join", left, seq, from });
  };
  for (let i = 0; i < WORKERS; i++) workers.push(await system.spawn({ work }));
  return {
    kind: "rate",
    batch: BATCH,
    run: async (count) => {
      completed = 0;
      const watch = new Stopwatch();
      const finished = finish.next;
      joiner.tell({ type: "begin", left: count / BATCH, seq: 0, from: 0 });
      await finished;
      return { completed, elapsedMs: watch.elapsedMs };
    },
  };
}

/** One actor, 64 workers. */
export const forkJoin: Benchmark = tellBenchmark({
  name: "fork-join",
  about: "An actor gives 64 workers 15 tasks each and waits for all answers.",
  ours,
  bare,
  on,
  goals: { bare: 0.35, nact: 25, xstate: 25, best: 8 },
});
