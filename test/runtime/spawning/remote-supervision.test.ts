import t from "tap";
import {
  actor,
  child,
  nodeOf,
  protocol,
  supervisor,
  type Terminated,
  tell,
} from "../../../runtime/index.ts";
import { rejection } from "../world.ts";
import { crew, Hand } from "./crew-under-test.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

t.test("a child on another node", async (t) => {
  t.test(
    "is reached through its supervisor's ref: tells, asks and streams, in order",
    async (t) => {
      const { world, home, hand } = crew(1);
      const ref = home.spawn(hand, { name: "h", input: { name: "h" }, placement: "node:n1" });
      for (let n = 0; n < 300; n++) t.equal(ref.tell("note", `n${n}`), true);
      await world.run(ref.ready);
      t.equal(ref.address, "home/h");
      t.equal(await world.run(ref.ask("where")), "n1");
      const seen = await world.run(ref.ask("seen"));
      t.same(
        seen,
        Array.from({ length: 300 }, (_, n) => `n${n}`),
        "S3",
      );
      const counted = ref.stream("count", 100);
      const chunks: number[] = [];
      await world.run(
        (async () => {
          for await (const n of counted) chunks.push(n);
        })(),
      );
      t.equal(chunks.length, 100);
      t.equal(await world.run(counted.result), "counted");
      t.match(await world.run(rejection(ref.ask("refuse"))), {
        code: "refused",
        data: { code: "closed", data: { until: 9 } },
      });
      t.equal(home.pendingReplies, 0);
      await world.end();
    },
  );

  t.test(
    "S11: a transient child is restarted where it was after a failure, with its queue",
    async (t) => {
      const { world, home, hand, log } = crew(2);
      const ref = home.spawn(hand, { name: "h", input: { name: "h" }, placement: "role:crew" });
      await world.run(ref.ready);
      const where = await world.run(ref.ask("where"));
      ref.tell("fail", "oops");
      for (const line of ["a", "b", "c"]) ref.tell("note", line);
      const asked = ref.ask("seen");
      t.same(await world.run(asked), ["a", "b", "c"], "S8: queued messages survive in order");
      t.equal(await world.run(ref.ask("where")), where);
      t.same(log.lines, [`h starts on ${where}`, "h ends", `h starts on ${where}`]);
      await world.end();
    },
  );

  t.test("S11: a normal stop ends a transient child and restarts a permanent one", async (t) => {
    const { world, home, hand, log } = crew(3);
    const ended: Terminated[] = [];
    const transient = home.spawn(hand, { input: { name: "t" }, placement: "spread", name: "t" });
    const permanent = home.spawn(hand, {
      name: "p",
      input: { name: "p" },
      placement: "spread",
      restart: "permanent",
    });
    home.watch(transient, (news) => ended.push(news));
    await world.run(Promise.all([transient.ready, permanent.ready]));
    transient.tell("quit");
    permanent.tell("quit");
    t.ok(await world.advanceUntil(() => ended.length > 0, "5s"));
    t.same(ended, [{ address: "home/t", reason: "normal" }]);
    t.same(await world.run(permanent.ask("seen")), []);
    t.equal(log.lines.filter((line) => line.startsWith("p starts")).length, 2);
    t.equal(log.lines.filter((line) => line.startsWith("t starts")).length, 1);
    await world.end();
  });

  t.test(
    "S11: ctx.fatal ends it whatever its type, and its watchers are told failed",
    async (t) => {
      const { world, home, hand } = crew(4);
      const ended: string[] = [];
      const ref = home.spawn(hand, {
        name: "h",
        input: { name: "h" },
        placement: "spread",
        restart: "permanent",
      });
      home.watch(ref, ({ reason }) => ended.push(reason));
      await world.run(ref.ready);
      ref.tell("give");
      t.ok(await world.advanceUntil(() => ended.length > 0, "5s"));
      t.same(ended, ["failed"]);
      await world.end();
    },
  );

  t.test(
    "S11: it is started on another node when its own is down, and its ref stays",
    async (t) => {
      const { world, home, hand } = crew(5);
      const ref = home.spawn(hand, { name: "h", input: { name: "h" }, placement: "role:crew" });
      await world.run(ref.ready);
      const first = await world.run(ref.ask("where"));
      world.crash(first);
      await world.advance("8s");
      const second = await world.run(ref.ask("where"));
      t.not(second, first);
      t.equal(ref.address, "home/h");
      await world.end();
    },
  );

  t.test("S12: of a temporary child whose node is down the reason is node-down", async (t) => {
    const { world, home, hand } = crew(6);
    const ended: string[] = [];
    const ref = home.spawn(hand, {
      input: { name: "h" },
      name: "h",
      placement: "node:n1",
      restart: "temporary",
    });
    await world.run(ref.ready);
    home.watch(ref, ({ reason }) => ended.push(reason));
    world.crash("n1");
    await world.advance("10s");
    t.same(ended, ["node-down"]);
    await world.end();
  });

  t.test(
    "S11: past its intensity its supervisor gives up, and nothing of it is left",
    async (t) => {
      const { world, home, hand, log } = crew(7);
      const tree = supervisor({
        intensity: { restarts: 2, within: "1m" },
        restart: "temporary",
        children: [child(hand, { name: "h", input: { name: "h" }, placement: "spread" })],
      });
      const ended: string[] = [];
      const top = home.spawn(tree, { name: "top" });
      await world.run(top.ready);
      home.watch(top, ({ reason }) => ended.push(reason));
      const ref = home.refOf(Hand, "home/top/h");
      for (let n = 0; n < 3; n++) {
        ref.tell("fail", "again");
        await world.advance("2s");
      }
      t.same(ended, ["intensity"]);
      await world.advance("10s");
      const starts = log.lines.filter((line) => line.includes("starts")).length;
      t.equal(starts, 3, "two restarts");
      t.equal(log.lines.filter((line) => line.endsWith("ends")).length, starts, "G7: S3");
      await world.end();
    },
  );

  t.test(
    "S11: one-for-all and rest-for-one take children down in reverse order and start them in order",
    async (t) => {
      for (const strategy of ["one-for-all", "rest-for-one"] as const) {
        const { world, home, hand, log } = crew(8);
        const names = ["a", "b", "c"];
        const tree = supervisor({
          strategy,
          children: names.map((name, n) =>
            child(hand, { name, input: { name }, placement: n % 2 === 0 ? "node:n1" : "node:n2" }),
          ),
        });
        const top = home.spawn(tree, { name: "top" });
        await world.run(top.ready);
        log.lines.length = 0;
        home.refOf(Hand, "home/top/b").tell("fail", "oops");
        await world.advance("5s");
        const expected =
          strategy === "one-for-all"
            ? ["c ends", "b ends", "a ends", "a starts on n1", "b starts on n2", "c starts on n1"]
            : ["c ends", "b ends", "b starts on n2", "c starts on n1"];
        t.same(log.lines, expected, strategy);
        await world.end();
      }
    },
  );

  t.test("S9: stop finishes its current message, drain its queue, kill aborts it", async (t) => {
    const { world, home, hand } = crew(9);
    const outcomes: unknown[] = [];
    for (const how of ["stop", "drain", "kill"] as const) {
      const ref = home.spawn(hand, { name: how, input: { name: how }, placement: "node:n1" });
      await world.run(ref.ready);
      const asks = [ref.ask("wait", 100), ref.ask("wait", 100)].map((asked) =>
        asked.then(
          () => "answered",
          ({ code }: { code: string }) => code,
        ),
      );
      await world.settle();
      await world.run(home.stop(ref, how));
      outcomes.push([how, ...(await world.run(Promise.all(asks)))]);
    }
    t.same(outcomes, [
      ["stop", "answered", "actor.stopped"],
      ["drain", "answered", "answered"],
      ["kill", "actor.stopped", "actor.stopped"],
    ]);
    await world.end();
  });

  t.test("S10: a first start that fails rejects ready with what init threw", async (t) => {
    const { world, home, hand } = crew(10);
    const ref = home.spawn(hand, { input: { name: "h", failsAtFirst: 1 }, placement: "spread" });
    t.match(await world.run(rejection(ref.ready)), { code: "actor.start-failed" });
    await world.end();
  });

  t.test("supervisor's decider resumes, restarts and stops it", async (t) => {
    const { world, home, hand } = crew(11);
    const Boss = protocol("boss@1", { nothing: tell() });
    const boss = actor(
      Boss,
      (_input: undefined, ctx) => {
        ctx.spawn(hand, { name: "h", input: { name: "h" }, placement: "node:n2" });
      },
      { nothing: () => {} },
      { decide: (error) => (String(error).includes("mild") ? "resume" : "restart") },
    );
    home.spawn(boss, { name: "boss" });
    await world.settle();
    const ref = home.refOf(Hand, "home/boss/h");
    ref.tell("note", "kept");
    ref.tell("fail", "mild");
    t.same(await world.run(ref.ask("seen")), ["kept"]);
    ref.tell("fail", "bad");
    t.same(await world.run(ref.ask("seen")), []);
    await world.end();
  });

  t.test("a sender on its supervisor's node is told by its address", async (t) => {
    const { world, home, hand } = crew(12);
    const Asker = protocol("asker@1", { go: tell() });
    const heard: string[] = [];
    const asker = actor(Asker, () => 0, {
      go: async (ctx) => {
        heard.push(await ctx.refOf(Hand, "home/h").ask("who"));
      },
    });
    home.spawn(hand, { name: "h", input: { name: "h" }, placement: "node:n1" });
    home.spawn(asker, { name: "asker" }).tell("go");
    await world.advance("1s");
    t.same(heard, ["home/asker"]);
    await world.end();
  });

  for (const plight of ["stands still", "is cut off"] as const) {
    t.test(
      `regression E1: whose node ${plight} but keeps its lease has no second one, and its start fails in time`,
      async (t) => {
        const downAfterMs = [DAY_MS, DAY_MS] as const;
        const { world, home, hand, log } = crew(31, ["n1", "n2"], { downAfterMs });
        const spec = { name: "h", input: { name: "h" }, placement: "role:crew" } as const;
        const ref = home.spawn(hand, spec);
        await world.run(ref.ready);
        const where = await world.run(ref.ask("where"));
        ref.tell("fail", "oops");
        await world.advanceUntil(() => log.lines.includes("h ends"), "1s");
        if (plight === "is cut off") world.isolate(where);
        else world.pause(where);
        const failures = () =>
          world.eventsOf("actor.failed").filter(({ operation }) => operation === "init");
        t.ok(await world.advanceUntil(() => failures().length >= 2, "1h"));
        t.match(failures()[0]?.message, `home/h is not started: ${where} does not answer`);
        t.same(log.lines, [`h starts on ${where}`, "h ends"]);
        if (plight === "is cut off") world.rejoin(where);
        else world.resume(where);
        await world.run(ref.ask("where", undefined, { timeout: "5m" }));
        const isAlternating = log.lines.every((line, n) => (line === "h ends") === (n % 2 === 1));
        t.ok(isAlternating, log.lines.join("; "));
        await world.end();
      },
    );
  }
});

