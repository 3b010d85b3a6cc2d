import { getEventListeners } from "node:events";
import fc from "fast-check";
import t from "tap";
import {
  actor,
  ask,
  createSystem,
  protocol,
  type Schema,
  silentLog,
  tell,
} from "../../runtime/index.ts";
import { rejection, world } from "./world.ts";

const Echo = protocol("echo@1", {
  echo: ask<number, number>(),
  hang: ask<undefined, string>(),
  aborts: ask<undefined, number>(),
});

function echo(state = { aborts: 0 }) {
  return actor(Echo, () => state, {
    echo: (_ctx, n) => n,
    hang: (ctx) =>
      new Promise((_resolve, reject) => {
        ctx.signal.addEventListener("abort", () => {
          ctx.state.aborts++;
          reject(ctx.signal.reason);
        });
      }),
    aborts: (ctx) => ctx.state.aborts,
  });
}

t.test("ask", async (t) => {
  t.test("A1, A3: every one of many asks gets its own answer, once", async () => {
    const system = createSystem({ log: silentLog });
    const ref = system.spawn(echo());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer(), { maxLength: 50 }), async (numbers) => {
        const answers = await Promise.all(numbers.map((n) => ref.ask("echo", n)));
        return answers.every((answer, i) => answer === numbers[i]);
      }),
      { numRuns: 50, verbose: 1 },
    );
    await system.shutdown();
  });

  t.test("A2, S15: a timeout says unknown, and cancels the callee", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(echo());
    const asked = rejection(ref.ask("hang", undefined, { timeout: "2s" }));
    await clock.advanceAsync("2s");
    t.match(await asked, { code: "ask.timeout", outcome: "unknown" });
    t.equal(await ref.ask("aborts"), 1, "and its abort is no failure: the state is the same");
    await system.shutdown();
  });

  t.test("S4: after a time-out nothing is tried again", async (t) => {
    const { system, clock } = world();
    let ran = 0;
    const Once = protocol("once@1", { go: ask<undefined, number>() });
    const once = actor(Once, () => 0, {
      go: (ctx) => {
        ran++;
        return new Promise<number>((resolve) => ctx.clock.after(5_000, () => resolve(1)));
      },
    });
    const ref = system.spawn(once);
    const late = rejection(ref.ask("go", undefined, { timeout: "1s" }));
    await clock.advanceAsync("1s");
    t.match(await late, { code: "ask.timeout", outcome: "unknown" });
    await clock.advanceAsync("1m");
    t.equal(ran, 1);
    await system.shutdown();
  });

  t.test("S15: the default deadline is thirty seconds", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(echo());
    let settled = false;
    const asked = rejection(ref.ask("hang")).finally(() => {
      settled = true;
    });
    await clock.advanceAsync(29_999);
    t.equal(settled, false);
    await clock.advanceAsync(1);
    t.match(await asked, { code: "ask.timeout" });
    await system.shutdown();
  });

  t.test("S6, S15: a message that waited past its deadline never runs", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(echo());
    const first = rejection(ref.ask("hang", undefined, { timeout: "5s" }));
    const second = rejection(ref.ask("hang", undefined, { timeout: "1s" }));
    await clock.advanceAsync("1s");
    t.match(await second, { code: "ask.expired", outcome: "never-ran" });
    await clock.advanceAsync("4s");
    await first;
    t.equal(await ref.ask("aborts"), 1);
    await system.shutdown();
  });

  t.test("A4: nothing is pending after any end: answer, failure, timeout, cancel", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(echo());
    await ref.ask("echo", 1);
    const abort = new AbortController();
    const asked = rejection(ref.ask("hang", undefined, { signal: abort.signal }));
    await clock.settle();
    t.equal(system.pendingReplies, 1);
    abort.abort();
    t.match(await asked, { code: "ask.cancelled", outcome: "unknown" });
    t.match(await rejection(ref.ask("echo", 1, { signal: abort.signal })), {
      code: "ask.cancelled",
      outcome: "never-ran",
    });
    const late = rejection(ref.ask("hang", undefined, { timeout: 10 }));
    await clock.advanceAsync(10);
    await late;
    t.equal(system.pendingReplies, 0);
    await system.shutdown();
    t.equal(clock.pending, 0);
  });

  t.test("S15: the deadline shrinks hop by hop", async (t) => {
    const { system, clock } = world();
    const inner = system.spawn(echo());
    const Outer = protocol("outer@1", { go: ask<undefined, string>() });
    let seen: unknown;
    const outer = system.spawn(
      actor(Outer, () => 0, {
        go: async () => {
          seen = await rejection(inner.ask("hang", undefined, { timeout: "1h" }));
          return "never in time";
        },
      }),
    );
    const asked = rejection(outer.ask("go", undefined, { timeout: "3s" }));
    await clock.advanceAsync("3s");
    t.match(await asked, { code: "ask.timeout" });
    t.match(seen, { code: "ask.timeout" });
    await system.shutdown();
  });

  t.test(
    "S2: an ask to an actor that waits for it is refused at once, naming the path",
    async (t) => {
      const { system } = world();
      const Ring = protocol("ring@1", { ask: ask<readonly string[], string>() });
      const ring = actor(Ring, () => 0, {
        ask: async (ctx, [next, ...rest]) =>
          next === undefined ? "end" : ctx.refOf(Ring, next).ask("ask", rest),
      });
      const a = system.spawn(ring, { name: "a" });
      system.spawn(ring, { name: "b" });
      t.equal(await a.ask("ask", ["local/b"]), "end");
      t.match(await rejection(a.ask("ask", ["local/b", "local/a"])), {
        code: "actor.failed",
        data: {
          cause: {
            code: "actor.failed",
            data: {
              cause: { code: "ask.cycle", data: { path: ["local/a", "local/b", "local/a"] } },
            },
          },
        },
      });
      await system.shutdown();
    },
  );

  t.test(
    "S15: no such actor, no such operation and a payload that does not fit never run",
    async (t) => {
      const { system } = world();
      const positive: Schema<number> = {
        "~standard": {
          version: 1,
          vendor: "test",
          validate: (value) =>
            typeof value === "number" && value > 0
              ? { value }
              : { issues: [{ message: "must be a number above 0" }] },
        },
      };
      const Strict = protocol("strict@1", {
        half: ask<number, number>(positive, positive),
        note: tell(positive),
      });
      const ref = system.spawn(
        actor(Strict, () => 0, { half: (_ctx, n) => n - 1, note: () => {} }),
        { name: "strict" },
      );
      t.match(await rejection(system.refOf(Strict, "local/nobody").ask("half", 1)), {
        code: "actor.not-found",
        outcome: "never-ran",
      });
      t.match(await rejection(system.refOf(Echo, "local/strict").ask("echo", 1)), {
        code: "actor.no-handler",
        outcome: "never-ran",
      });
      t.match(await rejection(ref.ask("half", -4)), { code: "ask.invalid", outcome: "never-ran" });
      t.match(await rejection(ref.ask("half", 1)), { code: "ask.invalid", outcome: "failed" });
      t.equal(ref.tell("note", -1), false);
      t.equal(await ref.ask("half", 3), 2);
      await system.shutdown();
    },
  );

  t.test("S15: every way to fail says whether the handler ran", async (t) => {
    const { system, clock } = world();
    const Desk = protocol("desk@1", {
      busy: ask<undefined, number>(),
      boom: ask<undefined, number>(),
      quick: ask<undefined, number>(),
    });
    const desk = actor(Desk, () => 0, {
      // Ignores its signal on purpose: an answer that comes too late is no answer.
      busy: (ctx) => new Promise((resolve) => ctx.clock.after(10_000, () => resolve(1))),
      boom: () => {
        throw new Error("boom");
      },
      quick: () => 2,
    });
    const ref = system.spawn(desk, { mailbox: { capacity: 4 }, shutdown: "1s" });
    await ref.ready;
    const running = new AbortController();
    const queued = new AbortController();
    const asked = {
      running: rejection(ref.ask("busy", undefined, { signal: running.signal })),
      late: rejection(system.spawn(desk).ask("busy", undefined, { timeout: "2s" })),
      boom: rejection(system.spawn(desk).ask("boom")),
    };
    await clock.settle();
    const waiting = {
      expired: rejection(ref.ask("quick", undefined, { timeout: "1s" })),
      cancelled: rejection(ref.ask("quick", undefined, { signal: queued.signal })),
      stopped: rejection(ref.ask("quick")),
      last: rejection(ref.ask("quick")),
    };
    const full = rejection(ref.ask("quick"));
    running.abort();
    queued.abort();
    await clock.advanceAsync("3s");
    const down = system.stop(ref, "kill");
    await clock.advanceAsync("15s");
    await down;
    const ends = { ...asked, ...waiting, full, gone: rejection(ref.ask("quick")) };
    const outcomes: Record<string, string> = {};
    for (const [name, end] of Object.entries(ends)) {
      const { code, outcome } = await end;
      outcomes[name] = `${String(code)} ${String(outcome)}`;
    }
    t.same(outcomes, {
      running: "ask.cancelled unknown",
      late: "ask.timeout unknown",
      boom: "actor.failed failed",
      expired: "ask.expired never-ran",
      cancelled: "ask.cancelled never-ran",
      stopped: "actor.stopped never-ran",
      last: "actor.stopped never-ran",
      full: "mailbox.full never-ran",
      gone: "actor.stopped never-ran",
    });
    t.equal(system.pendingReplies, 0, "A4: nothing is pending");
    await system.shutdown();
  });

  t.test("a timeout that is no duration is a RangeError", async (t) => {
    const { system } = world();
    const ref = system.spawn(echo());
    t.throws(() => ref.ask("echo", 1, { timeout: "soon" }), RangeError);
    await system.shutdown();
  });

  t.test("regression: thousands of asks under one signal cost it one listener", async (t) => {
    const { system } = world();
    const ref = system.spawn(echo());
    const { signal } = new AbortController();
    const answers = Array.from({ length: 100 }, (_, i) => ref.ask("echo", i, { signal }));
    t.equal(getEventListeners(signal, "abort").length, 1);
    await Promise.all(answers);
    t.equal(getEventListeners(signal, "abort").length, 0, "A4: none is left");
    const giveUp = new AbortController();
    const given = [1, 2, 3].map(() => rejection(ref.ask("hang", undefined, giveUp)));
    giveUp.abort();
    for (const { code } of await Promise.all(given)) t.equal(code, "ask.cancelled");
    t.equal(getEventListeners(giveUp.signal, "abort").length, 0);
    await system.shutdown();
  });
});
