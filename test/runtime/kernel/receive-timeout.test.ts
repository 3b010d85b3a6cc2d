import t from "tap";
import { boom, type PuppetContext, puppet } from "../puppet.ts";
import { gate, rejection, world } from "../world.ts";

/** Notes how long it was idle, each time. */
const idle = (after: number) => (ctx: Pick<PuppetContext, "receiveTimeout">) =>
  ctx.receiveTimeout(after, "note", "idle");

t.test("receive time-out", async (t) => {
  t.test("V1: tells once per span in which nothing was handled", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    ref.tell("act", idle(100));
    await clock.advanceAsync(99);
    t.same(log, ["init"]);
    await clock.advanceAsync(1);
    t.same(log, ["init", "idle"]);
    await clock.advanceAsync(199);
    t.same(log, ["init", "idle", "idle"], "being told is activity");
    await system.shutdown();
  });

  t.test("V1: every message handled begins a new span", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    ref.tell("act", idle(100));
    for (let i = 0; i < 5; i++) {
      await clock.advanceAsync(90);
      ref.tell("act", () => {});
    }
    await clock.advanceAsync(99);
    t.same(log, ["init"]);
    await clock.advanceAsync(1);
    t.same(log, ["init", "idle"]);
    await system.shutdown();
  });

  t.test("V2: a handler that runs is activity, and so is its end", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const { passed, open } = gate();
    const ref = system.spawn(puppet(log));
    ref.tell("act", idle(100));
    ref.tell("act", () => passed);
    await clock.advanceAsync(1_050);
    open();
    await clock.advanceAsync(99);
    t.same(log, ["init"]);
    await clock.advanceAsync(1);
    t.same(log, ["init", "idle"]);
    await system.shutdown();
  });

  t.test("V3, S8: a restart ends it, and init may set it again", async (t) => {
    for (const again of [false, true]) {
      const { system, clock } = world();
      const log: string[] = [];
      const ref = system.spawn(puppet(log, again ? { init: idle(300) } : {}));
      await ref.ready;
      ref.tell("act", idle(50));
      ref.tell("act", boom);
      await clock.advanceAsync("500ms");
      t.same(log, again ? ["init", "init", "idle"] : ["init", "init"], `init sets it: ${again}`);
      await system.shutdown();
      t.equal(clock.pending, 0);
    }
  });

  t.test("V3, S9: a stop ends it", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    ref.tell("act", idle(50));
    await clock.settle();
    await system.stop(ref);
    await clock.advanceAsync("1s");
    t.same(log, ["init"]);
    t.equal(system.deadLetters, 0);
    await system.shutdown();
  });

  t.test("a later call replaces it, and undefined calls it off", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    ref.tell("act", idle(50));
    ref.tell("act", (ctx) => ctx.receiveTimeout("1s", "note", "later"));
    await clock.advanceAsync("1s");
    t.same(log, ["init", "later"]);
    ref.tell("act", (ctx) => ctx.receiveTimeout(undefined));
    await clock.advanceAsync("10s");
    t.same(log, ["init", "later"]);
    await system.shutdown();
  });

  t.test("comes also to an actor whose mailbox is full of what it cannot handle yet", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log), { mailbox: { capacity: 1 } });
    ref.tell("act", idle(100));
    await clock.settle();
    ref.tell("act", (ctx) => {
      if (log.includes("idle")) log.push("put back");
      else ctx.stash();
    });
    await clock.advanceAsync(100);
    ref.tell("act", (ctx) => ctx.unstash());
    await clock.settle();
    t.same(log, ["init", "idle", "put back"], "what is stashed is no activity");
    await system.shutdown();
  });

  t.test("S1: works for an actor of several handlers at a time", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const { passed, open } = gate();
    const ref = system.spawn(puppet(log), { concurrency: 2 });
    ref.tell("act", idle(100));
    ref.tell("act", () => passed);
    await clock.advanceAsync(500);
    t.same(log, ["init"]);
    open();
    await clock.advanceAsync(150);
    t.same(log, ["init", "idle"]);
    await system.shutdown();
  });

  t.test("S8: a generation that is gone sets nothing", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const late = gate();
    const ref = system.spawn(puppet(log), { shutdown: "1s" });
    ref.tell("act", async (ctx) => {
      ctx.task(boom as never, "note");
      await late.passed;
      idle(10)(ctx);
    });
    await clock.advanceAsync("5s");
    late.open();
    await clock.advanceAsync("1s");
    t.same(log, ["init", "init"]);
    await system.shutdown();
  });

  t.test("below 1 ms, and what is no tell, is refused", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(puppet());
    for (const act of [
      (ctx: PuppetContext) => ctx.receiveTimeout(0, "note", ""),
      (ctx: PuppetContext) => ctx.receiveTimeout(1, "get" as "note", ""),
      (ctx: PuppetContext) => ctx.receiveTimeout(1, "nope" as "note", ""),
    ]) {
      const failed = rejection(ref.ask("get", act));
      await clock.advanceAsync("20s");
      t.match(await failed, { code: "actor.failed" });
    }
    await system.shutdown();
  });
});
