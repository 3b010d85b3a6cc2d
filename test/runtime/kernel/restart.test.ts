import t from "tap";
import type { ActorRef, DeadLetter } from "../../../runtime/index.ts";
import {
  boom,
  forEver,
  Puppet,
  type PuppetContext,
  type PuppetOperations,
  puppet,
  untilAborted,
} from "../puppet.ts";
import { gate, rejection, world } from "../world.ts";

t.test("restart", async (t) => {
  t.test("S8: the signal aborts, and a handler that heeds it is waited for", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const parent = puppet([], {
      strategy: "one-for-all",
      init: (ctx) => {
        ctx.spawn(puppet(log, { stopping: () => void log.push("stopping") }), { name: "a" });
        ctx.spawn(puppet(), { name: "b" });
      },
    });
    await system.spawn(parent, { name: "p" }).ready;
    const answer = system.refOf(Puppet, "local/p/a").ask("get", async (ctx) => {
      await untilAborted(ctx);
      log.push("aborted");
      return "in time";
    });
    await clock.settle();
    system.refOf(Puppet, "local/p/b").tell("act", boom);
    await clock.settle();
    t.equal(await answer, "in time", "it still answers");
    t.same(log, ["init", "aborted", "stopping"]);
    await clock.advanceAsync("1s");
    t.same(log, ["init", "aborted", "stopping", "init"]);
    await system.shutdown();
  });

  t.test("S8: a handler is waited for as long as shutdown says, and no longer", async (t) => {
    for (const [shutdown, waitMs] of [
      [undefined, 5_000],
      ["700ms", 700],
      [0, 0],
    ] as const) {
      const { system, clock } = world();
      const options = { concurrency: 2, ...(shutdown === undefined ? {} : { shutdown }) };
      const ref = system.spawn(puppet(), options);
      const asked = rejection(ref.ask("get", forEver));
      let endedMs: number | undefined;
      void asked.then(() => {
        endedMs = clock.monotonicMs();
      });
      ref.tell("act", boom);
      await clock.advanceAsync("10s");
      t.match(await asked, { code: "actor.stopped", outcome: "unknown" });
      t.equal(endedMs, waitMs);
      await system.shutdown();
    }
  });

  t.test("S8: a tell that was abandoned is a dead letter, a stream is broken off", async (t) => {
    const { system, clock } = world();
    const letters: DeadLetter[] = [];
    system.onDeadLetter((letter) => letters.push(letter));
    let cleaned = false;
    const late = gate();
    const ref = system.spawn(puppet(), { concurrency: 3, shutdown: "1s" });
    ref.tell("act", forEver);
    const flow = ref.stream("flow", async function* () {
      try {
        yield 1;
        await late.passed;
        yield 2;
        return "end";
      } finally {
        cleaned = true;
      }
    });
    const failed = rejection(flow.result);
    ref.tell("act", boom);
    await clock.advanceAsync("5s");
    t.match(await failed, { code: "stream.aborted", data: { lastSeq: 1 } });
    t.match(letters, [{ reason: "failed" }, { reason: "stopped" }]);
    late.open();
    await clock.settle();
    t.equal(cleaned, true, "once it goes on, it only cleans up");
    await system.shutdown();
  });

  t.test("S8: queued messages survive the back-off in order, and more are taken in", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log), { mailbox: { capacity: 3 } });
    ref.tell("act", boom);
    ref.tell("note", "a");
    const asked = ref.ask("get", () => void log.push("b"));
    await clock.settle();
    t.same([ref.tell("note", "c"), ref.tell("note", "too many")], [true, false]);
    await clock.advanceAsync("1s");
    await asked;
    t.same(log, ["init", "init", "a", "b", "c"]);
    await system.shutdown();
  });

  t.test("S8: whatever comes of a generation's handler later is fenced and counted", async (t) => {
    const { system, clock, events } = world();
    const other = system.spawn(puppet(), { name: "other" });
    const log: string[] = [];
    const late = gate();
    const ref = system.spawn(puppet(log), { name: "v", concurrency: 2, shutdown: "1s" });
    /** What a zombie tries, and what comes of it. */
    const attempts: Record<string, (ctx: PuppetContext, old: Old) => unknown> = {
      "tells itself": (ctx) => ctx.self.tell("note", "zombie"),
      "tells itself through an old reference": (_ctx, { self }) => self.tell("note", "zombie"),
      "tells another": (ctx) => ctx.refOf(Puppet, other.address).tell("note", "zombie"),
      "offers to another": (ctx) => ctx.refOf(Puppet, other.address).offer("note", "zombie"),
      "asks another": (ctx) => ctx.refOf(Puppet, other.address).ask("get", () => 1),
      "opens a stream": (ctx) =>
        ctx.refOf(Puppet, other.address).stream("flow", async function* () {
          yield 1;
          return "";
        }).result,
      "spawns a child": (ctx) => ctx.spawn(puppet(log)),
      "starts a task": (ctx) => ctx.task(() => "zombie", "note"),
      "sets a timer": (ctx) => ctx.timers.after("t", 1, "note", "zombie"),
      "sets a timer through an old reference": (_ctx, { timers }) =>
        timers.after("t", 1, "note", "zombie"),
      "sets a period through an old reference": (_ctx, { timers }) =>
        timers.every("t", 1, "note", "zombie"),
      "cancels a timer of the next one": (_ctx, { timers }) => timers.cancel("own"),
      "sets a receive time-out": (ctx) => ctx.receiveTimeout(1, "note", "zombie"),
      watches: (ctx) => ctx.watch("local/nobody"),
      subscribes: (ctx) => ctx.subscribe("topic", "note"),
      publishes: (ctx) => ctx.publish("topic", "zombie"),
      stashes: (ctx) => ctx.stash(),
      unstashes: (ctx) => ctx.unstash(),
      stops: (ctx) => ctx.stop(),
      "sets the state": (ctx) => {
        ctx.state = { count: 99 };
      },
    };
    const results: Record<string, unknown> = {};
    ref.tell("act", async (ctx) => {
      const old = { self: ctx.self, timers: ctx.timers };
      await late.passed;
      for (const [name, attempt] of Object.entries(attempts)) {
        try {
          results[name] = await attempt(ctx, old);
        } catch (error) {
          results[name] = (error as { code?: unknown }).code;
        }
      }
      throw new Error("a failure that comes too late");
    });
    ref.tell("act", boom);
    await clock.advanceAsync("5s");
    await ref.ask("get", (ctx) => ctx.timers.after("own", "1m", "note", "timer of the new one"));
    const failures = events.filter(({ type }) => type === "actor.failed").length;
    late.open();
    await clock.advanceAsync("10s");
    t.same(results, {
      "tells itself": false,
      "tells itself through an old reference": false,
      "tells another": false,
      "offers to another": false,
      "asks another": "actor.stopped",
      "opens a stream": "actor.stopped",
      "spawns a child": "actor.stopped",
      "starts a task": "actor.stopped",
      "sets a timer": "actor.stopped",
      "sets a timer through an old reference": "actor.stopped",
      "sets a period through an old reference": "actor.stopped",
      "cancels a timer of the next one": undefined,
      "sets a receive time-out": undefined,
      watches: undefined,
      subscribes: undefined,
      publishes: false,
      stashes: false,
      unstashes: undefined,
      stops: undefined,
      "sets the state": undefined,
    });
    t.same(log, ["init", "init"]);
    t.equal(await ref.ask("get", (ctx) => ctx.state.count), 0);
    t.equal(events.filter(({ type }) => type === "actor.failed").length, failures);
    // All but the state, which is the old generation's own; and the failure itself.
    t.equal(system.fenced, Object.keys(attempts).length);
    await clock.advanceAsync("1m");
    t.same(log, ["init", "init", "timer of the new one"]);
    await system.shutdown();
  });

  t.test("regression: a late handler leaves nothing behind, whenever it wakes", async (t) => {
    for (let turns = 0; turns < 24; turns++) {
      const { system, clock } = world();
      const log: string[] = [];
      const ref = system.spawn(puppet(log), { concurrency: 2, shutdown: 100, name: "v" });
      await ref.ready;
      ref.tell("act", async (ctx) => {
        // Wakes at the very instant at which it is given up, some microtasks later.
        await new Promise<void>((resolve) => ctx.clock.after(100, resolve));
        for (let i = 0; i < turns; i++) await undefined;
        for (const attempt of [
          () => ctx.spawn(puppet(), { name: "orphan" }),
          () => ctx.timers.after("t", "1m", "note", "zombie"),
          () => ctx.receiveTimeout("1m", "note", "zombie"),
          () => ctx.watch("local/nobody"),
        ]) {
          try {
            attempt();
          } catch {
            // Fenced.
          }
        }
      });
      ref.tell("act", boom);
      await clock.settle();
      clock.advance(100);
      await clock.advanceAsync("5m");
      t.same(log, ["init", "init"], `${turns} microtasks`);
      const orphan = rejection(system.refOf(Puppet, "local/v/orphan").ready);
      t.match(await orphan, { code: "actor.not-found" }, `${turns} microtasks`);
      await system.shutdown();
    }
  });

  t.test("regression: what the stopping hook starts ends with its generation", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const child = puppet(log);
    const ref = system.spawn(
      puppet(log, {
        stopping: (ctx) => {
          ctx.spawn(child, { name: "late" });
          ctx.timers.after("t", "1m", "note", "zombie");
        },
      }),
      { name: "p" },
    );
    ref.tell("act", boom);
    await clock.advanceAsync("5m");
    t.same(
      log.filter((line) => line === "zombie"),
      [],
    );
    t.match(await rejection(system.refOf(Puppet, "local/p/late").ready), {
      code: "actor.not-found",
    });
    await system.shutdown();
    t.equal(clock.pending, 0);
  });

  t.test("S8: a restart during a restart takes it over and starts once", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const parent = puppet([], {
      strategy: "one-for-all",
      init: (ctx) => {
        for (const name of ["a", "b", "c"]) ctx.spawn(puppet(log), { name });
      },
    });
    await system.spawn(parent, { name: "p" }).ready;
    log.length = 0;
    system.refOf(Puppet, "local/p/b").tell("act", boom);
    await clock.advanceAsync(50);
    system.refOf(Puppet, "local/p/c").tell("note", "queued");
    await clock.advanceAsync("10s");
    t.same(log, ["init", "init", "init", "queued"]);
    await system.shutdown();
  });
});

interface Old {
  readonly self: ActorRef<PuppetOperations>;
  readonly timers: PuppetContext["timers"];
}
