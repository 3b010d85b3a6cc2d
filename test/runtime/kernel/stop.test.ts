import t from "tap";
import { type DeadLetter, type ExitReason, type Log, silentLog } from "../../../runtime/index.ts";
import { boom, forEver, Puppet, type PuppetContext, puppet, untilAborted } from "../puppet.ts";
import { gate, rejection, world } from "../world.ts";

t.test("stop", async (t) => {
  t.test("S9: stop aborts a handler that takes too long, an ask at its deadline", async (t) => {
    const { system, clock } = world();
    const ended: string[] = [];
    const told = system.spawn(puppet(), { shutdown: "2s" });
    const asked = system.spawn(puppet(), { shutdown: "2s" });
    told.tell("act", (ctx) => untilAborted(ctx).then(() => ended.push(`tell ${now()}`)));
    const answer = rejection(
      asked.ask("get", (ctx) => untilAborted(ctx).then(() => ended.push(`ask ${now()}`)), {
        timeout: "7s",
      }),
    );
    const now = () => clock.monotonicMs();
    await clock.settle();
    const down = Promise.all([system.stop(told), system.stop(asked)]);
    await clock.advanceAsync("20s");
    await down;
    t.same(ended, ["tell 2000", "ask 7000"]);
    t.match(await answer, { code: "ask.timeout" });
    await system.shutdown();
  });

  t.test("S9: a handler that ignores its signal is given up", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(puppet(), { shutdown: "2s" });
    ref.tell("act", forEver);
    await clock.settle();
    let downMs: number | undefined;
    const down = system.stop(ref).then(() => {
      downMs = clock.monotonicMs();
    });
    await clock.advanceAsync("20s");
    await down;
    t.equal(downMs, 4_000, "two seconds to finish, two to heed the signal");
    t.equal(system.deadLetters, 1);
    await system.shutdown();
  });

  t.test("S9: a kill hurries a stop, a drain and a restart that are under way", async (t) => {
    for (const first of ["stop", "drain", "restart"] as const) {
      const { system, clock } = world();
      const ref = system.spawn(puppet(), { shutdown: "1h", concurrency: 2 });
      const reasons: ExitReason[] = [];
      system.watch(ref, ({ reason }) => reasons.push(reason));
      ref.tell("act", forEver);
      await clock.settle();
      const down = first === "restart" ? ref.tell("act", boom) : system.stop(ref, first);
      await clock.settle();
      t.same(reasons, [], first);
      await system.stop(ref, "kill");
      await down;
      t.equal(reasons.length, 1, first);
      t.equal(clock.monotonicMs(), 0, `${first}: no time has passed`);
      await system.shutdown();
    }
  });

  t.test("S9: whatever is asked of an ending actor, it ends once", async (t) => {
    const { system, clock, events } = world();
    const ref = system.spawn(puppet(), { name: "a" });
    const reasons: ExitReason[] = [];
    system.watch(ref, ({ reason }) => reasons.push(reason));
    ref.tell("act", (ctx) => ctx.stop());
    const all = ["drain", "stop", "kill", "stop", "drain"] as const;
    await Promise.all(all.map((how) => system.stop(ref, how)));
    await clock.settle();
    t.equal(reasons.length, 1);
    t.equal(events.filter(({ type }) => type === "actor.stopped").length, 1);
    await system.stop(ref, "kill");
    await system.shutdown();
  });

  t.test("S9: drain takes in nothing new, and a failure ends it", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const letters: DeadLetter[] = [];
    system.onDeadLetter((letter) => letters.push(letter));
    const reasons: ExitReason[] = [];
    const ref = system.spawn(puppet(log));
    system.watch(ref, ({ reason }) => reasons.push(reason));
    await ref.ready;
    ref.tell("note", "a");
    ref.tell("act", boom);
    ref.tell("note", "left over");
    const drained = system.stop(ref, "drain");
    t.equal(ref.tell("note", "refused"), false);
    await drained;
    await clock.settle();
    t.same(log, ["init", "a"]);
    t.same(reasons, ["failed"]);
    t.match(letters, [{ reason: "stopped" }, { reason: "failed" }, { reason: "stopped" }]);
    await system.shutdown();
  });

  t.test("S9: drain waits for asynchronous handlers and for self-tells", async (t) => {
    const { system } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    await ref.ready;
    ref.tell("act", async (ctx) => {
      await Promise.resolve();
      log.push(`taken in: ${ctx.self.tell("note", "own")}`);
    });
    ref.tell("note", "queued");
    await system.stop(ref, "drain");
    t.same(log, ["init", "taken in: false", "queued"], "not even its own are new work");
    t.equal(system.deadLetters, 1);
    await system.shutdown();
  });

  t.test("S9: a drain asked for during a back-off handles the queue first", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    ref.tell("act", boom);
    ref.tell("note", "queued");
    await clock.settle();
    const drained = system.stop(ref, "drain");
    await clock.advanceAsync("1s");
    await drained;
    t.same(log, ["init", "init", "queued"]);
    t.equal(ref.tell("note", "late"), false);
    await system.shutdown();
  });

  t.test("S9: a stop during a back-off accounts for the queue and starts nothing", async (t) => {
    for (const how of ["stop", "kill"] as const) {
      const { system, clock } = world();
      const log: string[] = [];
      const ref = system.spawn(puppet(log));
      ref.tell("act", boom);
      ref.tell("note", "queued");
      const asked = rejection(ref.ask("get", () => 1));
      await clock.settle();
      await system.stop(ref, how);
      await clock.advanceAsync("10s");
      t.same(log, ["init"], how);
      t.match(await asked, { code: "actor.stopped", outcome: "never-ran" });
      t.equal(system.deadLetters, 2, how);
      await system.shutdown();
    }
  });

  t.test("S9, S10: a stop during an asynchronous init ends it, and ready rejects", async (t) => {
    for (const how of ["stop", "kill"] as const) {
      const { system, clock } = world();
      const { passed, open } = gate();
      const log: string[] = [];
      const slow = puppet(log, { init: () => passed, stopping: () => void log.push("stopping") });
      const ref = system.spawn(slow, { shutdown: "1s" });
      const ready = rejection(ref.ready);
      ref.tell("note", "queued");
      await clock.settle();
      const down = system.stop(ref, how);
      await clock.advanceAsync("5s");
      await down;
      open();
      await clock.settle();
      t.match(await ready, { code: "actor.start-failed", outcome: "never-ran" });
      t.same(log, ["init"], `${how}: there was no state that a hook could look at`);
      t.equal(system.deadLetters, 1);
      await system.shutdown();
    }
  });

  t.test("S9: children end one after the other, each before its parent", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const stopping = (name: string) => () => {
      log.push(`${name} begins`);
      return new Promise<void>((resolve) => {
        clock.after(100, () => {
          log.push(`${name} ends`);
          resolve();
        });
      });
    };
    const parent = puppet([], {
      init: (ctx) => {
        for (const name of ["a", "b"])
          ctx.spawn(puppet([], { stopping: stopping(name) }), { name });
      },
      stopping: stopping("parent"),
    });
    const ref = system.spawn(parent);
    await ref.ready;
    const down = system.stop(ref);
    await clock.advanceAsync("1s");
    await down;
    t.same(log, ["b begins", "b ends", "a begins", "a ends", "parent begins", "parent ends"]);
    await system.shutdown();
  });

  t.test("S9: a hook that never ends is given up, one that throws is logged", async (t) => {
    const lines: unknown[] = [];
    const log: Log = { ...silentLog, error: ({ err }) => void lines.push(err), child: () => log };
    const { system, clock } = world({ log });
    const hanging = system.spawn(puppet([], { stopping: forEver as never }), { shutdown: "2s" });
    const throwing = system.spawn(puppet([], { stopping: boom as never }));
    await Promise.all([hanging.ready, throwing.ready]);
    const down = Promise.all([system.stop(hanging), system.stop(throwing)]);
    await clock.advanceAsync("2s");
    await down;
    t.match(lines, [{ message: "boom" }]);
    await system.shutdown();
  });

  t.test("S9: kill reaches the whole tree at once", async (t) => {
    const { system, clock } = world();
    const asked: Promise<unknown>[] = [];
    const middle = puppet([], { init: (ctx) => void ctx.spawn(puppet(), { name: "leaf" }) });
    const parent = puppet([], { init: (ctx) => void ctx.spawn(middle, { name: "middle" }) });
    const ref = system.spawn(parent, { name: "top" });
    await ref.ready;
    for (const path of ["top", "top/middle", "top/middle/leaf"]) {
      asked.push(rejection(system.refOf(Puppet, `local/${path}`).ask("get", forEver)));
    }
    await clock.settle();
    await system.stop(ref, "kill");
    for (const one of asked) t.match(await one, { code: "actor.stopped", outcome: "unknown" });
    t.equal(clock.monotonicMs(), 0);
    await system.shutdown();
  });

  t.test("S9: one deadline holds for the whole system, however deep it is", async (t) => {
    const { system, clock } = world();
    const nested = (depth: number): ReturnType<typeof puppet> =>
      puppet([], {
        init: (ctx) => {
          if (depth > 0) ctx.spawn(nested(depth - 1), { name: "n", shutdown: "1h" });
        },
        stopping: forEver as never,
      });
    await system.spawn(nested(5), { shutdown: "1h" }).ready;
    await clock.settle();
    const down = system.shutdown();
    await clock.advanceAsync(9_999);
    let isDown = false;
    void down.then(() => {
      isDown = true;
    });
    await clock.settle();
    t.equal(isDown, false, "ten seconds by default");
    await clock.advanceAsync(1);
    await down;
    t.equal(clock.pending, 0);
    await system.shutdown();
  });

  t.test("regression: a handler that stops its own actor may finish like any other", async (t) => {
    const { system, clock } = world();
    const stops = (ctx: PuppetContext): Promise<string> => {
      ctx.stop();
      return new Promise((resolve) => {
        ctx.clock.after(3_000, () => resolve(ctx.signal.aborted ? "aborted" : "finished"));
      });
    };
    const options = { shutdown: "1s", interleave: ["peek"] } as const;
    const serial = system.spawn(puppet([], { shutdown: "1s" }));
    const concurrent = system.spawn(puppet([], options));
    const starting = system.spawn(
      puppet([], {
        shutdown: "4s",
        init: (ctx) => stops(ctx as unknown as PuppetContext).then(told),
      }),
    );
    const said: string[] = [];
    const told = (line: string): void => void said.push(line);
    const asked = [serial.ask("get", stops), concurrent.ask("get", stops)];
    const refused = rejection(starting.ready);
    await clock.advanceAsync("10s");
    t.same(await Promise.all(asked), ["finished", "finished"]);
    t.same(said, ["finished"]);
    t.match(await refused, { code: "actor.start-failed" });
    await system.shutdown();
  });
});
