import t from "tap";
import { type ActorRef, actor, ask, protocol, tell } from "../../../runtime/index.ts";
import { seededWorld } from "../../../runtime/testing/index.ts";
import { gate, rejection, world } from "../world.ts";

const Worker = protocol("worker@1", {
  double: ask<number, number>(),
  hang: ask<undefined, number>(),
  boom: ask<undefined, number>(),
  who: ask<undefined, string>(),
  back: ask<undefined, number>(),
});
const Router = protocol("router@1", {
  double: ask<number, number>(),
  hang: ask<undefined, number>(),
  boom: ask<undefined, number>(),
  who: ask<undefined, string>(),
  back: ask<undefined, number>(),
  wrong: tell(),
});

type WorkerRef = ActorRef<typeof Worker.operations>;

function workerSeeing(aborted: string[], ran: string[] = []) {
  return actor(Worker, () => 0, {
    double: (_ctx, n) => n * 2,
    hang: async (ctx) => {
      ran.push("hang");
      await new Promise<void>((resolve) => {
        ctx.signal.addEventListener("abort", () => {
          aborted.push(String((ctx.signal.reason as Error).message));
          resolve();
        });
      });
      return 0;
    },
    boom: () => {
      throw new Error("boom");
    },
    who: (ctx) => ctx.sender ?? "a program",
    back: () => 0,
  });
}

const router = actor(Router, (worker: WorkerRef) => ({ worker }), {
  double: (ctx, n) => ctx.forward(ctx.state.worker, "double", n),
  hang: async (ctx) => {
    await Promise.resolve();
    return ctx.forward(ctx.state.worker, "hang");
  },
  boom: (ctx) => ctx.forward(ctx.state.worker, "boom"),
  who: (ctx) => ctx.forward(ctx.state.worker, "who"),
  back: (ctx) => ctx.forward(ctx.state.worker, "back"),
  wrong: (ctx) => {
    ctx.forward(ctx.state.worker, "double", 1);
  },
});

t.test("forward", async (t) => {
  t.test(
    "F1: the asker is answered by the last in line, whose failure is that one's",
    async (t) => {
      const { system, events } = world();
      const worker = system.spawn(workerSeeing([]), { name: "worker" });
      const ref = system.spawn(router, { name: "router", input: worker });
      t.equal(await ref.ask("double", 21), 42);
      t.match(await rejection(ref.ask("boom")), { code: "actor.failed", outcome: "failed" });
      t.match(
        events.flatMap((event) => (event.type === "actor.failed" ? [event.path] : [])),
        ["worker"],
      );
      t.equal(system.pendingReplies, 0);
      await system.shutdown();
    },
  );

  t.test("regression: a reference by address hands over just the same", async (t) => {
    const { system } = world();
    system.spawn(workerSeeing([]), { name: "worker" });
    const byAddress = system.refOf(Worker, "local/worker");
    const ref = system.spawn(router, { name: "router", input: byAddress });
    t.equal(await ref.ask("who"), "a program");
    t.equal(await ref.ask("double", 2), 4);
    await system.shutdown();
  });

  t.test("the worker sees who asked, not who forwarded", async (t) => {
    const { system } = world();
    const worker = system.spawn(workerSeeing([]), { name: "worker" });
    const ref = system.spawn(router, { name: "router", input: worker });
    t.equal(await ref.ask("who"), "a program");
    await system.shutdown();
  });

  t.test("the router handles others while the worker works", async (t) => {
    const { system, clock } = world();
    const worker = system.spawn(workerSeeing([]));
    const ref = system.spawn(router, { input: worker });
    const hanging = rejection(ref.ask("hang", undefined, { timeout: "5s" }));
    await clock.settle();
    const other = system.spawn(workerSeeing([]));
    const second = system.spawn(router, { input: other });
    t.equal(await second.ask("double", 2), 4);
    const refused = rejection(ref.ask("boom", undefined, { timeout: "1s" }));
    await clock.advanceAsync("1s");
    t.match(await refused, { code: "ask.expired", outcome: "never-ran" }, "it waits at the worker");
    await clock.advanceAsync("4s");
    t.match(await hanging, { code: "ask.timeout", outcome: "unknown" });
    await system.shutdown();
  });

  t.test("F1: giving up reaches the worker", async (t) => {
    const { system, clock } = world();
    const aborted: string[] = [];
    const worker = system.spawn(workerSeeing(aborted));
    const ref = system.spawn(router, { input: worker });
    const abort = new AbortController();
    const asked = rejection(ref.ask("hang", undefined, { signal: abort.signal }));
    await clock.settle();
    abort.abort();
    t.match(await asked, { code: "ask.cancelled", outcome: "unknown" });
    t.same(aborted, ["the asker gave up"]);
    await system.shutdown();
  });

  t.test("F2: an ask is not forwarded to who waits for it", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const Asker = protocol("asker@1", {
      start: ask<undefined, string>(),
      back: ask<undefined, number>(),
    });
    const Relay = protocol("relay@1", { go: ask<undefined, number>() });
    const relay = actor(Relay, (to: { ref?: ActorRef<typeof Asker.operations> }) => to, {
      go: (ctx) => {
        if (ctx.state.ref === undefined) throw new Error("nobody to relay to");
        return ctx.forward(ctx.state.ref, "back");
      },
    });
    const target: { ref?: ActorRef<typeof Asker.operations> } = {};
    const between = system.spawn(relay, { input: target });
    const asker = actor(Asker, () => 0, {
      start: async (ctx) => {
        await passed;
        const self = ctx.refOf(Relay, between.address);
        return (await rejection(self.ask("go"))).code as string;
      },
      back: () => 1,
    });
    const ref = system.spawn(asker);
    target.ref = ref;
    const started = ref.ask("start");
    open();
    await clock.settle();
    t.equal(await started, "ask.cycle");
    await system.shutdown();
  });

  t.test("only an ask can be forwarded", async (t) => {
    const { system, clock, events } = world();
    const worker = system.spawn(workerSeeing([]));
    const ref = system.spawn(router, { input: worker, name: "router" });
    ref.tell("wrong");
    await clock.settle();
    t.match(
      events.filter((event) => event.type === "actor.failed"),
      [{ operation: "wrong", message: "forward: the message in hand is no ask" }],
    );
    await system.shutdown();
  });

  t.test("to another node the answer comes back through the one that forwarded", async (t) => {
    const world = seededWorld({ seed: 1, nodes: ["a", "b"] });
    world.system("b").spawn(workerSeeing([]), { name: "worker" });
    const away = world.system("a").refOf(Worker, "b/worker");
    const ref = world.system("a").spawn(router, { input: away });
    t.equal(await world.run(ref.ask("double", 21)), 42);
    t.match(await world.run(rejection(ref.ask("boom"))), {
      code: "actor.failed",
      outcome: "failed",
    });
    await world.end();
  });
});
