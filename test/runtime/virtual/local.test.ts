import { queryObjects } from "node:v8";
import t from "tap";
import {
  type ActorActivation,
  actor,
  ask,
  protocol,
  singleton,
  stream,
  tell,
  virtual,
} from "../../../runtime/index.ts";
import { Holding } from "../../../runtime/virtual/holding.ts";
import { Route } from "../../../runtime/virtual/route.ts";
import { gate, rejection, world } from "../world.ts";

const Session = protocol("session@1", {
  said: tell<string>(),
  lines: ask<undefined, readonly string[]>(),
  who: ask<undefined, { key: string; token: number; holds: boolean; input: string }>(),
  self: ask<undefined, string>(),
  wait: ask<undefined, string>(),
  leave: tell(),
  fail: tell(),
  count: stream<number, number, string>(),
});

interface Life {
  starts: number;
  readonly ends: string[];
  readonly activations: ActorActivation[];
  readonly wait: Promise<void>;
}

function session(life: Life) {
  return actor(
    Session,
    (input: { readonly user: string }, ctx) => {
      life.starts++;
      if (ctx.activation !== undefined) life.activations.push(ctx.activation);
      return { lines: [] as string[], input };
    },
    {
      said: (ctx, line) => {
        ctx.state.lines.push(line);
      },
      lines: (ctx) => [...ctx.state.lines],
      who: (ctx) => ({
        key: ctx.activation?.key ?? "",
        token: ctx.activation?.token ?? 0,
        holds: ctx.activation?.holds() ?? false,
        input: ctx.state.input.user,
      }),
      self: (ctx) => ctx.self.address,
      wait: async () => {
        await life.wait;
        return "done";
      },
      leave: (ctx) => ctx.stop(),
      fail: () => {
        throw new Error("kaput");
      },
      async *count(_ctx, n) {
        for (let i = 1; i <= n; i++) yield i;
        return "counted";
      },
    },
    {
      stopping: (ctx) => {
        life.ends.push(ctx.activation?.key ?? "");
      },
      backoff: { initial: 1, max: 1 },
      intensity: { restarts: 0, within: "1s" },
    },
  );
}

function lifeOf(wait: Promise<void> = Promise.resolve()): Life {
  return { starts: 0, ends: [], activations: [], wait };
}

