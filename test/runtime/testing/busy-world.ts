/**
 * A scenario that keeps a whole cluster busy with everything at once: tells, asks, streams, topics,
 * timers, restarts, watches, durable tasks, models, logs and blobs, on nodes that crash, freeze and are
 * cut off, over links and stores that do what they like.
 */
import {
  actor,
  addressOf,
  ask,
  DeferredReply,
  protocol,
  type System,
  stream,
  tell,
} from "../../../runtime/index.ts";
import {
  type InitialFaults,
  type SeededWorld,
  seededWorld,
} from "../../../runtime/testing/index.ts";

const ALL_FAULTS: InitialFaults = {
  links: { loss: 0.03, delayMs: [0, 40], duplication: 0.01 },
  members: { delayMs: [0, 200] },
  keyValues: {
    refusedShare: 0.02,
    storedButTimedOutShare: 0.02,
    delayMs: [0, 20],
    staleShare: 0.1,
    silentAfterLossMs: [0, 2_000],
  },
  queue: {
    refusedShare: 0.02,
    storedButTimedOutShare: 0.02,
    delayMs: [0, 20],
    acksLostShare: 0.05,
    duplicatesShare: 0.05,
  },
  eventLogs: { refusedShare: 0.02, storedButTimedOutShare: 0.02, delayMs: [0, 10] },
  blobs: { refusedShare: 0.02, delayMs: [0, 10] },
  models: { refusedShare: 0.1, brokenShare: 0.1, hangingShare: 0.05, slowness: 2 },
};

const Bee = protocol("bee@1", {
  work: tell<number>(),
  heard: tell<{ readonly n: number }>(),
  tick: tell(),
  sum: ask<number, number>(),
  later: ask<number, string>(),
  think: ask<string, string>(),
  count: stream<number, number, number>(),
});

const CAPABILITY = "honey@1";

/** Fails now and then, asks its neighbour, streams, keeps a log, and thinks with a model. */
const bee = actor(
  Bee,
  async (input: { readonly neighbour: string }, ctx) => {
    ctx.timers.every("tick", 700, "tick");
    ctx.subscribe("weather", "heard");
    if (input.neighbour !== "") ctx.watch(input.neighbour);
    return { sum: 0, ended: 0 };
  },
  {
    work: async (ctx, n) => {
      if (ctx.random.int(12) === 0) throw new Error("stung");
      ctx.state.sum += n;
      if (ctx.input.neighbour !== "" && n > 0) {
        ctx.refOf(Bee, ctx.input.neighbour).tell("work", n - 1);
      }
      const log = await ctx.ports.eventLogs?.open(`bee.${ctx.self.address.replaceAll("/", ".")}`);
      await log?.append([{ n }]).catch(() => undefined);
    },
    heard: (ctx, { n }) => {
      ctx.state.sum += n;
    },
    tick: (ctx) => {
      ctx.publish("weather", { n: ctx.random.int(3) });
    },
    sum: async (ctx, more) => {
      if (ctx.random.int(15) === 0) ctx.fail("tired");
      if (ctx.input.neighbour === "" || more === 0) return ctx.state.sum;
      const next = ctx.refOf(Bee, ctx.input.neighbour);
      return ctx.state.sum + (await next.ask("sum", more - 1, { timeout: "2s" }));
    },
    later: (ctx, afterMs) => {
      const reply = new DeferredReply<string>();
      ctx.clock.after(afterMs, () => reply.resolve("at last"));
      return reply;
    },
    think: async (ctx, prompt) => ctx.model("auto").generate({ prompt }).text,
    async *count(ctx, upTo) {
      for (let n = 1; n <= upTo; n++) {
        if (n % 3 === 0) await new Promise<void>((resolve) => ctx.clock.after(15, resolve));
        yield n;
      }
      return upTo;
    },
  },
  {
    terminated: (ctx) => {
      ctx.state.ended++;
    },
    restart: "permanent",
    backoff: { initial: 50, max: 400 },
  },
);

