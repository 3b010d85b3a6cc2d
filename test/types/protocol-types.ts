/** What the types of protocols, definitions and refs must refuse; compiled, never run. */
import {
  actor,
  ask,
  child,
  createSystem,
  EventFeed,
  pool,
  protocol,
  stream,
  supervisor,
  tell,
} from "../../runtime/index.ts";

const Summariser = protocol("summariser@1", {
  reset: tell(),
  cost: ask<{ sinceMs: number }, { usd: number }>(),
  total: ask<undefined, number>(),
  summarise: stream<{ text: string }, { token: string }, { tokens: number }>(),
});
const summariser = actor(
  Summariser,
  async (_input: { model: string }, ctx) => ({ usd: 0, at: ctx.signal.aborted }),
  {
    reset: (ctx) => {
      ctx.state.usd = 0;
    },
    cost: (ctx, { sinceMs }) => ({ usd: ctx.state.usd + sinceMs * ctx.input.model.length }),
    total: (ctx) => ctx.state.usd,
    async *summarise(ctx, { text }) {
      for (const token of text.split(" ")) {
        if (ctx.signal.aborted) break;
        yield { token };
      }
      return { tokens: 9 };
    },
  },
);
const plain = actor(Summariser, () => ({ usd: 0 }), {
  reset: () => {},
  cost: () => ({ usd: 1 }),
  total: () => 1,
  async *summarise() {
    yield { token: "" };
    return { tokens: 1 };
  },
});

export async function use(): Promise<void> {
  const system = createSystem();
  const ref = system.spawn(summariser, { name: "s1", input: { model: "auto" } });
  ref.tell("reset") satisfies boolean;
  (await ref.ask("cost", { sinceMs: 0 }, { timeout: "2s" })).usd satisfies number;
  (await ref.ask("total")) satisfies number;
  (await ref.ask("total", undefined, { timeout: "2s" })) satisfies number;
  const chunks = ref.stream("summarise", { text: "a b" });
  for await (const { token } of chunks) token satisfies string;
  (await chunks.result).tokens satisfies number;
  system.spawn(plain);
  (await ref.offer("reset")) satisfies boolean;
  await ref.offer("reset", undefined, { timeout: "2s" });
  ref.stream("summarise", { text: "" }, { credit: 4 });
  const crew = system.spawn(pool(summariser, { size: 2, worker: { concurrency: 3 } }), {
    input: { model: "auto" },
  });
  (await crew.ask("total")) satisfies number;
  new EventFeed("n", system.ports.clock).subscribe(() => {}, { every: 100 });
  system.spawn(plain, { concurrency: 2, interleave: ["total"], timeLimit: "1m" });
  system.spawn(
    supervisor({
      autoShutdown: "any-significant",
      children: [child(plain, { significant: true })],
    }),
  );
  system.spawn(
    supervisor({ children: [child(plain), child(summariser, { input: { model: "m" } })] }),
  );

  // @ts-expect-error wrong payload
  await ref.ask("cost", { sinceMs: "x" });
  // @ts-expect-error an ask on a tell
  await ref.ask("reset");
  // @ts-expect-error a tell on an ask
  ref.tell("cost", { sinceMs: 0 });
  // @ts-expect-error unknown operation
  ref.tell("nope");
  // @ts-expect-error missing payload
  await ref.ask("cost");
  // @ts-expect-error options in the place of the payload
  await ref.ask("total", { timeout: "2s" });
  // @ts-expect-error a payload that is not taken
  ref.tell("reset", 1);
  // @ts-expect-error missing input
  system.spawn(summariser, { name: "s2" });
  // @ts-expect-error wrong input
  system.spawn(summariser, { input: { model: 1 } });
  // @ts-expect-error missing input of a child
  child(summariser, { name: "s3" });
  // @ts-expect-error an offer of an ask
  await ref.offer("cost", { sinceMs: 0 });
  // @ts-expect-error an offer of an unknown operation
  await ref.offer("nope");
  // @ts-expect-error options in the place of the payload
  await ref.offer("reset", { timeout: "2s" });
  // @ts-expect-error credit for an ask
  await ref.ask("total", undefined, { credit: 4 });
  // @ts-expect-error a pool without a size
  pool(summariser, {});
  // @ts-expect-error a pool whose workers miss their input
  system.spawn(pool(summariser, { size: 2 }));
  // @ts-expect-error a worker's name is the pool's to give
  pool(summariser, { size: 2, worker: { name: "w" } });
  // @ts-expect-error an operation's name, not a list of them
  system.spawn(plain, { interleave: "total" });
  // @ts-expect-error unknown autoShutdown
  system.spawn(plain, { autoShutdown: "sometimes" });
  // @ts-expect-error checkMessages without a number of bytes
  createSystem({ checkMessages: { maxBytes: "1 MB" } });
  // @ts-expect-error unknown strategy
  supervisor({ strategy: "one-for-two", children: [] });
}

// @ts-expect-error missing handler
actor(Summariser, () => ({ usd: 0 }), { cost: () => ({ usd: 1 }), total: () => 1 });
actor(Summariser, () => ({ usd: 0 }), {
  reset() {},
  // @ts-expect-error wrong reply
  cost: () => ({ usd: "x" }),
  total: () => 1,
  async *summarise() {
    yield { token: "" };
    return { tokens: 1 };
  },
});
actor(Summariser, () => ({ usd: 0 }), {
  reset() {},
  cost: () => ({ usd: 1 }),
  total: () => 1,
  // @ts-expect-error wrong chunk
  async *summarise() {
    yield { token: 1 };
    return { tokens: 1 };
  },
});

const Worker = protocol("worker@1", {
  start: tell(),
  done: tell<number>(),
  total: ask<undefined, number>(),
});
actor(Worker, () => 0, {
  start: (ctx) => {
    ctx.task(async () => 1, "done");
    ctx.task((signal) => (signal.aborted ? 0 : 1), "done");
    ctx.receiveTimeout("1s", "done", 1);
    ctx.receiveTimeout("1s", "start");
    ctx.receiveTimeout(undefined);
    ctx.stash() satisfies boolean;
    // @ts-expect-error a task that resolves to another type than its tell takes
    ctx.task(async () => "one", "done");
    // @ts-expect-error a task that tells an ask
    ctx.task(async () => undefined, "total");
    // @ts-expect-error a task that tells nobody
    ctx.task(async () => 1);
    // @ts-expect-error a task that tells an unknown operation
    ctx.task(async () => 1, "nope");
    // @ts-expect-error a promise is no task
    ctx.task(Promise.resolve(1), "done");
    // @ts-expect-error a time-out with a wrong payload
    ctx.receiveTimeout("1s", "done", "one");
    // @ts-expect-error a time-out without its payload
    ctx.receiveTimeout("1s", "done");
    // @ts-expect-error a time-out that asks
    ctx.receiveTimeout("1s", "total");
    // @ts-expect-error a span without an operation
    ctx.receiveTimeout("1s");
  },
  done: () => {},
  total: () => 0,
});