t.test("a child's node", async (t) => {
  t.test(
    "is one that is up, has the role, and carries the fewest children for its capacity",
    async (t) => {
      const { world, home, hand } = crew(20, ["n1", "n2", "n3"]);
      const refs = Array.from({ length: 9 }, (_, n) =>
        home.spawn(hand, { input: { name: `h${n}` }, placement: "role:crew" }),
      );
      const nodes: string[] = [];
      for (const ref of refs) nodes.push(await world.run(ref.ask("where")));
      for (const node of ["n1", "n2", "n3"])
        t.equal(nodes.filter((n) => n === node).length, 3, node);
      await world.end();
    },
  );

  t.test("that does not exist is named in one line", async (t) => {
    const { world, home, hand } = crew(21);
    const started = home.spawn(hand, { input: { name: "h" }, placement: "role:gpu", name: "h" });
    const error = (await world.run(started.ready.catch((e: unknown) => e))) as Error;
    t.match(error.message, /no node takes hand \(hand@1, role:gpu\): no such node is up/);
    await world.end();
  });

  t.test("that refuses is passed over, and each refusal is named when all do", async (t) => {
    const { world, home, hand } = crew(22, ["n1"]);
    world.system("bare", { roles: ["crew"], actors: [] });
    const old = actor(protocol("hand@2", {}), () => 0, {});
    const { spawnable } = await import("../../../runtime/index.ts");
    world.system("newer", { roles: ["crew"], actors: [spawnable(old)] });
    for (let n = 0; n < 6; n++) {
      const ref = home.spawn(hand, { input: { name: `h${n}` }, placement: "role:crew" });
      t.equal(await world.run(ref.ask("where")), "n1");
    }
    world.crash("n1");
    await world.advance("10s");
    const ref = home.spawn(hand, { input: { name: "last" }, placement: "role:crew" });
    const error = (await world.run(ref.ready.catch((e: unknown) => e))) as Error;
    t.match(error.message, /bare has no such type, only none/);
    t.match(error.message, /newer speaks hand@2/);
    await world.end();
  });

  t.test("checks the input before it starts anything", async (t) => {
    const { world, home, hand, log } = crew(23);
    const input = { nome: "h" } as unknown as { name: string };
    const ref = home.spawn(hand, { input, placement: "spread" });
    const error = (await world.run(ref.ready.catch((e: unknown) => e))) as Error;
    t.match(error.message, /the input of hand: must have a name/);
    t.same(log.lines, []);
    await world.end();
  });

  t.test(
    "S21: takes its children's queues to the end when it drains, and loses none",
    async (t) => {
      const { world, home, hand } = crew(24, ["n1", "n2"]);
      const ref = home.spawn(hand, { name: "h", input: { name: "h" }, placement: "role:crew" });
      const first = await world.run(ref.ask("where"));
      const waits = [ref.ask("wait", 500), ref.ask("wait", 500)];
      await world.settle();
      await world.stop(first);
      t.same(await world.run(Promise.all(waits)), ["waited", "waited"]);
      t.not(await world.run(ref.ask("where")), first);
      await world.end();
    },
  );
});

t.test("a placement", async (t) => {
  const { world, home, hand } = crew(30);
  t.throws(
    () => home.spawn(hand, { input: { name: "h" }, placement: "everywhere" as "spread" }),
    /placement: "everywhere" is none of local, spread, role:NAME, node:NAME/,
  );
  const stranger = actor(protocol("stranger@1", {}), () => 0, {});
  t.throws(
    () => home.spawn(stranger, { placement: "spread" }),
    /the actor of stranger@1 is not registered; give this node and the others actors/,
  );
  t.throws(
    () => home.spawn(hand, { input: { name: "h" }, placement: "spread", decide: () => "stop" }),
    /decide: a function cannot travel/,
  );
  const local = home.spawn(hand, { input: { name: "h" }, placement: "local" });
  t.equal(nodeOf(local.address), "home");
  await world.end();
});
