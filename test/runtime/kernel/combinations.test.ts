/** What the kernel's features do to one another. */
import t from "tap";
import { DeferredReply, type ExitReason, pool } from "../../../runtime/index.ts";
import { boom, forEver, Puppet, type PuppetContext, puppet, untilAborted } from "../puppet.ts";
import { gate, rejection, world } from "../world.ts";

t.test("combinations", async (t) => {
  t.test("S1, S8: an interleaving ask during a restart waits for the next one", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const options = { interleave: ["peek"], shutdown: "1s" };
    const ref = system.spawn(puppet(log), options);
    ref.tell("act", (ctx) => {
      ctx.task(boom as never, "note");
      return untilAborted(ctx).then(() => new Promise(() => {}));
    });
    await clock.advanceAsync(500);
    const peeked = ref.ask("peek", (ctx) => `of ${log.length} inits, state ${ctx.state.count}`);
    const waits = ref.ask("get", () => "in its turn");
    await clock.advanceAsync("5s");
    t.equal(await peeked, "of 2 inits, state 0");
    t.equal(await waits, "in its turn");
    await system.shutdown();
  });

  t.test("S1, S8: an interleaving handler that fails restarts the actor once", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log), { interleave: ["peek"], shutdown: "1s" });
    const answer = ref.ask("get", (ctx) => untilAborted(ctx).then(() => "ended in time"));
    await clock.settle();
    t.match(await rejection(ref.ask("peek", boom)), { code: "actor.failed" });
    t.equal(await answer, "ended in time");
    await clock.advanceAsync("1s");
    t.same(log, ["init", "init"]);
    await system.shutdown();
  });

  t.test("S1, S9: a task that rejects after a stop began changes nothing", async (t) => {
    for (const how of ["stop", "kill"] as const) {
      const { system, clock, events } = world();
      const reasons: ExitReason[] = [];
      const late = gate();
      const ref = system.spawn(puppet());
      system.watch(ref, ({ reason }) => reasons.push(reason));
      ref.tell("act", (ctx) => {
        ctx.task(() => late.passed.then(boom as never), "note");
      });
      await clock.settle();
      const down = system.stop(ref, how);
      await clock.settle();
      late.open();
      await down;
      await clock.settle();
      t.same(reasons, [how === "stop" ? "normal" : "killed"]);
      t.equal(events.filter(({ type }) => type === "actor.failed").length, 0);
      await system.shutdown();
    }
  });

  t.test("S1, S9: a task that fails while its actor drains ends it as failed", async (t) => {
    const { system, clock } = world();
    const reasons: ExitReason[] = [];
    const [held, late] = [gate(), gate()];
    const ref = system.spawn(puppet());
    system.watch(ref, ({ reason }) => reasons.push(reason));
    ref.tell("act", (ctx) => {
      ctx.task(() => late.passed.then(boom as never), "note");
      return held.passed;
    });
    await clock.settle();
    const drained = system.stop(ref, "drain");
    late.open();
    await clock.settle();
    held.open();
    await drained;
    t.same(reasons, ["failed"]);
    await system.shutdown();
  });

  t.test("S1, S5: concurrent workers of a restarted pool lose only what was in hand", async (t) => {
    const { system, clock } = world();
    const parent = puppet([], {
      strategy: "one-for-all",
      init: (ctx) => {
        const workers = { concurrency: 2, shutdown: "1s" } as const;
        ctx.spawn(pool(puppet(), { size: 2, worker: workers }), { name: "crew", shutdown: "1s" });
        ctx.spawn(puppet(), { name: "other" });
      },
    });
    await system.spawn(parent, { name: "p" }).ready;
    const crew = system.refOf(Puppet, "local/p/crew");
    const inHand = [1, 2, 3, 4].map(() => rejection(crew.ask("get", forEver, { timeout: "5s" })));
    const queued = [1, 2, 3].map((n) => crew.ask("get", () => n));
    await clock.settle();
    system.refOf(Puppet, "local/p/other").tell("act", boom);
    await clock.advanceAsync("40s");
    for (const one of inHand) t.match(await one, { outcome: "unknown" });
    t.same(await Promise.all(queued), [1, 2, 3]);
    await system.shutdown();
  });

  t.test("S5, S9: a killed pool tells all who wait, wherever their message is", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(pool(puppet(), { size: 1, worker: { concurrency: 2 } }));
    const asked = [
      ref.ask("get", forEver),
      ref.ask("get", () => new DeferredReply()),
      ref.ask("get", (ctx) => void ctx.stash()),
      ref.ask("get", forEver),
      ref.ask("get", () => 1),
    ].map(rejection);
    await clock.settle();
    await system.stop(ref, "kill");
    const outcomes = asked.map(async (one) => (await one).outcome);
    t.same(await Promise.all(outcomes), [
      "unknown",
      "unknown",
      "never-ran",
      "unknown",
      "never-ran",
    ]);
    t.equal(system.pendingReplies, 0);
    await system.shutdown();
  });

  t.test("S8: deferred, stashed and queued asks through a restart", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(puppet());
    const deferred = rejection(ref.ask("get", () => new DeferredReply()));
    let looks = 0;
    const stashed = ref.ask("get", (ctx) => {
      if (++looks > 1) return "of the next generation";
      ctx.stash();
      return undefined;
    });
    ref.tell("act", boom);
    const queued = ref.ask("get", () => "queued");
    await clock.advanceAsync("1s");
    t.match(await deferred, { code: "actor.stopped", outcome: "unknown" });
    t.equal(await stashed, "of the next generation");
    t.equal(await queued, "queued");
    t.equal(system.pendingReplies, 0);
    await system.shutdown();
  });

  t.test("S1, S6: stash and unstash in an actor of several handlers keep the order", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log), { concurrency: 3 });
    const line = (text: string) => (ctx: PuppetContext) => {
      if (ctx.state.count === 0) ctx.stash();
      else log.push(text);
    };
    for (const text of ["a", "b", "c", "d"]) ref.tell("act", line(text));
    await clock.settle();
    ref.tell("act", (ctx) => {
      ctx.state.count = 1;
      ctx.unstash();
    });
    ref.tell("note", "after");
    await clock.settle();
    t.same(log, ["init", "a", "b", "c", "d", "after"]);
    await system.shutdown();
  });

  t.test("S13, S9: a stop cancels timers, also when they are already queued", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const held = gate();
    const ref = system.spawn(puppet(log));
    ref.tell("act", (ctx) => {
      ctx.timers.every("t", 10, "note", "tick");
      return held.passed;
    });
    await clock.advanceAsync(50);
    const down = system.stop(ref);
    held.open();
    await down;
    await clock.advanceAsync(50);
    t.same(log, ["init"]);
    t.equal(system.deadLetters, 0);
    await system.shutdown();
    t.equal(clock.pending, 0);
  });

  t.test("S12, S8: a watcher's restart ends its watches, and init may watch again", async (t) => {
    const { system, clock } = world();
    const told: string[] = [];
    const target = system.spawn(puppet(), { name: "target" });
    let starts = 0;
    const watcher = puppet([], {
      init: (ctx) => {
        if (++starts !== 2) ctx.watch(target);
      },
      terminated: (_ctx, { reason }) => void told.push(`${starts}: ${reason}`),
    });
    const ref = system.spawn(watcher);
    ref.tell("act", boom);
    await clock.advanceAsync("1s");
    await system.stop(target);
    await clock.settle();
    t.same(told, [], "the second generation does not watch");
    ref.tell("act", boom);
    await clock.advanceAsync("1s");
    t.same(told, ["3: no-such-actor"]);
    await system.shutdown();
  });
});
