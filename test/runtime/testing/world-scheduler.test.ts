import t from "tap";
import { seededRandom } from "../../../runtime/index.ts";
import { TurnPump } from "../../../runtime/testing/turn-pump.ts";
import { WorldScheduler } from "../../../runtime/testing/world-scheduler.ts";

function setUp(seed = 1) {
  let woken = 0;
  const scheduler = new WorldScheduler(seededRandom(seed), () => {
    woken++;
  });
  const ran: string[] = [];
  const runAll = () => {
    while (scheduler.runOne());
    return ran.splice(0);
  };
  return { scheduler, ran, runAll, woken: () => woken };
}

t.test("WorldScheduler", async (t) => {
  t.test("I1: each lane keeps its order, under any seed", async (t) => {
    const interleavings = new Set<string>();
    for (let seed = 1; seed <= 20; seed++) {
      const { scheduler, ran, runAll } = setUp(seed);
      const owners = ["a", "b"].map((name) => ({ name, owner: scheduler.owner() }));
      for (let i = 0; i < 5; i++) {
        for (const { name, owner } of owners) owner.turn("lane", () => ran.push(`${name}${i}`));
      }
      const order = runAll();
      for (const name of ["a", "b"]) {
        const own = order.filter((turn) => turn.startsWith(name));
        t.equal(own.join(), [0, 1, 2, 3, 4].map((i) => `${name}${i}`).join());
      }
      interleavings.add(order.join());
    }
    t.ok(interleavings.size > 15, "I3: another seed, another order");
  });

  t.test("I2: macrotasks of a node wait for all its microtasks, also for new ones", async (t) => {
    for (let seed = 1; seed <= 10; seed++) {
      const { scheduler, ran, runAll } = setUp(seed);
      const { microtask, macrotask } = scheduler.owner().scheduler;
      macrotask(() => ran.push("macro"));
      microtask(() => {
        ran.push("micro 1");
        microtask(() => ran.push("micro 3"));
      });
      microtask(() => ran.push("micro 2"));
      t.strictSame(runAll(), ["micro 1", "micro 2", "micro 3", "macro"]);
    }
  });

  t.test("I3: the same seed gives the same order", async (t) => {
    const orderOf = (seed: number) => {
      const { scheduler, ran, runAll } = setUp(seed);
      for (let i = 0; i < 20; i++) scheduler.owner().turn("lane", () => ran.push(`${i}`));
      return runAll().join();
    };
    t.equal(orderOf(1), orderOf(1));
    t.not(orderOf(1), orderOf(2));
  });

  t.test("I4: what is held waits, and what is dropped never runs", async (t) => {
    const { scheduler, ran, runAll, woken } = setUp();
    const owner = scheduler.owner();
    owner.turn("lane", () => ran.push("first"));
    owner.hold();
    owner.turn("lane", () => ran.push("second"));
    owner.scheduler.macrotask(() => ran.push("macro"));
    t.equal(scheduler.isReady, false);
    t.strictSame(runAll(), []);
    const before = woken();
    owner.release();
    t.ok(woken() > before, "and wakes whoever runs turns");
    t.same(new Set(runAll()), new Set(["first", "second", "macro"]));
    owner.turn("lane", () => ran.push("third"));
    owner.drop();
    owner.turn("lane", () => ran.push("fourth"));
    owner.scheduler.microtask(() => ran.push("fifth"));
    owner.release();
    t.strictSame(runAll(), []);
  });

  t.test("pick draws from the same seed", async (t) => {
    const picks = (seed: number) => {
      const { pick } = setUp(seed).scheduler.owner().scheduler;
      return Array.from({ length: 20 }, () => pick?.(6));
    };
    t.strictSame(picks(1), picks(1));
    t.notSame(picks(1), picks(2));
    t.equal(new Set(picks(1)).size, 6);
  });
});

t.test("TurnPump", async (t) => {
  t.test("T2: comes to rest only after turns that promises bring about", async (t) => {
    const { scheduler, ran } = setUp();
    const pump = new TurnPump(scheduler, seededRandom(1));
    const owner = scheduler.owner();
    owner.turn("lane", () => {
      void Promise.resolve().then(() => owner.turn("lane", () => ran.push("later")));
    });
    await pump.rest();
    t.strictSame(ran, ["later"]);
  });

  t.test("T1: several turns share a stretch at times, and at times do not", async (t) => {
    const shapes = new Set<string>();
    for (let seed = 1; seed <= 10; seed++) {
      const { scheduler, ran } = setUp(seed);
      const pump = new TurnPump(scheduler, seededRandom(seed));
      for (const name of ["a", "b"]) {
        scheduler.owner().turn("lane", () => {
          ran.push(name);
          void Promise.resolve().then(() => ran.push(name.toUpperCase()));
        });
      }
      await pump.rest();
      shapes.add(ran.join("").replace(/b/g, "a").replace(/B/g, "A"));
    }
    t.same(shapes, new Set(["aaAA", "aAaA"]));
  });

  t.test("T3: tells everybody who waits, now and later, what a turn threw", async (t) => {
    const { scheduler } = setUp();
    const pump = new TurnPump(scheduler, seededRandom(1));
    scheduler.owner().turn("lane", () => {
      throw new Error("in a turn");
    });
    const failure = { message: "in a turn" };
    await Promise.all([t.rejects(pump.rest(), failure), t.rejects(pump.rest(), failure)]);
    await t.rejects(pump.rest(), failure);
    await t.rejects(pump.step(), failure);
  });
});