t.test("Virtual actors of a system that stands alone", async (t) => {
  t.test("are there when a message comes, one per key", async (t) => {
    const life = lifeOf();
    const actors = [virtual(session(life), { input: (user) => ({ user }) })];
    const { system } = world({ actors });
    const ref = system.actorOf(Session, "user-42");
    t.equal(life.starts, 0, "a reference alone activates nothing");
    t.equal(ref.tell("said", "a"), true);
    system.actorOf(Session, "user-42").tell("said", "b");
    system.actorOf(Session, "user-43").tell("said", "c");
    t.same(await ref.ask("lines"), ["a", "b"]);
    t.same(await system.actorOf(Session, "user-43").ask("lines"), ["c"]);
    t.equal(life.starts, 2);
    t.match(await ref.ask("who"), { key: "user-42", holds: true, input: "user-42" });
    const chunks: number[] = [];
    const counted = ref.stream("count", 40);
    for await (const n of counted) chunks.push(n);
    t.equal(chunks.length, 40);
    t.equal(await counted.result, "counted");
    await system.shutdown();
    t.equal(life.activations[0]?.holds(), false, "nobody holds anything after the end");
  });

  t.test("have addresses without a node, whatever their keys are", async (t) => {
    const life = lifeOf();
    const { system } = world({ actors: [virtual(session(life), { input: (user) => ({ user }) })] });
    for (const key of ["user-42", "a/b", "$1", "ä~%", ".", "x".repeat(256)]) {
      const address = await system.actorOf(Session, key).ask("self");
      t.match(address, /^\$virtual\/session\/[^/]+$/);
      t.equal((await system.refOf(Session, address).ask("who")).key, key);
    }
    t.throws(() => system.actorOf(Session, ""), RangeError);
    t.throws(() => system.actorOf(Session, "ä".repeat(129)), /1 to 256 bytes: 258/);
    t.throws(() => system.actorOf(Session, "\ud800"), TypeError);
    t.throws(() => system.refOf(Session, "$virtual/session"), TypeError);
    await system.shutdown();
  });

  t.test("are passivated when idle, and activated anew by the next message", async (t) => {
    const life = lifeOf();
    const actors = [virtual(session(life), { passivateAfter: "1m", input: (user) => ({ user }) })];
    const { system, clock } = world({ actors });
    const ref = system.actorOf(Session, "u");
    ref.tell("said", "a");
    t.same(await ref.ask("lines"), ["a"]);
    await clock.advanceAsync("50s");
    t.same(life.ends, []);
    await clock.advanceAsync("40s");
    t.same(life.ends, ["u"]);
    t.equal(life.activations[0]?.holds(), false, "an activation that ended holds nothing");
    t.same(await ref.ask("lines"), [], "it is a new activation");
    t.equal(life.starts, 2);
    await system.shutdown();
  });

  t.test("regression: nothing is kept of keys that nobody uses any more", async (t) => {
    const life = lifeOf();
    const actors = [
      virtual(session(life), {
        placement: "local",
        passivateAfter: "1s",
        input: (user) => ({ user }),
      }),
    ];
    const { system, clock } = world({ actors });
    const kept = (): number[] =>
      [Holding, Route].map((kind) => queryObjects(kind, { format: "count" }));
    const before = kept();
    for (let n = 0; n < 300; n++) await system.actorOf(Session, `u${n}`).ask("lines");
    t.ok(kept().every((count, n) => count >= (before[n] ?? 0) + 300));
    await clock.advanceAsync("3m");
    t.equal(life.ends.length, 300);
    const newest = Math.max(...life.activations.map(({ token }) => token));
    // This test's own list would keep them.
    life.activations.length = 0;
    t.ok(
      kept().every((count, n) => count <= (before[n] ?? 0)),
      `${kept()}`,
    );
    const { token } = await system.actorOf(Session, "u7").ask("who");
    t.ok(token > newest, "V1: a later activation has a higher token");
    await system.shutdown();
  });

  t.test("T2: an activation that works or owes an answer is not passivated", async (t) => {
    const { passed, open } = gate();
    const life = lifeOf(passed);
    const actors = [virtual(session(life), { passivateAfter: "1s", input: (user) => ({ user }) })];
    const { system, clock } = world({ actors });
    const waiting = system.actorOf(Session, "u").ask("wait", undefined, { timeout: "1h" });
    await clock.advanceAsync("1m");
    t.same(life.ends, []);
    open();
    t.equal(await waiting, "done");
    await clock.advanceAsync("2s");
    t.same(life.ends, ["u"]);
    await system.shutdown();
  });

  t.test("T3: at the limit the one that was used least recently makes room", async (t) => {
    const life = lifeOf();
    const actors = [
      virtual(session(life), { limit: 2, passivateAfter: "10s", input: (user) => ({ user }) }),
    ];
    const { system, clock } = world({ actors });
    await system.actorOf(Session, "a").ask("lines");
    await clock.advanceAsync("3s");
    await system.actorOf(Session, "b").ask("lines");
    await clock.advanceAsync("3s");
    await system.actorOf(Session, "a").ask("lines");
    await system.actorOf(Session, "c").ask("lines");
    t.same(life.ends, ["b"]);
    await system.shutdown();
  });

  t.test("T3: past twice the limit, where none is idle, messages are refused", async (t) => {
    const { passed, open } = gate();
    const life = lifeOf(passed);
    const actors = [virtual(session(life), { limit: 1, input: (user) => ({ user }) })];
    const { system, clock } = world({ actors });
    const busy = ["a", "b"].map((key) => system.actorOf(Session, key).ask("wait"));
    await clock.settle();
    t.match(await rejection(system.actorOf(Session, "c").ask("lines")), {
      code: "mailbox.full",
      outcome: "never-ran",
    });
    open();
    t.same(await Promise.all(busy), ["done", "done"]);
    await system.shutdown();
  });

  t.test(
    "a message that comes while one is passivated reaches the next one, in order",
    async (t) => {
      const life = lifeOf();
      const actors = [virtual(session(life), { input: (user) => ({ user }) })];
      const { system } = world({ actors });
      const ref = system.actorOf(Session, "u");
      ref.tell("said", "gone with its activation");
      ref.tell("leave");
      for (const line of ["a", "b"]) ref.tell("said", line);
      const lines = ref.ask("lines");
      ref.tell("said", "c");
      t.same(await lines, ["a", "b"]);
      t.same(await ref.ask("lines"), ["a", "b", "c"]);
      t.equal(life.starts, 2);
      t.equal(system.deadLetters, 0);
      await system.shutdown();
    },
  );

  t.test("S8: one that fails at its limit ends, and the next message activates anew", async (t) => {
    const life = lifeOf();
    const actors = [virtual(session(life), { input: (user) => ({ user }) })];
    const { system, clock } = world({ actors });
    const [ref, other] = ["u", "v"].map((key) => system.actorOf(Session, key));
    if (ref === undefined || other === undefined) throw new Error("no reference");
    other.tell("said", "still here");
    for (let i = 0; i < 7; i++) {
      ref.tell("fail");
      await clock.advanceAsync("5ms");
    }
    t.same(await ref.ask("lines"), []);
    t.same(await other.ask("lines"), ["still here"], "its neighbour notices nothing");
    await system.shutdown();
  });

  t.test("a singleton is active without a message, and comes back when it ends", async (t) => {
    const life = lifeOf();
    const actors = [singleton(session(life), { name: "one", input: { user: "me" } })];
    const { system, clock } = world({ actors });
    await clock.advanceAsync("1s");
    t.equal(life.starts, 1);
    const ref = system.singletonOf(Session, "one");
    t.match(await ref.ask("who"), { key: "one", holds: true, input: "me" });
    ref.tell("leave");
    await clock.advanceAsync("2s");
    t.equal(life.starts, 2);
    for (let i = 0; i < 30; i++) {
      ref.tell("fail");
      await clock.advanceAsync("1s");
    }
    t.match(await ref.ask("who"), { key: "one" }, "no number of failures ends it");
    t.match(await rejection(system.actorOf(Session, "two", "one").ask("who")), {
      code: "actor.not-found",
    });
    await system.shutdown();
  });

  t.test("regression: a shutdown activates nothing anew, and refuses what waits", async (t) => {
    const { passed, open } = gate();
    const life = lifeOf(passed);
    const actors = [virtual(session(life), { input: (user) => ({ user }) })];
    const { system, clock } = world({ actors });
    const ref = system.actorOf(Session, "u");
    const waiting = ref.ask("wait");
    await clock.settle();
    const queued = rejection(ref.ask("lines"));
    ref.tell("said", "too late");
    const down = system.shutdown();
    await clock.settle();
    open();
    await clock.advanceAsync("10s");
    await down;
    t.equal(await waiting, "done");
    t.match(await queued, { code: "actor.stopped", outcome: "never-ran" });
    t.equal(life.starts, 1);
    t.equal(system.deadLetters, 1);
    t.equal(ref.tell("said", "later still"), false);
    t.equal(clock.pending, 0);
  });

  t.test("of a type that nobody has registered is not found", async (t) => {
    const { system, clock } = world();
    const asked = rejection(system.actorOf(Session, "u").ask("lines"));
    await clock.advanceAsync("6s");
    t.match(await asked, { code: "actor.not-found", outcome: "never-ran" });
    await system.shutdown();
  });

  t.test("cannot be watched: they have no end", async (t) => {
    const life = lifeOf();
    const { system } = world({ actors: [virtual(session(life), { input: (user) => ({ user }) })] });
    const ref = system.actorOf(Session, "u");
    t.throws(() => system.watch(ref, () => {}), /no end that could be watched/);
    await system.shutdown();
  });

  t.test("I1: a system that has and uses none has no timer for them", async (t) => {
    const { system, clock } = world();
    t.equal(clock.pending, 0);
    await system.shutdown();
  });
});
