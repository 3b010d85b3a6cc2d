import t from "tap";
import { child, type ExitReason, supervisor } from "../../../runtime/index.ts";
import { forEver, Puppet, puppet, untilAborted } from "../puppet.ts";
import { gate, rejection, world } from "../world.ts";

t.test("time limit", async (t) => {
  t.test("S11: a handler past its limit has failed, and its actor is restarted", async (t) => {
    const { system, clock, events } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log), { timeLimit: "2s", shutdown: "1s" });
    const asked = rejection(ref.ask("get", forEver));
    ref.tell("note", "queued");
    await clock.advanceAsync(1_999);
    t.same(log, ["init"]);
    await clock.advanceAsync(1);
    t.match(await asked, {
      code: "actor.failed",
      outcome: "failed",
      data: { cause: { code: "actor.time-limit" } },
    });
    await clock.advanceAsync("2s");
    t.same(log, ["init", "init", "queued"]);
    t.match(
      events.filter(({ type }) => type === "actor.failed"),
      [{ operation: "get", decision: "restart" }],
    );
    await system.shutdown();
  });

  t.test("S8: its signal aborts, and one that heeds it is not waited for longer", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log), { timeLimit: "2s", shutdown: "1h" });
    ref.tell("act", (ctx) => untilAborted(ctx).then(() => log.push("aborted")));
    await clock.advanceAsync("3s");
    t.same(log, ["init", "aborted", "init"]);
    t.equal(system.deadLetters, 1, "its message has failed");
    await system.shutdown();
  });

  t.test("S11: past its limit a temporary actor ends, and who watches is told", async (t) => {
    const { system, clock } = world();
    const reasons: ExitReason[] = [];
    const options = { timeLimit: "2s", shutdown: "1s", restart: "temporary" } as const;
    const ref = system.spawn(puppet(), options);
    system.watch(ref, ({ reason }) => reasons.push(reason));
    ref.tell("act", forEver);
    await clock.advanceAsync("10s");
    t.same(reasons, ["failed"]);
    await system.shutdown();
  });

  t.test("a handler in time is left alone, and each has a limit of its own", async (t) => {
    const { system, clock, events } = world();
    const ref = system.spawn(puppet(), { timeLimit: "2s" });
    for (let i = 0; i < 5; i++) {
      ref.tell("act", (ctx) => new Promise((resolve) => ctx.clock.after(1_900, () => resolve(1))));
    }
    await clock.advanceAsync("30s");
    t.equal(events.filter(({ type }) => type === "actor.failed").length, 0);
    t.equal(system.deadLetters, 0);
    await system.shutdown();
    t.equal(clock.pending, 0);
  });

  t.test("S11: a decider cannot resume an actor whose handler runs on", async (t) => {
    const { system, clock, events } = world();
    const log: string[] = [];
    const late = gate();
    const tree = supervisor({
      decide: () => "resume",
      children: [child(puppet(log), { name: "c", timeLimit: "2s", shutdown: "1s" })],
    });
    await system.spawn(tree, { name: "s" }).ready;
    const ref = system.refOf(Puppet, "local/s/c");
    ref.tell("act", (ctx) => late.passed.then(() => ctx.self.tell("note", "zombie")));
    await clock.advanceAsync("5s");
    t.match(
      events.filter(({ type }) => type === "actor.failed"),
      [{ decision: "restart" }],
    );
    late.open();
    ref.tell("note", "next");
    await clock.settle();
    t.same(log, ["init", "init", "next"]);
    await system.shutdown();
  });

  t.test("S16: the limit holds for the work of a stream", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(puppet(), { timeLimit: "2s", shutdown: "1s" });
    const flow = ref.stream("flow", async function* (ctx) {
      yield 1;
      await forEver(ctx);
      return "never";
    });
    const chunks: number[] = [];
    const failed = rejection(
      (async () => {
        for await (const chunk of flow) chunks.push(chunk);
      })(),
    );
    await clock.advanceAsync("2s");
    t.match(await failed, { code: "actor.failed", data: { cause: { code: "actor.time-limit" } } });
    t.same(chunks, [1]);
    await clock.advanceAsync("2s");
    t.equal(await ref.ask("get", () => "lives"), "lives");
    await system.shutdown();
  });

  t.test("S1: of several handlers at a time the one past its limit fails the actor", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const ref = system.spawn(puppet(), { timeLimit: "2s", concurrency: 2 });
    const hangs = rejection(ref.ask("get", untilAborted));
    await clock.advanceAsync("1s");
    const fine = ref.ask("get", () => passed.then(() => "in time"));
    await clock.advanceAsync("1s");
    t.match(await hangs, { code: "actor.failed" });
    open();
    t.equal(await fine, "in time");
    await system.shutdown();
  });

  t.test("regression: a handler whose asker gave up fails at its limit all the same", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log), { timeLimit: "5s", shutdown: "1s" });
    const asked = rejection(ref.ask("get", forEver, { timeout: "1s" }));
    await clock.advanceAsync("10s");
    t.match(await asked, { code: "ask.timeout" });
    ref.tell("note", "is free again");
    await clock.settle();
    t.same(log, ["init", "init", "is free again"]);
    await system.shutdown();
  });

  t.test("S9: a draining actor whose handler is past its limit ends as failed", async (t) => {
    const { system, clock } = world();
    const reasons: ExitReason[] = [];
    const ref = system.spawn(puppet(), { timeLimit: "2s", shutdown: "1s" });
    system.watch(ref, ({ reason }) => reasons.push(reason));
    ref.tell("act", forEver);
    ref.tell("note", "left over");
    await clock.settle();
    const drained = system.stop(ref, "drain");
    await clock.advanceAsync("10s");
    await drained;
    t.same(reasons, ["failed"]);
    t.equal(system.deadLetters, 2);
    await system.shutdown();
  });

  t.test("a limit of 0 is a RangeError", async (t) => {
    const { system } = world();
    t.throws(() => system.spawn(puppet(), { timeLimit: 0 }), RangeError);
    await system.shutdown();
  });
});
