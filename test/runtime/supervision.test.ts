import fc from "fast-check";
import t from "tap";
import {
  actor,
  ask,
  child,
  protocol,
  type Strategy,
  supervisor,
  tell,
} from "../../runtime/index.ts";
import {
  childLimit,
  decide,
  defaultPause,
  type Ended,
  type Exit,
  parsedBackoff,
  parsedIntensity,
  pauseMs,
  type RestartType,
  shouldRestart,
  supervisorLimit,
  touchedBy,
} from "../../runtime/supervision.ts";
import { rejection, world } from "./world.ts";

const ended: Ended = {
  exit: "failed",
  restart: "transient",
  decision: undefined,
  childRestarts: [],
  allRestarts: [],
  childLimit,
  limit: supervisorLimit,
  pause: defaultPause,
  inRow: 0,
  nowMs: 100_000,
  draw: 0.5,
};

t.test("supervision", async (t) => {
  t.test("S11: the table of exits", async (t) => {
    const table: readonly (readonly [Exit, RestartType, boolean])[] = [
      ["normal", "permanent", true],
      ["normal", "transient", false],
      ["normal", "temporary", false],
      ["failed", "permanent", true],
      ["failed", "transient", true],
      ["failed", "temporary", false],
      ["fatal", "permanent", false],
      ["fatal", "transient", false],
      ["fatal", "temporary", false],
      ["group", "permanent", true],
      ["group", "transient", true],
      ["group", "temporary", false],
    ];
    for (const [exit, restart, again] of table) {
      t.equal(shouldRestart(restart, exit), again, `${exit} × ${restart}`);
    }
  });

  t.test("S11: a decider goes before the table, except for what is fatal", async (t) => {
    t.same(decide({ ...ended, decision: "resume" }), { type: "resume" });
    t.same(decide({ ...ended, decision: "stop" }), { type: "end" });
    t.same(decide({ ...ended, decision: "escalate" }), { type: "escalate" });
    t.same(decide({ ...ended, decision: "restart" }), { type: "restart", delayMs: 100 });
    t.same(decide({ ...ended, exit: "fatal", decision: "resume" }), { type: "end" });
  });

  t.test("G7 S1: never more restarts in any window than the intensity allows", async () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 60 }),
        fc.integer({ min: 0, max: 6 }),
        (gaps, restarts) => {
          const limit = { restarts, withinMs: 30_000 };
          const done: number[] = [];
          let nowMs = 0;
          for (const gap of gaps) {
            nowMs += gap;
            const childRestarts = [...done];
            const directive = decide({ ...ended, childRestarts, childLimit: limit, nowMs });
            if (directive.type === "restart") done.push(nowMs);
          }
          return done.every(
            (at) => done.filter((other) => other <= at && at - other < 30_000).length <= restarts,
          );
        },
      ),
      { verbose: 1 },
    );
  });

  t.test("S11: the pause doubles from 100 ms to 30 s, give or take a fifth", async (t) => {
    t.same(
      [0, 1, 2, 9, 20].map((inRow) => pauseMs(defaultPause, inRow, 0.5)),
      [100, 200, 400, 30_000, 30_000],
    );
    t.equal(pauseMs(defaultPause, 0, 0), 80);
    t.ok(pauseMs(defaultPause, 0, 0.999_999) < 120.001);
  });

  t.test("I2: a strategy names the children it touches", async (t) => {
    const of = (strategy: Strategy) => touchedBy(strategy, ["a", "b", "c"], "b");
    t.same(of("one-for-one"), ["b"]);
    t.same(of("one-for-all"), ["a", "b", "c"]);
    t.same(of("rest-for-one"), ["b", "c"]);
  });

  t.test("options that make no sense are RangeErrors", async (t) => {
    t.throws(() => parsedIntensity({ restarts: -1, within: "1s" }), RangeError);
    t.throws(() => parsedIntensity({ restarts: 1, within: 0 }), RangeError);
    t.throws(() => parsedBackoff({ initial: "2s", max: "1s" }), RangeError);
    t.throws(() => parsedBackoff({ initial: 1, max: 2, jitter: 2 }), RangeError);
  });

  const Node = protocol("node@1", { boom: tell(), starts: ask<undefined, number>() });
  const log: string[] = [];
  const member = actor(
    Node,
    (name: string) => {
      log.push(`+${name}`);
      return { name };
    },
    {
      boom: () => {
        throw new Error("boom");
      },
      starts: (ctx) => log.filter((line) => line === `+${ctx.state.name}`).length,
    },
    {
      stopping: (ctx) => {
        log.push(`-${ctx.state.name}`);
      },
    },
  );
  const abc = ["a", "b", "c"].map((name) => child(member, { name, input: name }));

  for (const [strategy, expected] of [
    ["one-for-one", ["-b", "+b"]],
    ["one-for-all", ["-c", "-b", "-a", "+a", "+b", "+c"]],
    ["rest-for-one", ["-c", "-b", "+b", "+c"]],
  ] as const) {
    t.test(
      `G7 S2: ${strategy} restarts exactly its set, down in reverse, up in order`,
      async (t) => {
        const { system, clock } = world();
        log.length = 0;
        const ref = system.spawn(supervisor({ strategy, children: abc }), { name: "sup" });
        await ref.ready;
        t.same(log.splice(0), ["+a", "+b", "+c"]);
        t.same(await ref.ask("children"), ["local/sup/a", "local/sup/b", "local/sup/c"]);
        system.refOf(Node, "local/sup/b").tell("boom");
        await clock.advanceAsync("1s");
        t.same(log, expected);
        await system.shutdown();
      },
    );
  }

  t.test("S11: past its intensity a supervisor gives up, and its own parent decides", async (t) => {
    const { system, clock, events } = world();
    log.length = 0;
    const tree = supervisor({
      strategy: "one-for-one",
      intensity: { restarts: 2, within: "10s" },
      children: abc.slice(0, 1),
    });
    const ref = system.spawn(tree, { name: "sup", restart: "temporary" });
    const reasons: string[] = [];
    system.watch(ref, ({ reason }) => reasons.push(reason));
    await ref.ready;
    const a = system.refOf(Node, "local/sup/a");
    for (let i = 0; i < 3; i++) {
      a.tell("boom");
      await clock.advanceAsync("1s");
    }
    t.same(reasons, ["intensity"]);
    t.same(
      events.flatMap((event) => (event.type === "actor.failed" ? [event.decision] : [])),
      ["restart", "restart", "escalate", "stop"],
    );
    t.match(await rejection(a.ask("starts")), { code: "actor.not-found" });
    await system.shutdown();
  });

  t.test("S11: the system's guardian ends the child that needs too many restarts", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(member, { name: "m", input: "m" });
    const other = system.spawn(member, { name: "o", input: "o" });
    const reasons: string[] = [];
    system.watch(ref, ({ reason }) => reasons.push(reason));
    for (let i = 0; i < 6; i++) {
      ref.tell("boom");
      await clock.advanceAsync("4s");
    }
    t.same(reasons, ["intensity"]);
    t.ok((await other.ask("starts")) > 0, "the others live on");
    await system.shutdown();
  });

  t.test("a supervisor whose child does not start does not start either", async (t) => {
    const { system, clock } = world();
    log.length = 0;
    const broken = actor(
      protocol("broken@1", {}),
      () => {
        throw new Error("no");
      },
      {},
    );
    const ref = system.spawn(
      supervisor({ children: [...abc.slice(0, 1), child(broken, { name: "x" })] }),
    );
    const failed = rejection(ref.ready);
    await clock.advanceAsync("1s");
    t.match(await failed, { code: "actor.start-failed" });
    t.same(log, ["+a", "-a"], "G7 S3: no orphan is left");
    await system.shutdown();
  });
});

