/**
 * Fan-in: four senders fill one actor's mailbox, again and again: it asks each for its share, gets
 * 1,000 messages, and asks again. Counted are those messages, not the four that ask.
 *
 * The same work with asynchronous handlers is the benchmark of these.
 */
import {
  type ActorDefinition,
  type ActorRef,
  actor,
  ask,
  createSystem,
  type EventFeed,
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

const SENDERS = 4;
const SHARE = 250;
const BATCH = SENDERS * SHARE;

const Sender = protocol("sender@1", { send: tell<Parcel>() });
const Sink = protocol("sink@1", {
  begin: tell<Parcel>(),
  add: tell<Parcel>(),
  added: ask<undefined, number>(),
});

type SinkRef = ActorRef<typeof Sink.operations>;
type SenderRef = ActorRef<typeof Sender.operations>;

const sender = actor(Sender, (sink: SinkRef) => ({ sink }), {
  send: ({ state }, { left, from }) => {
    for (let i = 0; i < SHARE; i++) state.sink.tell("add", { left: left - i, seq: i, from });
  },
});

/** What a sink is made with; it tells `finish` when all is there. */
interface SinkInput {
  readonly senders: readonly SenderRef[];
  readonly finish: Finish;
}

class SinkState {
  readonly #input: SinkInput;
  added = 0;
  #wanted = 0;

  constructor(input: SinkInput) {
    this.#input = input;
  }

  begin(count: number): void {
    this.#wanted = this.added + count;
    this.#askSenders();
  }

  add(): void {
    this.added++;
    if (this.added === this.#wanted) this.#input.finish.done();
    else if ((this.#wanted - this.added) % BATCH === 0) this.#askSenders();
  }

  #askSenders(): void {
    const { senders } = this.#input;
    for (let i = 0; i < senders.length; i++) {
      senders[i]?.tell("send", {
        left: this.#wanted - this.added,
        seq: this.added,
        from: i,
      });
    }
  }
}

const sink = actor(Sink, (input: SinkInput) => new SinkState(input), {
  begin: ({ state }, { left }) => state.begin(left),
  add: ({ state }) => state.add(),
  added: ({ state }) => state.added,
});

const asyncSink = actor(Sink, (input: SinkInput) => new SinkState(input), {
  begin: ({ state }, { left }) => state.begin(left),
  add: async ({ state }) => state.add(),
  added: ({ state }) => state.added,
});

/** Our actors; messages are watched by whoever subscribed to `events`. */
async function fanInOf(
  definition: ActorDefinition<typeof Sink.operations, SinkInput>,
  events?: EventFeed,
): Promise<RateVariant> {
  const system = createSystem({ log: silentLog, ...(events === undefined ? {} : { events }) });
  const senders: SenderRef[] = [];
  const finish = new Finish();
  const ref = system.spawn(definition, { input: { senders, finish } });
  for (let i = 0; i < SENDERS; i++) senders.push(system.spawn(sender, { input: ref }));
  await ref.ready;
  return {
    kind: "rate",
    batch: BATCH,
    run: async (count) => {
      const before = await ref.ask("added");
      const watch = new Stopwatch();
      const finished = finish.next;
      ref.tell("begin", { left: count, seq: 0, from: 0 });
      await finished;
      const { elapsedMs } = watch;
      return { completed: (await ref.ask("added")) - before, elapsedMs };
    },
    end: () => system.shutdown(),
  };
}

/** Our actors with plain handlers. */
export function plainFanIn(events?: EventFeed): Promise<RateVariant> {
  return fanInOf(sink, events);
}

interface Tally {
  added: number;
}

/** The queue loop: four senders' messages in turn, then all of them handled. */
function bare(): RateVariant {
  const loop = new BareLoop<Tally>();
  const handlers = {
    add: ({ to }: BareMessage<Tally>) => {
      to.added++;
    },
  };
  const from: readonly Tally[] = Array.from({ length: SENDERS }, () => ({ added: 0 }));
  return {
    kind: "rate",
    batch: BATCH,
    run: (count) => {
      const to: Tally = { added: 0 };
      const watch = new Stopwatch();
      for (let left = count; left > 0; left -= BATCH) {
        for (const one of from) {
          for (let i = 0; i < SHARE; i++) loop.send({ operation: "add", to, left, from: one });
        }
        loop.drain(handlers);
      }
      return { completed: to.added, elapsedMs: watch.elapsedMs };
    },
  };
}

/** A rival's actors. */
async function on(system: RivalSystem, isAsync: boolean): Promise<RateVariant> {
  const finish = new Finish();
  const senders: RivalActor[] = [];
  let added = 0;
  let wanted = 0;
  const askSenders = (): void => {
    for (let from = 0; from < SENDERS; from++) {
      senders[from]?.tell({ type: "send", left: wanted - added, seq: added, from });
    }
  };
  const add = (): void => {
    added++;
    if (added === wanted) finish.done();
    else if ((wanted - added) % BATCH === 0) askSenders();
  };
  const receiver = await system.spawn({
    add: isAsync
      ? async () => {
          add();
        }
      : add,
  });
  const send = ({ left, from }: RivalMessage): void => {
    for (let i = 0; i < SHARE; i++) receiver.tell({ type: "add", left: left - i, seq: i, from });
  };
  for (let i = 0; i < SENDERS; i++) senders.push(await system.spawn({ send }));
  return {
    kind: "rate",
    batch: BATCH,
    run: async (count) => {
      added = 0;
      wanted = count;
      const watch = new Stopwatch();
      const finished = finish.next;
      askSenders();
      await finished;
      return { completed: added, elapsedMs: watch.elapsedMs };
    },
  };
}

/** Four actors tell one. */
export const fanIn: Benchmark = tellBenchmark({
  name: "fan-in",
  about: "Four actors each tell one actor 250 messages, whenever it has handled the last 1,000.",
  ours: () => plainFanIn(),
  bare,
  on: (system) => on(system, false),
  goals: { bare: 0.35, nact: 25, xstate: 25, best: 8 },
});

/** The same, where the receiver's handler is asynchronous. */
export const asyncFanIn: Benchmark = tellBenchmark({
  name: "async handlers",
  about: "Fan-in to an actor whose handler is an async function.",
  ours: () => fanInOf(asyncSink),
  bare,
  on: (system) => on(system, true),
  // An action of a machine cannot be awaited: XState has no such handlers.
  rivals: ["nact", "comedy", "moleculer"],
  goals: { bare: 0.06, comedy: 3 },
});
