import t from "tap";
import { actor, ask, protocol, type RestartType, stream, tell } from "../../../runtime/index.ts";
import { gate, world } from "../world.ts";

const Life = protocol("life@1", {
  hold: tell(),
  note: tell<string>(),
  boom: tell(),
  leave: tell(),
  fatal: tell(),
});

/** An actor that writes what happens to it into `log`. */
function mortal(log: string[], held: Promise<void> = Promise.resolve()) {
  return actor(
    Life,
    () => {
      log.push("init");
    },
    {
      hold: async () => {
        log.push("hold");
        await held;
      },
      note: (_ctx, text) => {
        log.push(text);
      },
      boom: () => {
        log.push("boom");
        throw new Error("boom");
      },
      leave: (ctx) => ctx.stop(),
      fatal: (ctx) => ctx.fatal("worn out"),
    },
    {
      stopping: () => {
        log.push("stopping");
      },
      terminated: (_ctx, { reason }) => {
        log.push(`told ${reason}`);
      },
    },
  );
}

t.test("generation", async (t) => {
  t.test("S8: the queue survives restart after restart, in order", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(mortal(log));
    for (const text of ["a", "boom", "b", "c", "boom", "d", "boom", "e"]) {
      if (text === "boom") ref.tell("boom");
      else ref.tell("note", text);
    }
    await clock.advanceAsync("5s");
    const handled = log.filter((line) => line !== "init" && line !== "stopping");
    t.same(handled, ["a", "boom", "b", "c", "boom", "d", "boom", "e"], "the failed ones run once");
    t.equal(log.filter((line) => line === "init").length, 4);
    await system.shutdown();
  });

  t.test(
    "S8: a restart aborts the signal, ends the children in reverse, then starts",
    async (t) => {
      const { system, clock } = world();
      const log: string[] = [];
      const leaf = actor(
        protocol("leaf@1", {}),
        (name: string) => name,
        {},
        {
          stopping: (ctx) => {
            log.push(`${ctx.state} ends`);
          },
        },
      );
      const parent = actor(
        Life,
        (_input: undefined, ctx) => {
          log.push("init");
          ctx.signal.addEventListener("abort", () => log.push("aborted"));
          for (const name of ["a", "b"]) ctx.spawn(leaf, { name, input: name });
        },
        mortal(log).handlers as never,
      );
      const ref = system.spawn(parent);
      await ref.ready;
      ref.tell("boom");
      await clock.advanceAsync("1s");
      t.same(log, ["init", "boom", "aborted", "b ends", "a ends", "init"]);
      await system.shutdown();
    },
  );

  t.test("S13: a restart cancels a timer whose message is already queued", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const log: string[] = [];
    const ticking = actor(
      Life,
      (_input: undefined, ctx) => {
        if (log.length === 0) ctx.timers.after("tick", "10ms", "note", "tick");
        log.push("init");
      },
      mortal(log, passed).handlers as never,
    );
    const ref = system.spawn(ticking);
    ref.tell("hold");
    await clock.settle();
    ref.tell("boom");
    await clock.advanceAsync("20ms");
    ref.tell("note", "after");
    open();
    await clock.advanceAsync("1s");
    t.same(log, ["init", "hold", "boom", "init", "after"]);
    await system.shutdown();
  });

  const exits = { normal: "leave", failed: "boom", fatal: "fatal" } as const;
  const table: readonly (readonly [keyof typeof exits, RestartType, string])[] = [
    ["normal", "permanent", "restart"],
    ["normal", "transient", "normal"],
    ["normal", "temporary", "normal"],
    ["failed", "permanent", "restart"],
    ["failed", "transient", "restart"],
    ["failed", "temporary", "failed"],
    ["fatal", "permanent", "failed"],
    ["fatal", "transient", "failed"],
    ["fatal", "temporary", "failed"],
  ];
  for (const [exit, restart, expected] of table) {
    t.test(`S11: the exit "${exit}" of a ${restart} actor leads to: ${expected}`, async (t) => {
      const { system, clock } = world();
      const log: string[] = [];
      const ref = system.spawn(mortal(log), { restart });
      const reasons: string[] = [];
      system.watch(ref, ({ reason }) => reasons.push(reason));
      await ref.ready;
      ref.tell(exits[exit]);
      ref.tell("note", "queued");
      await clock.advanceAsync("1s");
      const restarts = log.filter((line) => line === "init").length - 1;
      t.same(restarts > 0 ? ["restart"] : reasons, [expected]);
      t.equal(log.includes("queued"), expected === "restart", "the queue survives only a restart");
      t.equal(ref.tell("note", "later"), expected === "restart");
      await system.shutdown();
    });
  }

  t.test("S3, M2: a message of the system goes before what is queued", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const log: string[] = [];
    const target = system.spawn(mortal([]), { name: "target" });
    const watching = actor(
      Life,
      (_input: undefined, ctx) => ctx.watch(target),
      mortal(log, passed).handlers as never,
      {
        terminated: (_ctx, { reason }) => {
          log.push(`told ${reason}`);
        },
      },
    );
    const ref = system.spawn(watching);
    ref.tell("hold");
    await clock.settle();
    ref.tell("note", "queued first");
    await system.stop(target);
    open();
    await clock.settle();
    t.same(log, ["hold", "told normal", "queued first"]);
    await system.shutdown();
  });

  t.test("S3: one sender's tells, asks and streams are taken in one order", async (t) => {
    const { system, clock } = world();
    const Mixed = protocol("mixed@1", {
      told: tell<number>(),
      asked: ask<number, number>(),
      opened: stream<number, number>(),
    });
    const seen: number[] = [];
    const mixed = actor(Mixed, () => 0, {
      told: (_ctx, n) => {
        seen.push(n);
      },
      asked: async (_ctx, n) => {
        seen.push(n);
        return n;
      },
      async *opened(_ctx, n) {
        seen.push(n);
        yield n;
      },
    });
    const ref = system.spawn(mixed, { name: "mixed" });
    const byPath = system.refOf(Mixed, "local/mixed");
    const waits: Promise<unknown>[] = [];
    for (let n = 0; n < 60; n++) {
      const to = n % 2 === 0 ? ref : byPath;
      if (n % 3 === 0) to.tell("told", n);
      else if (n % 3 === 1) waits.push(to.ask("asked", n));
      else waits.push(to.stream("opened", n)[Symbol.asyncIterator]().next());
    }
    await clock.settle();
    await Promise.all(waits);
    t.same(
      seen,
      Array.from({ length: 60 }, (_, n) => n),
    );
    const down = system.shutdown();
    await clock.advanceAsync("1m");
    await down;
  });
});