t.test("decide", async (t) => {
  const Child = protocol("decided@1", { boom: tell(), count: ask<undefined, number>() });
  let inits = 0;
  const fragile = actor(
    Child,
    () => {
      inits++;
      return { count: 0 };
    },
    {
      boom: (ctx) => {
        ctx.state.count++;
        throw new Error("boom");
      },
      count: (ctx) => ctx.state.count,
    },
  );

  t.test("S11: resume keeps the state and handles the next message at once", async (t) => {
    const { system } = world();
    inits = 0;
    const tree = supervisor({ decide: () => "resume", children: [child(fragile, { name: "c" })] });
    await system.spawn(tree, { name: "s" }).ready;
    const ref = system.refOf(Child, "local/s/c");
    ref.tell("boom");
    ref.tell("boom");
    t.equal(await ref.ask("count"), 2);
    t.equal(inits, 1);
    await system.shutdown();
  });

  t.test("S11: escalate fails the supervisor, which is restarted with its children", async (t) => {
    const { system, clock } = world();
    inits = 0;
    const tree = supervisor({
      decide: () => "escalate",
      children: [child(fragile, { name: "c" })],
    });
    await system.spawn(tree, { name: "s" }).ready;
    const ref = system.refOf(Child, "local/s/c");
    ref.tell("boom");
    await clock.advanceAsync("1s");
    t.equal(await ref.ask("count"), 0);
    t.equal(inits, 2);
    await system.shutdown();
  });
});
