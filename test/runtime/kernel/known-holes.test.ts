/**
 * The known holes of other actor runtimes, each held shut by name.
 *
 * The process-wide ones (`shutdown never busy-spins` in real time) run in a process of their own.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import t from "tap";
import {
  child,
  createSystem,
  type DeadLetter,
  type ExitReason,
  type Log,
  type LogFields,
  pool,
  seededRandom,
  silentLog,
  supervisor,
} from "../../../runtime/index.ts";
import { ManualClock, ManualScheduler } from "../../../runtime/testing/index.ts";
import { boom, forEver, Puppet, type PuppetContext, puppet } from "../puppet.ts";
import { gate, rejection, world } from "../world.ts";

const run = promisify(execFile);

/** A log that keeps what is written at level `error`. */
function errorLog(): { readonly log: Log; readonly lines: LogFields[] } {
  const lines: LogFields[] = [];
  const log: Log = {
    ...silentLog,
    error: (fields, line) => void lines.push({ ...fields, line }),
    child: () => log,
  };
  return { log, lines };
}

t.test("known holes", async (t) => {
  for (const [how, init] of [
    ["that throws", boom as never],
    ["that rejects", () => Promise.reject(new Error("boom"))],
    [
      "that rejects later",
      (ctx: PuppetContext) =>
        new Promise((_resolve, reject) => ctx.clock.after(50, () => reject(new Error("boom")))),
    ],
  ] as const) {
    t.test(`regression: an init ${how} leaves no zombie and tells watchers`, async (t) => {
      const { system, clock } = world();
      const reasons: ExitReason[] = [];
      const parent = puppet([], {
        init: (ctx) => {
          ctx.spawn(puppet([], { init: init as never }), { name: "c", restart: "permanent" });
          ctx.watch("local/p/c");
        },
        terminated: (_ctx, { reason }) => void reasons.push(reason),
      });
      await system.spawn(parent, { name: "p" }).ready;
      const ref = system.refOf(Puppet, "local/p/c");
      system.watch("local/p/c", ({ reason }) => reasons.push(reason));
      const asked = rejection(ref.ask("get", () => 1));
      await clock.advanceAsync("1m");
      t.match(await asked, { outcome: "never-ran" });
      t.equal(reasons.length, 2, "each watcher once");
      t.ok(reasons.every((reason) => reason === "failed" || reason === "no-such-actor"));
      t.match(await rejection(ref.ready), { code: "actor.not-found" });
      t.equal(ref.tell("note", "x"), false);
      t.equal(system.pendingReplies, 0);
      await system.shutdown();
      t.equal(clock.pending, 0);
    });
  }

  t.test("regression: shutdown never busy-spins: it takes a bounded number of turns", async (t) => {
    const clock = new ManualClock();
    const scheduler = new ManualScheduler();
    const system = createSystem({ clock, scheduler, random: seededRandom(1), log: silentLog });
    const many = puppet([], {
      init: (ctx) => {
        for (let i = 0; i < 10; i++) ctx.spawn(puppet(), { shutdown: "1h" }).tell("act", forEver);
      },
    });
    const refs = Array.from({ length: 10 }, () => system.spawn(many));
    for (const ref of refs) ref.tell("act", (ctx) => ctx.timers.every("t", 1, "note", "tick"));
    system.spawn(pool(puppet(), { size: 3 })).tell("act", forEver);
    await scheduler.runAsync();
    let turns = 0;
    const counting = {
      run: async () => {
        while (scheduler.ready > 0) {
          while (scheduler.runOne()) turns++;
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
    };
    const down = system.shutdown({ deadline: "10s" });
    await counting.run();
    t.equal(scheduler.ready, 0, "it waits for time, not for turns");
    for (let ms = 0; ms < 10_000; ms += 100) {
      clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
      await counting.run();
    }
    await down;
    // A timer's tick each millisecond is work; waiting for a hundred actors is none.
    t.ok(turns < 2_000, `${turns} turns`);
    t.equal(clock.pending, 0);
    t.equal(scheduler.ready, 0);
  });

  t.test("regression: shutdown never busy-spins: waiting costs no processor time", async (t) => {
    const script = fileURLToPath(new URL("./fixtures/slow-shutdown.js", import.meta.url));
    const { stdout } = await run(process.execPath, [script], { timeout: 30_000 });
    const { cpuMs, wallMs } = JSON.parse(stdout) as { cpuMs: number; wallMs: number };
    t.ok(wallMs >= 1_900, `it waited ${wallMs} ms`);
    t.ok(cpuMs < wallMs / 4, `and used ${cpuMs} ms of the processor meanwhile`);
  });

  t.test("regression: every restart leaves one log line", async (t) => {
    const { log, lines } = errorLog();
    const { system, clock } = world({ log });
    let starts = 0;
    const crashing = puppet([], { init: () => void starts++ });
    const ref = system.spawn(crashing, { name: "a" });
    const failures = [
      boom,
      () => Promise.reject(new Error("boom")),
      (ctx: PuppetContext) => ctx.task(boom as never, "note"),
      (ctx: PuppetContext) => ctx.timers.after("t", 1, "act", boom),
    ];
    for (let i = 0; i < 12; i++) {
      ref.tell("act", failures[i % 4] as never);
      await clock.advanceAsync("1m");
    }
    t.equal(starts, 13);
    t.equal(lines.length, 12);
    t.ok(lines.every(({ path, decision }) => path === "a" && decision === "restart"));
    await system.shutdown();
  });

  t.test(
    "regression: five children that fail once do not exhaust each other's budget",
    async (t) => {
      for (const strategy of ["one-for-one", "one-for-all", "rest-for-one"] as const) {
        const { system, clock } = world();
        const reasons: ExitReason[] = [];
        const names = ["a", "b", "c", "d", "e"];
        const children = names.map((name) => child(puppet(), { name }));
        const ref = system.spawn(supervisor({ strategy, children }), { name: "s" });
        system.watch(ref, ({ reason }) => reasons.push(reason));
        await ref.ready;
        for (const name of names) {
          system.refOf(Puppet, `local/s/${name}`).tell("act", boom);
          await clock.advanceAsync("1s");
        }
        for (const name of names) {
          const lives = system.refOf(Puppet, `local/s/${name}`).ask("get", () => name);
          t.equal(await lives, name, strategy);
        }
        t.same(reasons, []);
        await system.shutdown();
      }
    },
  );

  t.test("regression: tell never throws into the sender", async (t) => {
    const { system, clock } = world({ checkMessages: true });
    const ref = system.spawn(puppet(), { mailbox: { capacity: 1 } });
    const wild = ref as unknown as { tell(operation: unknown, payload?: unknown): unknown };
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const hostile = new Proxy([], {
      get: () => {
        throw new Error("no");
      },
      ownKeys: () => {
        throw new Error("no");
      },
      getPrototypeOf: () => {
        throw new Error("no");
      },
    });
    for (const payload of [cycle, hostile, Symbol("s"), () => 1, 2n ** 70n]) {
      t.equal(wild.tell("note", payload), false);
      t.equal(wild.tell("nope", payload), false);
    }
    await system.stop(ref);
    t.equal(wild.tell("note", "stopped"), false);
    t.equal(system.refOf(Puppet, "local/nobody").tell("note", ""), false);
    t.equal(system.refOf(Puppet, "elsewhere/nobody").tell("note", ""), false);
    await clock.settle();
    await system.shutdown();
    t.equal(wild.tell("note", "after the shutdown"), false);
  });

  t.test("regression: a slow receiver never crashes a sender", async (t) => {
    const { system, clock, events } = world();
    const slow = system.spawn(puppet(), { mailbox: { capacity: 10 }, shutdown: 0 });
    const sender = system.spawn(puppet(), { name: "sender" });
    slow.tell("act", forEver);
    await clock.settle();
    const refused = sender.ask("get", async () => {
      let count = 0;
      for (let i = 0; i < 10_000; i++) if (!slow.tell("note", "flood")) count++;
      return count;
    });
    t.equal(await refused, 9_990);
    t.equal(system.deadLetters, 9_990);
    t.equal(events.filter(({ type }) => type === "actor.failed").length, 0);
    t.equal(await sender.ask("get", () => "lives"), "lives");
    await system.stop(slow, "kill");
    await system.shutdown();
  });

  t.test("regression: a mailbox never drops silently", async (t) => {
    for (const onFull of ["reject", "drop-oldest", "drop-newest"] as const) {
      const { system, clock } = world();
      const letters: DeadLetter[] = [];
      system.onDeadLetter((letter) => letters.push(letter));
      const held = gate();
      const log: string[] = [];
      const ref = system.spawn(puppet(log), { mailbox: { capacity: 7, onFull } });
      ref.tell("act", () => held.passed);
      await clock.settle();
      for (let i = 0; i < 100; i++) ref.tell("note", `${i}`);
      held.open();
      await clock.settle();
      const seen = [...log.slice(1), ...letters.map(({ body }) => String(body))];
      t.equal(seen.length, 100, onFull);
      t.equal(new Set(seen).size, 100, "each once");
      t.equal(letters.length, system.deadLetters);
      await system.shutdown();
    }
  });

  t.test("regression: no message is lost on a restart", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log), { intensity: { restarts: 99, within: "1h" } });
    for (let i = 0; i < 50; i++) {
      if (i % 10 === 5) ref.tell("act", boom);
      else ref.tell("note", `${i}`);
    }
    await clock.advanceAsync("10m");
    const notes = log.filter((line) => line !== "init");
    t.same(
      notes,
      Array.from({ length: 50 }, (_, i) => `${i}`).filter((_, i) => i % 10 !== 5),
    );
    t.equal(system.deadLetters, 5, "those that failed, and they are reported");
    await system.shutdown();
  });

  t.test("regression: no message is lost on a graceful stop without being reported", async (t) => {
    for (const how of ["stop", "drain"] as const) {
      const { system, clock } = world();
      const log: string[] = [];
      const letters: string[] = [];
      system.onDeadLetter(({ body }) => letters.push(String(body)));
      const held = gate();
      const ref = system.spawn(puppet(log), { mailbox: { capacity: 20 } });
      ref.tell("act", () => held.passed);
      await clock.settle();
      for (let i = 0; i < 15; i++) ref.tell("note", `${i}`);
      const asked = ref.ask("get", () => "answered").catch(({ outcome }) => outcome);
      const down = system.stop(ref, how);
      ref.tell("note", "15");
      held.open();
      await down;
      t.equal(await asked, how === "drain" ? "answered" : "never-ran");
      const seen = [...log.slice(1), ...letters].map(Number).toSorted((a, b) => a - b);
      t.same(
        seen,
        Array.from({ length: 16 }, (_, i) => i),
        how,
      );
      await system.shutdown();
    }
  });

  t.test("regression: a stale promise cannot write", async (t) => {
    const { system, clock } = world();
    const late = gate();
    const log: string[] = [];
    const ref = system.spawn(puppet(log), { shutdown: 0, timeLimit: "1s" });
    const asked = rejection(
      ref.ask("get", async (ctx) => {
        await late.passed;
        ctx.state.count = 99;
        ctx.state = { count: 99 };
        ctx.self.tell("note", "stale");
        return 99;
      }),
    );
    await clock.advanceAsync("5s");
    t.match(await asked, { code: "actor.failed" });
    late.open();
    await clock.settle();
    t.equal(await ref.ask("get", (ctx) => ctx.state.count), 0);
    t.same(log, ["init", "init"]);
    t.equal(system.fenced, 2, "its send and its answer");
    await system.shutdown();
  });
});