/** Runs the scenario in a world of that seed and returns the world, ended. */
export async function busyWorld(
  seed: number,
  faults: InitialFaults = ALL_FAULTS,
): Promise<SeededWorld> {
  const world = seededWorld({
    seed,
    nodes: ["n1", "n2", "n3"],
    faults,
    models: {
      oracle: (_request, call) => ({ text: `answer number ${call} of many`, tokenMs: 30 }),
    },
  });
  const settleSoon = (what: string, promise: Promise<unknown>) =>
    promise.then(
      (value) => world.note(what, { value: value ?? null }),
      (error: { readonly code?: string }) => world.note(what, { code: error.code ?? "no code" }),
    );
  const outcomes: Promise<void>[] = [];
  const populate = (system: System, neighbours: readonly string[]) => {
    for (const [i, neighbour] of neighbours.entries()) {
      system.spawn(bee, { name: `bee${i}`, input: { neighbour } });
    }
  };
  populate(world.system("n1"), ["n2/bee0", "n3/bee1", ""]);
  populate(world.system("n2"), ["n3/bee0", "n1/bee2"]);
  populate(world.system("n3"), ["", "n2/bee1"]);
  const home = world.system("n1");
  const bees = [
    ...Array.from({ length: 7 }, (_, i) => addressOf(`n${1 + (i % 3)}`, `bee${i % 2}`)),
  ].map((address) => home.refOf(Bee, address));
  for (const name of world.nodes) {
    const { tasks, clock, random } = world.system(name).ports;
    tasks.work(CAPABILITY, async ({ attempt }) => {
      await new Promise<void>((resolve) => clock.after(random.int(300), resolve));
      if (random.int(5) === 0) throw new Error("spilt");
      return `${name} ${attempt}`;
    });
  }
  const { tasks, blobs } = home.ports;
  outcomes.push(
    settleSoon(
      "following",
      tasks.follow("jar", (id, outcome) => world.note(`ended ${id}`, { phase: outcome.phase })),
    ),
  );
  const doSomething = (n: number) => {
    const ref = bees[world.random.int(bees.length)];
    if (ref === undefined) return;
    switch (world.random.int(7)) {
      case 0:
        ref.tell("work", 3);
        return;
      case 1:
        outcomes.push(settleSoon(`sum ${n}`, ref.ask("sum", 4, { timeout: "3s" })));
        return;
      case 2:
        outcomes.push(settleSoon(`later ${n}`, ref.ask("later", 100, { timeout: "5s" })));
        return;
      case 3:
        outcomes.push(settleSoon(`think ${n}`, ref.ask("think", "why", { timeout: "4s" })));
        return;
      case 4:
        outcomes.push(settleSoon(`count ${n}`, counted(ref.stream("count", 40))));
        return;
      case 5:
        outcomes.push(
          settleSoon(
            `task ${n}`,
            tasks.submit({ id: `jar.${n}`, capability: CAPABILITY, input: n }),
          ),
        );
        return;
      case 6:
        if (blobs !== undefined)
          outcomes.push(settleSoon(`blob ${n}`, blobs.put(new TextEncoder().encode(`wax ${n}`))));
        return;
    }
  };
  for (let n = 0; n < 60; n++) {
    doSomething(n);
    if (n === 15) world.pause("n2");
    if (n === 20) world.resume("n2");
    if (n === 25) world.loseLeader("keyValues");
    if (n === 30) world.loseLeader("queue");
    if (n === 35) world.crash("n3");
    if (n === 45) populate(world.system("n3"), ["", "n2/bee1"]);
    if (n === 48) world.isolate("n2");
    if (n === 52) world.rejoin("n2");
    await world.advance(world.random.int(400));
  }
  await world.advance("30s");
  await world.run(Promise.all(outcomes));
  await world.end();
  return world;
}

async function counted(stream: AsyncIterable<number>): Promise<number> {
  let count = 0;
  for await (const _ of stream) count++;
  return count;
}
