import t from "tap";
import { actor, ask, protocol, tell } from "../../../runtime/index.ts";
import { gate, rejection, world } from "../world.ts";

const Probe = protocol("probe@1", {
  slow: tell<string>(),
  note: tell<string>(),
  boom: tell(),
  seen: ask<undefined, readonly string[]>(),
  fail: ask<undefined, number>(),
  refuse: ask<undefined, number>(),
  hang: ask<undefined, number>(),
  me: ask<undefined, string | undefined>(),
});

interface ProbeInput {
  readonly held: Promise<void>;
  readonly log: string[];
}

const probe = actor(Probe, (input: ProbeInput) => ({ log: input.log }), {
  slow: async (ctx, name) => {
    ctx.state.log.push(`${name} begins`);
    await ctx.input.held;
    ctx.state.log.push(`${name} ends`);
  },
  note: (ctx, name) => {
    ctx.state.log.push(name);
  },
  boom: () => {
    throw new Error("boom");
  },
  seen: (ctx) => [...ctx.state.log],
  fail: () => {
    throw new Error("no");
  },
  refuse: (ctx) => ctx.fail("too-late", { by: 3 }),
  hang: async (ctx) => {
    await new Promise((_resolve, reject) => {
      ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason));
    });
    return 1;
  },
  me: (ctx) => ctx.sender,
});

