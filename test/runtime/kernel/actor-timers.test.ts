import t from "tap";
import { actor, ask, protocol, tell } from "../../../runtime/index.ts";
import { gate, world } from "../world.ts";

const Ticker = protocol("ticker@1", {
  tick: tell<string>(),
  once: tell<number>(),
  every: tell<number>(),
  cancel: tell(),
  hold: tell(),
  boom: tell(),
  ticks: ask<undefined, readonly string[]>(),
});

function ticker(held: Promise<void> = Promise.resolve(), ticks: string[] = []) {
  return actor(Ticker, () => ticks, {
    tick: (ctx, name) => {
      ctx.state.push(`${name}@${ctx.clock.monotonicMs()}`);
    },
    once: (ctx, delayMs) => ctx.timers.after("key", delayMs, "tick", "once"),
    every: (ctx, periodMs) => ctx.timers.every("key", periodMs, "tick", "every"),
    cancel: (ctx) => ctx.timers.cancel("key"),
    hold: () => held,
    boom: () => {
      throw new Error("boom");
    },
    ticks: (ctx) => ctx.state,
  });
}

t.test("timers", async (t) => {
  t.test("S13: a timer tells its actor once, at its instant", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(ticker());
    ref.tell("once", 250);
    await clock.advanceAsync("10s");
    t.same(await ref.ask("ticks"), ["once@250"]);
    await system.shutdown();
  });

  t.test("S13: far timers fire at their instant too, past a turn of the wheel", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(ticker());
    ref.tell("once", 3_600_001);
    await clock.advanceAsync("2h");
    t.same(await ref.ask("ticks"), ["once@3600001"]);
    await system.shutdown();
  });

  t.test("T1: setting a key again replaces its timer", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(ticker());
    ref.tell("once", 100);
    ref.tell("once", 200);
    await clock.advanceAsync("1s");
    t.same(await ref.ask("ticks"), ["once@200"]);
    await system.shutdown();
  });

  t.test("T2: a cancelled timer's message is not handled, also when it is queued", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const ref = system.spawn(ticker(passed));
    ref.tell("once", 100);
    ref.tell("hold");
    ref.tell("cancel");
    await clock.advanceAsync("1s");
    open();
    await clock.settle();
    t.same(await ref.ask("ticks"), []);
    await system.shutdown();
  });

  t.test("T3: a periodic timer keeps to its instants and queues at most one message", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const ref = system.spawn(ticker(passed));
    ref.tell("every", 100);
    await clock.advanceAsync(250);
    ref.tell("hold");
    await clock.advanceAsync(500);
    open();
    await clock.advanceAsync(100);
    t.same(await ref.ask("ticks"), ["every@100", "every@200", "every@750", "every@800"]);
    await system.shutdown();
  });

  t.test("S13: one timer of the clock serves all timers of all actors", async (t) => {
    const { system, clock } = world();
    for (let i = 1; i <= 100; i++) system.spawn(ticker()).tell(i % 2 === 0 ? "once" : "every", i);
    await clock.settle();
    t.equal(clock.pending, 1);
    await system.shutdown();
    t.equal(clock.pending, 0);
  });

  t.test("S13: a restart cancels timers", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(ticker());
    ref.tell("every", 1_000);
    ref.tell("boom");
    await clock.advanceAsync("5s");
    t.same(await ref.ask("ticks"), []);
    await system.shutdown();
    t.equal(clock.pending, 0);
  });
});
