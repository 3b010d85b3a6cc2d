import t from "tap";
import type { DeadLetter, TroupeError } from "../../../runtime/index.ts";
import { boom, type PuppetContext, puppet } from "../puppet.ts";
import { gate, rejection, world } from "../world.ts";

/** Starts a task that tells `note` what `line` resolves to. */
function task(line: Promise<string>) {
  return (ctx: PuppetContext) => ctx.task(() => line, "note");
}

t.test("background task", async (t) => {
  t.test("S1, B1: its result comes back as a message, in its turn", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    ref.tell("act", task(passed.then(() => "result")));
    ref.tell("note", "meanwhile");
    await clock.settle();
    t.same(log, ["init", "meanwhile"]);
    const held = gate();
    ref.tell("act", () => held.passed);
    ref.tell("note", "before");
    await clock.settle();
    open();
    await clock.settle();
    held.open();
    await clock.settle();
    t.same(log, ["init", "meanwhile", "before", "result"]);
    await system.shutdown();
  });

  t.test("B1: its result is handled also when the mailbox is full", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const [held, late] = [gate(), gate()];
    const ref = system.spawn(puppet(log), { mailbox: { capacity: 1 } });
    ref.tell("act", task(late.passed.then(() => "result")));
    await clock.settle();
    ref.tell("act", () => held.passed);
    await clock.settle();
    t.same([ref.tell("note", "full"), ref.tell("note", "no room")], [true, false]);
    late.open();
    await clock.settle();
    held.open();
    await clock.settle();
    t.same(log, ["init", "full", "result"]);
    t.equal(system.deadLetters, 1);
    await system.shutdown();
  });

  t.test("B1: a rejection fails the actor as a handler's would", async (t) => {
    const { system, clock, events } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    ref.tell("act", task(Promise.reject(new Error("no paper"))));
    ref.tell("note", "queued");
    await clock.advanceAsync("1s");
    t.same(log, ["init", "queued", "init"]);
    t.match(
      events.filter(({ type }) => type === "actor.failed"),
      [{ operation: "note", message: "no paper", decision: "restart" }],
    );
    t.equal(system.deadLetters, 0, "no message was in hand");
    await system.shutdown();
  });

  t.test("B1: a task that throws at once fails the actor like one that rejects", async (t) => {
    const { system, clock, events } = world();
    const ref = system.spawn(puppet());
    t.equal(await ref.ask("get", (ctx) => ctx.task(boom as never, "note")), undefined);
    await clock.advanceAsync("1s");
    t.equal(events.filter(({ type }) => type === "actor.failed").length, 1);
    await system.shutdown();
  });

  t.test("S8, B2: a restart aborts its signal and waits for it", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log), { shutdown: "2s" });
    ref.tell("act", (ctx) => {
      ctx.task(
        (signal) =>
          new Promise((resolve) => {
            signal.addEventListener("abort", () => {
              log.push("aborted");
              ctx.clock.after(1_000, () => resolve("cleaned up"));
            });
          }),
        "note",
      );
    });
    ref.tell("act", boom);
    await clock.advanceAsync(999);
    t.same(log, ["init", "aborted"]);
    await clock.advanceAsync("1s");
    t.same(
      log,
      ["init", "aborted", "init", "cleaned up"],
      "what it told survives like any message",
    );
    await system.shutdown();
  });

  t.test("S8, B2: of a generation that is gone its result is fenced and counted", async (t) => {
    const { system, clock } = world();
    const late = gate();
    const log: string[] = [];
    const ref = system.spawn(puppet(log), { shutdown: "1s" });
    ref.tell("act", task(late.passed.then(() => "from a zombie")));
    ref.tell("act", boom);
    await clock.advanceAsync("5s");
    late.open();
    await clock.settle();
    t.same(log, ["init", "init"]);
    t.equal(system.fenced, 1);
    await system.shutdown();
  });

  t.test("S8: a task that rejects after its generation is gone fails nobody", async (t) => {
    const { system, clock, events } = world();
    const late = gate();
    const ref = system.spawn(puppet(), { shutdown: "1s" });
    ref.tell("act", task(late.passed.then(() => Promise.reject(new Error("late")))));
    ref.tell("act", boom);
    await clock.advanceAsync("5s");
    late.open();
    await clock.settle();
    t.equal(events.filter(({ type }) => type === "actor.failed").length, 1);
    t.equal(await ref.ask("get", () => "lives"), "lives");
    await system.shutdown();
  });

  t.test("regression: the result of a task that a stop waited for is a dead letter", async (t) => {
    const { system, clock } = world();
    const letters: DeadLetter[] = [];
    system.onDeadLetter((letter) => letters.push(letter));
    for (const how of ["stop", "drain"] as const) {
      const late = gate();
      const ref = system.spawn(puppet(), { name: how });
      ref.tell("act", task(late.passed.then(() => `result under ${how}`)));
      await clock.settle();
      const down = system.stop(ref, how);
      await clock.settle();
      late.open();
      await down;
    }
    t.match(letters, [
      { body: "result under stop", reason: "stopped", to: "local/stop" },
      { body: "result under drain", reason: "stopped", to: "local/drain" },
    ]);
    await system.shutdown();
  });

  t.test(
    "S9: a stop waits for a task no longer than for a handler, a kill not at all",
    async (t) => {
      const { system, clock } = world();
      const never = task(new Promise(() => {}));
      const stopped = system.spawn(puppet(), { shutdown: "2s" });
      const killed = system.spawn(puppet());
      stopped.tell("act", never);
      killed.tell("act", never);
      await clock.settle();
      await system.stop(killed, "kill");
      let isDown = false;
      const down = system.stop(stopped).then(() => {
        isDown = true;
      });
      await clock.advanceAsync(1_999);
      t.equal(isDown, false);
      await clock.advanceAsync(1);
      await down;
      await system.shutdown();
    },
  );

  t.test("B3: at most as many run as the mailbox has room for", async (t) => {
    const { system } = world();
    const ref = system.spawn(puppet(), { mailbox: { capacity: 2 }, shutdown: 1 });
    const never = task(new Promise(() => {}));
    const codes = await ref.ask("get", (ctx) =>
      [1, 2, 3].map(() => {
        try {
          return never(ctx);
        } catch (error) {
          return (error as TroupeError).code;
        }
      }),
    );
    t.same(codes, [undefined, undefined, "mailbox.full"]);
    await system.stop(ref, "kill");
    await system.shutdown();
  });

  t.test("S11: ctx.fatal in a task ends the actor for good", async (t) => {
    const { system, clock } = world();
    const reasons: string[] = [];
    const ref = system.spawn(puppet(), { restart: "permanent" });
    system.watch(ref, ({ reason }) => reasons.push(reason));
    ref.tell("act", (ctx) => ctx.task(() => ctx.fatal("worn out"), "note"));
    await clock.advanceAsync("5s");
    t.same(reasons, ["failed"]);
    await system.shutdown();
  });

  t.test("may be started by init, and its failure is then one of the actor", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const eager = puppet(log, { init: (ctx) => ctx.task(() => "loaded", "note") });
    await system.spawn(eager).ready;
    await clock.settle();
    t.same(log, ["init", "loaded"]);
    await system.shutdown();
  });

  t.test("tells only a tell of its actor; anything else is a TypeError", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(puppet());
    for (const operation of ["get", "flow", "nope", "constructor"]) {
      const failed = rejection(ref.ask("get", (ctx) => ctx.task(() => "", operation as "note")));
      await clock.advanceAsync("30s");
      t.match(await failed, { data: { cause: { message: /not a tell of this actor/ } } });
    }
    await system.shutdown();
  });
});