t.test("Cell", async (t) => {
  t.test("S1: handles one message at a time, awaits included", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const log: string[] = [];
    const ref = system.spawn(probe, { input: { held: passed, log } });
    ref.tell("slow", "a");
    ref.tell("note", "b");
    await clock.settle();
    t.same(log, ["a begins"]);
    open();
    await clock.settle();
    t.same(log, ["a begins", "a ends", "b"]);
    await system.shutdown();
  });

  t.test("S3, T1, T2: keeps the order of one sender over a thousand messages", async (t) => {
    const { system } = world();
    const log: string[] = [];
    const ref = system.spawn(probe, { input: { held: Promise.resolve(), log } });
    const sent = Array.from({ length: 1_000 }, (_, i) => `n${i}`);
    for (const name of sent) ref.tell("note", name);
    t.same(await ref.ask("seen"), sent);
    await system.shutdown();
  });

  t.test(
    "S7: an asker of a failed handler gets actor.failed without the cause's stack",
    async (t) => {
      const { system, clock, events } = world();
      const ref = system.spawn(probe, { input: { held: Promise.resolve(), log: [] } });
      const failed = rejection(ref.ask("fail"));
      await clock.settle();
      t.match(await failed, {
        code: "actor.failed",
        outcome: "failed",
        data: { cause: { message: "no" } },
      });
      t.match(
        events.filter((event) => event.type === "actor.failed"),
        [{ operation: "fail", decision: "restart", generation: 1, message: "no" }],
      );
      await system.shutdown();
    },
  );

  t.test("S7: a failed tell is a dead letter and is not tried again", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(probe, { input: { held: Promise.resolve(), log: [] } });
    const reasons: string[] = [];
    system.onDeadLetter(({ reason }) => reasons.push(reason));
    ref.tell("boom");
    await clock.advanceAsync("1s");
    t.same(reasons, ["failed"]);
    t.same(await ref.ask("seen"), []);
    await system.shutdown();
  });

  t.test(
    "S7: a refusal reaches the asker with its code and data and restarts nobody",
    async (t) => {
      const { system, events } = world();
      const ref = system.spawn(probe, { input: { held: Promise.resolve(), log: [] } });
      t.match(await rejection(ref.ask("refuse")), {
        code: "refused",
        outcome: "failed",
        data: { code: "too-late", data: { by: 3 } },
      });
      t.equal(events.filter((event) => event.type === "actor.failed").length, 0);
      await system.shutdown();
    },
  );

  t.test("S8: a restart keeps the ref and the queue, and state is made anew", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    let starts = 0;
    const counted = actor(
      Probe,
      (input: ProbeInput) => {
        starts++;
        return { log: input.log };
      },
      { ...probe.handlers } as never,
    );
    const ref = system.spawn(counted, { input: { held: Promise.resolve(), log } });
    ref.tell("note", "before");
    ref.tell("boom");
    ref.tell("note", "queued");
    await clock.settle();
    t.same(log, ["before"], "the queue waits during the back-off");
    t.equal(ref.tell("note", "during"), true);
    await clock.advanceAsync(150);
    t.same(log, ["before", "queued", "during"]);
    t.equal(starts, 2);
    await system.shutdown();
  });

  t.test("S8: a late promise of an old generation is fenced and counted", async (t) => {
    const { system, clock } = world();
    const late = gate();
    const Late = protocol("late@1", {
      start: ask<undefined, number>(),
      note: tell<string>(),
      seen: ask<undefined, readonly string[]>(),
    });
    const definition = actor(Late, () => ({ seen: [] as string[] }), {
      start: async (ctx) => {
        await late.passed;
        ctx.state.seen.push("zombie");
        ctx.self.tell("note", "from a zombie");
        return 1;
      },
      note: (ctx, text) => {
        ctx.state.seen.push(text);
      },
      seen: (ctx) => ctx.state.seen,
    });
    const parent = actor(
      protocol("parent@1", { boom: tell() }),
      (_input: undefined, ctx) => {
        ctx.spawn(definition, { name: "late", shutdown: "1s" });
        ctx.spawn(probe, { name: "probe", input: { held: Promise.resolve(), log: [] } });
      },
      { boom: () => {} },
      { strategy: "one-for-all" },
    );
    system.spawn(parent, { name: "p" });
    await clock.settle();
    const ref = system.refOf(Late, "local/p/late");
    const asked = rejection(ref.ask("start"));
    await clock.settle();
    system.refOf(Probe, "local/p/probe").tell("boom");
    await clock.advanceAsync("2s");
    t.match(await asked, { code: "actor.stopped", outcome: "unknown" });
    late.open();
    await clock.settle();
    t.same(await ref.ask("seen"), [], "neither its state nor its message reached the new one");
    t.equal(system.fenced, 2, "its send and its result were counted");
    await system.shutdown();
  });

  t.test("S9: stop finishes the current message and accounts for the queued ones", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const log: string[] = [];
    const ref = system.spawn(probe, { input: { held: passed, log } });
    ref.tell("slow", "a");
    await clock.settle();
    ref.tell("note", "b");
    const asked = rejection(ref.ask("seen"));
    const stopped = system.stop(ref);
    t.equal(ref.tell("note", "c"), false, "new messages are refused");
    open();
    await stopped;
    t.same(log, ["a begins", "a ends"]);
    t.match(await asked, { code: "actor.stopped", outcome: "never-ran" });
    t.equal(system.deadLetters, 2);
    await system.shutdown();
  });

  t.test(
    "S9: drain handles what is queued first, also when it is asked for before the start",
    async (t) => {
      const { system } = world();
      const log: string[] = [];
      const ref = system.spawn(probe, { input: { held: Promise.resolve(), log } });
      ref.tell("note", "a");
      ref.tell("note", "b");
      await system.stop(ref, "drain");
      t.same(log, ["a", "b"]);
      t.equal(system.deadLetters, 0);
      await system.shutdown();
    },
  );

  t.test("S9: kill aborts the signal and does not wait", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(probe, { input: { held: gate().passed, log: [] } });
    ref.tell("slow", "for ever");
    await clock.settle();
    await system.stop(ref, "kill");
    t.equal(ref.tell("note", "x"), false);
    await system.shutdown();
  });

  t.test("S9: children end first, in reverse order", async (t) => {
    const { system } = world();
    const ended: string[] = [];
    const leaf = actor(
      protocol("leaf@1", {}),
      (name: string) => name,
      {},
      {
        stopping: (ctx) => {
          ended.push(ctx.state);
        },
      },
    );
    const root = actor(
      protocol("root@1", {}),
      (_input: undefined, ctx) => {
        for (const name of ["a", "b", "c"]) ctx.spawn(leaf, { name, input: name });
        return "root";
      },
      {},
      {
        stopping: (ctx) => {
          ended.push(ctx.state);
        },
      },
    );
    const ref = system.spawn(root);
    await ref.ready;
    await system.stop(ref);
    t.same(ended, ["c", "b", "a", "root"]);
    await system.shutdown();
  });

  t.test("S9: the system's shutdown has a deadline", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(probe, { input: { held: gate().passed, log: [] } });
    ref.tell("slow", "for ever");
    await clock.settle();
    const shut = system.shutdown({ deadline: "2s" });
    await clock.advanceAsync("2s");
    await shut;
    t.equal(clock.pending, 0, "no timer is left");
    t.throws(() => system.spawn(probe, { input: { held: Promise.resolve(), log: [] } }), {
      code: "system.stopped",
    });
  });

  t.test("S10: init may be async, and messages wait for it", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const Greeter = protocol("greeter@1", { greet: ask<undefined, string>() });
    const greeter = actor(
      Greeter,
      async () => {
        await passed;
        return "hello";
      },
      { greet: (ctx) => ctx.state },
    );
    const ref = system.spawn(greeter);
    const greeting = ref.ask("greet");
    await clock.settle();
    open();
    await ref.ready;
    t.equal(await greeting, "hello");
    await system.shutdown();
  });

  t.test(
    "S10: a failed first start rejects ready, ends the actor and tells its watchers",
    async (t) => {
      const { system, clock } = world();
      const broken = actor(
        protocol("broken@1", { go: tell() }),
        async () => {
          throw new Error("no disk");
        },
        { go: () => {} },
      );
      const ref = system.spawn(broken, { name: "b", restart: "permanent" });
      const reasons: string[] = [];
      system.watch(ref, ({ reason }) => reasons.push(reason));
      ref.tell("go");
      const failed = rejection(ref.ready);
      await clock.advanceAsync("1s");
      t.match(await failed, { code: "actor.start-failed" });
      t.same(reasons, ["failed"]);
      t.equal(system.deadLetters, 1);
      t.ok(system.spawn(broken, { name: "b" }), "its name is free again");
      await system.shutdown();
    },
  );

  t.test("S11: ctx.fatal ends even a permanent actor", async (t) => {
    const { system, clock } = world();
    const Doomed = protocol("doomed@1", { end: ask<undefined, number>() });
    const doomed = actor(Doomed, () => 0, { end: (ctx) => ctx.fatal("out of keys") });
    const ref = system.spawn(doomed, { restart: "permanent" });
    const reasons: string[] = [];
    system.watch(ref, ({ reason }) => reasons.push(reason));
    t.match(await rejection(ref.ask("end")), { code: "actor.fatal", outcome: "failed" });
    await clock.advanceAsync("5s");
    t.same(reasons, ["failed"]);
    await system.shutdown();
  });

  t.test(
    "S11: a permanent actor that stops itself is started again, a transient one is not",
    async (t) => {
      const { system, clock } = world();
      let starts = 0;
      const Leaving = protocol("leaving@1", { leave: tell() });
      const leaving = actor(Leaving, () => ++starts, { leave: (ctx) => ctx.stop() });
      const permanent = system.spawn(leaving, { restart: "permanent" });
      permanent.tell("leave");
      await clock.advanceAsync("1s");
      t.equal(starts, 2);
      const transient = system.spawn(leaving);
      transient.tell("leave");
      await clock.advanceAsync("1s");
      t.equal(starts, 3);
      t.equal(transient.tell("leave"), false);
      await system.shutdown();
    },
  );

  t.test("the sender is the actor that tells, and nobody for a program", async (t) => {
    const { system } = world();
    const target = system.spawn(probe, { input: { held: Promise.resolve(), log: [] } });
    const Asker = protocol("asker@1", { go: ask<undefined, string | undefined>() });
    const asker = system.spawn(
      actor(Asker, () => 0, { go: () => target.ask("me") }),
      { name: "asker" },
    );
    t.equal(await target.ask("me"), undefined);
    t.equal(await asker.ask("go"), "local/asker");
    await system.shutdown();
  });

  t.test("two siblings cannot bear one name", async (t) => {
    const { system } = world();
    system.spawn(probe, { name: "one", input: { held: Promise.resolve(), log: [] } });
    t.throws(
      () => system.spawn(probe, { name: "one", input: { held: Promise.resolve(), log: [] } }),
      { code: "actor.name-taken" },
    );
    t.throws(
      () => system.spawn(probe, { name: "a b", input: { held: Promise.resolve(), log: [] } }),
      TypeError,
    );
    await system.shutdown();
  });
});
