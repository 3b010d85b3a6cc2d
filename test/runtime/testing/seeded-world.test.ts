import assert from "node:assert/strict";
import t from "tap";
import { actor, ask, messageOf, pathOf, protocol, stream, tell } from "../../../runtime/index.ts";
import { forSeeds, seededWorld } from "../../../runtime/testing/index.ts";
import { divergence } from "../../../runtime/testing/world-history.ts";
import { busyWorld } from "./busy-world.ts";

const Counter = protocol("counter@1", {
  add: tell<number>(),
  total: ask<undefined, number>(),
  slow: ask<number, number>(),
  fail: tell(),
  count: stream<number, number>(),
});
const counter = actor(Counter, () => ({ total: 0 }), {
  add: (ctx, n) => {
    ctx.state.total += n;
  },
  total: (ctx) => ctx.state.total,
  slow: async (ctx, afterMs) => {
    await new Promise<void>((resolve) => ctx.clock.after(afterMs, resolve));
    return ctx.state.total;
  },
  fail: () => {
    throw new Error("asked to");
  },
  async *count(_ctx, upTo) {
    for (let n = 1; n <= upTo; n++) yield n;
  },
});

const SEEDS = 40;

t.test("SeededWorld", async (t) => {
  t.test("S19, W1: the same seed gives the same history, byte for byte", async (t) => {
    const hashes = new Set<string>();
    let tried = 0;
    await forSeeds({ suite: "seeded world", seeds: SEEDS }, async (seed) => {
      const first = await busyWorld(seed);
      const again = await busyWorld(seed);
      assert.equal(divergence(first.history(), again.history()), undefined);
      assert.equal(first.hash(), again.hash());
      hashes.add(first.hash());
      tried++;
    });
    t.equal(hashes.size, tried, "and another seed another one");
  });

  t.test("W1: without faults, too, the seed alone decides which node comes first", async (t) => {
    const orderIn = async (seed: number) => {
      const world = seededWorld({ seed, nodes: ["n1", "n2", "n3"] });
      const order: string[] = [];
      const noting = actor(protocol("noting@1", { add: tell() }), () => undefined, {
        add: (ctx) => {
          order.push(ctx.self.address);
        },
      });
      for (const name of world.nodes) world.system(name).spawn(noting, { name }).tell("add");
      await world.settle();
      await world.end();
      return order.join();
    };
    const orders = new Set<string>();
    for (let seed = 1; seed <= 30; seed++) {
      const order = await orderIn(seed);
      t.equal(await orderIn(seed), order);
      orders.add(order);
    }
    t.equal(orders.size, 6, "all orders of three nodes are seen");
  });

  t.test("W2: time moves only when it is moved, and timers fire at their instants", async (t) => {
    const world = seededWorld({ seed: 1 });
    const system = world.system();
    const fired: number[] = [];
    for (const ms of [700, 300, 300]) system.ports.clock.after(ms, () => fired.push(ms));
    await world.settle();
    t.strictSame(fired, []);
    await world.advance(300);
    t.strictSame(fired, [300, 300]);
    t.equal(system.ports.clock.monotonicMs(), 300);
    await world.advance("1s");
    t.strictSame(fired, [300, 300, 700]);
    t.equal(system.ports.clock.monotonicMs(), 1_300);
    await world.end();
  });

  t.test("a timer that was called off does not fire, also when it was due", async (t) => {
    const world = seededWorld({ seed: 1 });
    const { clock } = world.system().ports;
    let cancel = () => {};
    clock.after(10, () => cancel());
    cancel = clock.after(10, () => t.fail("fired"));
    await world.advance(20);
    await world.end();
  });

  t.test("W3: asks and streams of real asynchronous code run without being driven", async (t) => {
    const world = seededWorld({ seed: 5, nodes: ["n1", "n2"] });
    world.system("n2").spawn(counter, { name: "c" });
    const ref = world.system("n1").refOf(Counter, "n2/c");
    ref.tell("add", 2);
    ref.tell("add", 3);
    t.equal(await ref.ask("total"), 5);
    const seen: number[] = [];
    for await (const n of ref.stream("count", 50)) seen.push(n);
    t.equal(seen.length, 50);
    await world.end();
  });

  t.test("run lets time pass until its promise settles, and no longer", async (t) => {
    const world = seededWorld({ seed: 5 });
    const ref = world.system().spawn(counter);
    t.equal(await world.run(ref.ask("slow", 4_000)), 0);
    t.equal(world.clock.monotonicMs(), 4_000);
    await t.rejects(world.run(ref.ask("slow", 60_000, { timeout: "2s" })), { code: "ask.timeout" });
    await t.rejects(world.run(new Promise(() => {}), { within: "1s" }), RangeError);
    await world.end();
  });

  t.test("step runs one turn at a time when the test drives", async (t) => {
    const world = seededWorld({ seed: 5, drive: "manual" });
    const ref = world.system().spawn(counter);
    let total: number | undefined;
    const asked = ref.ask("total").then((n) => {
      total = n;
    });
    await new Promise((resolve) => setImmediate(resolve));
    t.equal(total, undefined, "nothing runs by itself");
    let turns = 0;
    while (await world.step()) turns++;
    t.ok(turns >= 1);
    t.equal(total, 0);
    await asked;
    await world.end();
  });

  t.test("S19: step is one message of one actor, and the seed says whose", async (t) => {
    const orderIn = async (seed: number) => {
      const world = seededWorld({ seed, drive: "manual" });
      const order: string[] = [];
      const noting = actor(protocol("noting@1", { add: tell<number>() }), () => undefined, {
        add: (ctx, n) => {
          order.push(`${pathOf(ctx.self.address)}${n}`);
        },
      });
      const refs = ["a", "b", "c"].map((name) => world.system().spawn(noting, { name }));
      await world.settle();
      for (const n of [1, 2]) for (const ref of refs) ref.tell("add", n);
      for (let handled = 0; await world.step(); handled = order.length) {
        t.ok(order.length - handled <= 1, "one message at most");
      }
      for (const name of ["a", "b", "c"]) {
        const own = order.filter((turn) => turn.startsWith(name));
        t.strictSame(own, [`${name}1`, `${name}2`], "S3: each sender's order stands");
      }
      await world.end();
      return order.join();
    };
    const orders = new Set<string>();
    for (let seed = 1; seed <= 40; seed++) orders.add(await orderIn(seed));
    t.equal(await orderIn(1), await orderIn(1));
    t.ok(orders.size > 20, `${orders.size} orders`);
  });

  t.test("a turn that throws breaks the world, and says so to whoever waits", async (t) => {
    const world = seededWorld({ seed: 1 });
    world.system().ports.clock.after(10, () => {
      throw new Error("in a timer");
    });
    await t.rejects(world.advance(20), { message: "in a timer" });
    await t.rejects(world.settle(), { message: "in a timer" });
  });

  t.test("W4: a crashed node is suspected, then down, and comes back as another", async (t) => {
    const world = seededWorld({ seed: 3, nodes: ["n1", "n2"] });
    const [n1, n2] = [world.system("n1"), world.system("n2")];
    n2.spawn(counter, { name: "c" });
    const ended: string[] = [];
    n1.watch("n2/c", ({ reason }) => ended.push(reason));
    await world.settle();
    const { self } = n2.ports.membership;
    world.crash("n2");
    await world.advance("3s");
    t.equal(n1.ports.membership.phaseOf(self), "suspected");
    t.strictSame(ended, []);
    const lost = n1.refOf(Counter, "n2/c").ask("total", undefined, { timeout: "10s" });
    await t.rejects(world.run(lost), { code: "node.down" });
    t.equal(n1.ports.membership.phaseOf(self), "down");
    t.strictSame(ended, ["node-down"]);
    const again = world.system("n2");
    t.not(again, n2);
    again.spawn(counter, { name: "c" });
    t.equal(await world.run(n1.refOf(Counter, "n2/c").ask("total")), 0);
    t.not(again.ports.membership.self.incarnation, self.incarnation);
    await world.end();
  });

  t.test(
    "N1: a paused node does nothing until it goes on, and then all of it, in order",
    async (t) => {
      const world = seededWorld({ seed: 3, nodes: ["n1", "n2"] });
      world.system("n2").spawn(counter, { name: "c" });
      const ref = world.system("n1").refOf(Counter, "n2/c");
      await world.settle();
      world.pause("n2");
      for (let n = 0; n < 5; n++) ref.tell("add", n);
      const total = ref.ask("total", undefined, { timeout: "10s" });
      await world.advance("2s");
      t.equal(world.eventsOf("message.handled").length, 0);
      world.resume("n2");
      t.equal(await world.run(total), 10);
      await world.end();
    },
  );

  t.test("S21: a node that was down when it wakes acts no more", async (t) => {
    const world = seededWorld({ seed: 3, nodes: ["n1", "n2"] });
    const n2 = world.system("n2");
    n2.spawn(counter, { name: "c" });
    await world.settle();
    world.pause("n2");
    let hasActed: boolean = false;
    n2.ports.clock.after(1, () => {
      hasActed = true;
    });
    await world.advance("10s");
    world.resume("n2");
    await world.advance("1s");
    t.equal(hasActed, false);
    t.equal(world.eventsOf("world.fenced").length, 1);
    t.not(world.system("n2"), n2);
    await world.end();
  });

  t.test(
    "N2: a node that is cut off reaches no store and hears nothing until it is back",
    async (t) => {
      const world = seededWorld({ seed: 3, nodes: ["n1", "n2"], downAfterMs: [60_000, 60_000] });
      const [n1, n2] = [world.system("n1"), world.system("n2")];
      const there = await world.run(n1.ports.keyValues.open("b"));
      const here = await world.run(n2.ports.keyValues.open("b"));
      n2.spawn(counter, { name: "c" });
      const heard: string[] = [];
      await world.run(here.watch(">", ({ key }) => heard.push(key)));
      world.isolate("n2");
      await world.run(there.put("k", 1));
      const refused = { code: "store.unavailable" };
      await t.rejects(world.run(here.put("k", 2)), refused);
      const asked = n1.refOf(Counter, "n2/c").ask("total", undefined, { timeout: "2s" });
      await t.rejects(world.run(asked), { code: "ask.timeout" });
      t.strictSame(heard, []);
      world.rejoin("n2");
      await world.settle();
      t.strictSame(heard, ["k"]);
      t.equal((await world.run(here.get("k")))?.value, 1);
      t.equal(await world.run(n1.refOf(Counter, "n2/c").ask("total")), 0);
      await world.end();
    },
  );

  t.test("N3: what a crashed node had under way has no effect any more", async (t) => {
    const world = seededWorld({
      seed: 3,
      nodes: ["n1", "n2"],
      faults: { queue: { delayMs: [5, 5] } },
    });
    const { queue } = world.system("n1").ports;
    const dead = world.system("n2").ports;
    await world.run(queue.publish({ id: "j.1", capability: "w@1", priority: "batch", body: 1 }));
    const [delivery] = await world.run(dead.queue.pull("w@1", { count: 1, waitMs: 100 }));
    world.crash("n2");
    void delivery?.ack();
    void dead.keyValues.open("b").then(() => t.fail("answered"));
    const pulled = queue.pull("w@1", { count: 1, waitMs: 10_000 });
    t.match(await world.run(pulled), [{ deliveries: 2 }]);
    await world.end();
  });

  t.test("a link that is cut holds what is sent, and nobody is suspected for it", async (t) => {
    const world = seededWorld({ seed: 3, nodes: ["n1", "n2"] });
    world.system("n2").spawn(counter, { name: "c" });
    world.cut("n1", "n2");
    const total = world
      .system("n1")
      .refOf(Counter, "n2/c")
      .ask("total", undefined, { timeout: "1m" });
    await world.advance("20s");
    t.equal(world.eventsOf("node.changed").length, 0);
    world.heal("n1", "n2");
    t.equal(await world.run(total), 0);
    await world.end();
  });

  t.test("stop ends a node in good order, and its watchers hear of it", async (t) => {
    const world = seededWorld({ seed: 3, nodes: ["n1", "n2"] });
    world.system("n2").spawn(counter, { name: "c" });
    const ended: string[] = [];
    world.system("n1").watch("n2/c", ({ reason }) => ended.push(reason));
    await world.settle();
    await world.stop("n2");
    await world.settle();
    t.strictSame(ended, ["normal"]);
    t.strictSame(world.nodes, ["n1"]);
    await world.end();
  });

  t.test("the history is one canonical line per event, with what the test noted", async (t) => {
    const world = seededWorld({ seed: 3, nodes: ["n1"] });
    world.note("here", { b: 1, a: { d: 1, c: undefined } });
    await world.end();
    const [, noted] = world.history().split("\n");
    const line =
      '{"atMs":1767225600000,"data":{"a":{"d":1},"b":1},"node":"world","seq":2,"text":"here","type":"world.noted","v":1}';
    t.equal(noted, line);
    t.equal(world.history().trim().split("\n").length, world.events.length);
    t.match(world.hash(), /^[0-9a-f]{64}$/);
  });

  t.test("refuses to crash, pause or resume who is not there or not so", async (t) => {
    const world = seededWorld({ seed: 3, nodes: ["n1"] });
    for (const act of [
      () => world.crash("n9"),
      () => world.resume("n1"),
      () => world.rejoin("n1"),
      () => {
        world.pause("n1");
        world.pause("n1");
      },
    ]) {
      try {
        act();
        t.fail("accepted");
      } catch (error) {
        t.ok(error instanceof RangeError, messageOf(error));
      }
    }
    await world.end();
  });

  t.test("nodes that are cut off together reach one another, and no store", async (t) => {
    const world = seededWorld({
      seed: 3,
      nodes: ["n1", "n2", "n3"],
      downAfterMs: [60_000, 60_000],
    });
    world.system("n2").spawn(counter, { name: "c" });
    const bucket = await world.run(world.system("n3").ports.keyValues.open("b"));
    world.isolate("n2", "n3");
    const ask = (from: string) =>
      world.run(
        world.system(from).refOf(Counter, "n2/c").ask("total", undefined, { timeout: "2s" }),
      );
    t.equal(await ask("n3"), 0);
    await t.rejects(ask("n1"), { code: "ask.timeout" });
    await t.rejects(world.run(bucket.put("k", 1)), { code: "store.unavailable" });
    world.rejoin("n2");
    t.equal(await ask("n1"), 0);
    await t.rejects(ask("n3"), { code: "ask.timeout" }, "one is back, the other is not");
    world.rejoin("n3");
    t.equal(await ask("n3"), 0);
    await world.end();
  });

  t.test("a power cut takes what no store had synced, and all that have is there", async (t) => {
    for (const [syncEveryMs, value] of [
      [0, 1],
      [120_000, undefined],
    ] as const) {
      const world = seededWorld({ seed: 3, nodes: ["n1"], faults: { keyValues: { syncEveryMs } } });
      const bucket = await world.run(world.system("n1").ports.keyValues.open("b"));
      await world.run(bucket.put("k", 1));
      world.cutPower();
      t.equal((await world.run(bucket.get("k")))?.value, value);
      const [cut] = world.eventsOf("world.power-cut");
      t.ok(cut !== undefined && cut.forMs >= 300 && cut.forMs <= 3_000);
      await world.end();
    }
  });

  t.test("S18: a body larger than the links carry is refused, never ran", async (t) => {
    const world = seededWorld({
      seed: 3,
      nodes: ["n1", "n2"],
      faults: { links: { mostBodyBytes: 1_000 } },
    });
    const Echo = protocol("echo@1", { echo: ask<string, string>() });
    world.system("n2").spawn(
      actor(Echo, () => undefined, { echo: (_ctx, text) => text }),
      {
        name: "e",
      },
    );
    const ref = world.system("n1").refOf(Echo, "n2/e");
    t.equal(await world.run(ref.ask("echo", "x".repeat(500))), "x".repeat(500));
    await t.rejects(world.run(ref.ask("echo", "x".repeat(2_000))), {
      code: "payload.too-large",
      outcome: "never-ran",
    });
    await world.end();
  });
});
