import t from "tap";
import {
  child,
  type Decision,
  type ExitReason,
  type Log,
  type LogFields,
  pool,
  type Random,
  type RestartType,
  silentLog,
  supervisor,
} from "../../../runtime/index.ts";
import { boom, Puppet, puppet } from "../puppet.ts";
import { rejection, world } from "../world.ts";

/** The decisions taken about each path, in order. */
function decisions(events: ReturnType<typeof world>["events"]): string[] {
  return events.flatMap((event) =>
    event.type === "actor.failed" ? [`${event.path} ${event.decision}`] : [],
  );
}

t.test("children", async (t) => {
  t.test("S11: by default a child may be restarted 5 times in 30 s, not 6", async (t) => {
    const { system, clock, events } = world();
    const backoff = { initial: 0, max: 0 };
    const tree = supervisor({
      children: ["a", "b"].map((name) => child(puppet(), { name, backoff })),
    });
    await system.spawn(tree, { name: "s", restart: "temporary" }).ready;
    for (let i = 0; i < 5; i++) {
      for (const name of ["a", "b"]) system.refOf(Puppet, `local/s/${name}`).tell("act", boom);
      await clock.advanceAsync("1s");
    }
    t.equal(await system.refOf(Puppet, "local/s/b").ask("get", () => "lives"), "lives");
    await clock.advanceAsync("26s");
    system.refOf(Puppet, "local/s/a").tell("act", boom);
    await clock.advanceAsync("1s");
    t.equal(decisions(events).at(-1), "s/a restart", "those of 30 s ago count no more");
    system.refOf(Puppet, "local/s/a").tell("act", boom);
    await clock.settle();
    t.equal(decisions(events).at(-1), "s/a restart");
    await system.shutdown();
  });

  t.test("S11: the sixth failure of one child within 30 s ends its supervisor", async (t) => {
    const { system, clock, events } = world();
    const reasons: Record<string, ExitReason> = {};
    const backoff = { initial: 0, max: 0 };
    const tree = supervisor({
      children: ["a", "b"].map((name) => child(puppet(), { name, backoff })),
    });
    await system.spawn(tree, { name: "s", restart: "temporary" }).ready;
    for (const path of ["s", "s/a", "s/b"]) {
      system.watch(`local/${path}`, ({ reason }) => {
        reasons[path] = reason;
      });
    }
    for (let i = 0; i < 6; i++) {
      system.refOf(Puppet, "local/s/a").tell("act", boom);
      await clock.advanceAsync("1s");
    }
    t.same(reasons, { s: "intensity", "s/a": "normal", "s/b": "normal" });
    t.same(decisions(events).slice(-2), ["s/a escalate", "s stop"]);
    await system.shutdown();
  });

  t.test("S11: all children together may be restarted 20 times in 60 s", async (t) => {
    const { system, clock, events } = world();
    const names = Array.from({ length: 21 }, (_, i) => `c${i}`);
    const tree = supervisor({ children: names.map((name) => child(puppet(), { name })) });
    await system.spawn(tree, { name: "s", restart: "temporary" }).ready;
    for (const name of names) {
      system.refOf(Puppet, `local/s/${name}`).tell("act", boom);
      await clock.advanceAsync("1s");
    }
    const taken = decisions(events);
    t.equal(taken.filter((one) => one.endsWith("restart")).length, 20);
    t.same(taken.slice(-2), ["s/c20 escalate", "s stop"]);
    await system.shutdown();
  });

  t.test("S11: a supervisor that gave up is started anew by its own parent", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const tree = supervisor({
      intensity: { restarts: 0, within: "1s" },
      children: [child(puppet(log), { name: "a" })],
    });
    await system.spawn(tree, { name: "s" }).ready;
    system.refOf(Puppet, "local/s/a").tell("act", boom);
    await clock.advanceAsync("1s");
    t.same(log, ["init", "init"]);
    t.equal(await system.refOf(Puppet, "local/s/a").ask("get", () => "lives"), "lives");
    await system.shutdown();
  });

  t.test("S10: a first start that fails is not repeated, but counts", async (t) => {
    const { system, clock, events } = world();
    const broken = puppet([], { init: boom as never });
    const ref = system.spawn(puppet(), {
      intensity: { restarts: 2, within: "10s" },
      name: "p",
      restart: "temporary",
    });
    for (let i = 0; i < 3; i++) {
      ref.tell("act", (ctx) => void ctx.spawn(broken, { name: `c${i}`, restart: "permanent" }));
    }
    await clock.advanceAsync("1s");
    t.same(decisions(events), ["p/c0 stop", "p/c1 stop", "p/c2 stop", "p stop"]);
    await system.shutdown();
  });

  t.test("S11: the pause is drawn within a fifth, and doubles with each failure", async (t) => {
    for (const [draw, factor] of [
      [0, 0.8],
      [0.5, 1],
      [0.999_999, 1.2],
    ] as const) {
      const random: Random = { next: () => draw, int: () => 0, id: () => "r", fork: () => random };
      const { system, clock } = world({ random });
      const starts: number[] = [];
      const crashing = puppet([], { init: ({ clock }) => void starts.push(clock.monotonicMs()) });
      const ref = system.spawn(crashing, { intensity: { restarts: 99, within: "1h" } });
      for (let i = 0; i < 5; i++) ref.tell("act", boom);
      await clock.advanceAsync("1m");
      const pauses = starts.slice(1).map((at, i) => at - (starts[i] ?? 0));
      t.same(
        pauses,
        [100, 200, 400, 800, 1_600].map((ms) => Math.ceil(ms * factor)),
      );
      await system.shutdown();
    }
  });

  t.test("S11: after a life as long as the longest pause the next one is short", async (t) => {
    const { system, clock } = world();
    const starts: number[] = [];
    const crashing = puppet([], { init: ({ clock }) => void starts.push(clock.monotonicMs()) });
    const ref = system.spawn(crashing, { backoff: { initial: 100, max: "1s", jitter: 0 } });
    for (let i = 0; i < 3; i++) ref.tell("act", boom);
    await clock.advanceAsync("5s");
    t.same(starts, [0, 100, 300, 700]);
    ref.tell("act", boom);
    await clock.advanceAsync("5s");
    t.equal(starts.at(-1), 5_100);
    await system.shutdown();
  });

  const outcomes: readonly (readonly [Decision, RestartType, string[], number])[] = [
    ["resume", "temporary", ["s/c resume"], 1],
    ["restart", "transient", ["s/c restart"], 2],
    ["restart", "temporary", ["s/c stop"], 1],
    ["stop", "permanent", ["s/c stop"], 1],
    ["escalate", "temporary", ["s/c escalate", "s restart"], 2],
  ];
  for (const [decision, restart, taken, starts] of outcomes) {
    t.test(`S11: the decider says ${decision} of a ${restart} child`, async (t) => {
      const { system, clock, events } = world();
      const log: string[] = [];
      const seen: unknown[] = [];
      const tree = supervisor({
        decide: (error, address) => {
          seen.push((error as Error).message, address);
          return decision;
        },
        children: [child(puppet(log), { name: "c", restart })],
      });
      await system.spawn(tree, { name: "s" }).ready;
      system.refOf(Puppet, "local/s/c").tell("act", boom);
      await clock.advanceAsync("1s");
      t.same(decisions(events), taken);
      t.equal(log.length, starts);
      t.same(seen, ["boom", "local/s/c"]);
      await system.shutdown();
    });
  }

  t.test("S11: a decider that throws leaves it to the table, and is logged", async (t) => {
    const lines: unknown[] = [];
    const log: Log = { ...silentLog, error: (_f, line) => void lines.push(line), child: () => log };
    const { system, clock, events } = world({ log });
    const tree = supervisor({ decide: boom as never, children: [child(puppet(), { name: "c" })] });
    await system.spawn(tree, { name: "s" }).ready;
    system.refOf(Puppet, "local/s/c").tell("act", boom);
    await clock.advanceAsync("1s");
    t.same(decisions(events), ["s/c restart"]);
    t.same(lines, ["the decider threw; the table of exits decides", "actor failed"]);
    await system.shutdown();
  });

  t.test("regression: resume is no answer to a failure that came from below", async (t) => {
    for (const below of ["escalate", "restart"] as const) {
      const { system, clock } = world();
      const middle = supervisor({
        decide: () => below,
        intensity: { restarts: 0, within: "1s" },
        children: [child(puppet(), { name: "c" })],
      });
      const top = supervisor({ decide: () => "resume", children: [child(middle, { name: "m" })] });
      await system.spawn(top, { name: "t" }).ready;
      const ref = system.refOf(Puppet, "local/t/m/c");
      ref.tell("act", boom);
      await clock.advanceAsync("1s");
      const asked = ref.ask("get", () => "handles messages again").catch(({ code }) => code);
      await clock.advanceAsync("1m");
      t.equal(await asked, "handles messages again", below);
      await system.shutdown();
    }
  });

  t.test("regression: resume is no answer for a pool that has lost its workers", async (t) => {
    const { system, clock } = world();
    const crew = pool(puppet(), { size: 1, worker: { restart: "temporary" } });
    const top = supervisor({ decide: () => "resume", children: [child(crew, { name: "crew" })] });
    await system.spawn(top, { name: "t" }).ready;
    const ref = system.refOf(Puppet, "local/t/crew");
    ref.tell("act", (ctx) => ctx.stop());
    await clock.advanceAsync("1s");
    t.equal(await ref.ask("get", () => "handles messages again"), "handles messages again");
    await system.shutdown();
  });

  t.test("S7: one structured line says what failed and what follows", async (t) => {
    const lines: LogFields[] = [];
    const log: Log = {
      ...silentLog,
      error: (fields, line) => void lines.push({ ...fields, line }),
      child: () => log,
    };
    const { system, clock } = world({ log });
    const ref = system.spawn(puppet(), { name: "a" });
    const asked = rejection(ref.ask("get", boom));
    ref.tell("act", boom);
    ref.tell("act", (ctx) => ctx.fatal("worn out"));
    await clock.advanceAsync("1s");
    await asked;
    const line = "actor failed";
    t.match(lines, [
      { path: "a", incarnation: 1, operation: "get", attempt: 1, decision: "restart", line },
      { path: "a", incarnation: 2, operation: "act", attempt: 2, decision: "restart", line },
      { path: "a", incarnation: 3, operation: "act", attempt: 3, decision: "stop", line },
    ]);
    t.equal(lines.length, 3);
    await system.shutdown();
  });
});
