import t from "tap";
import { actor, createSystem, protocol, seededRandom, silentLog } from "../../../runtime/index.ts";
import { ManualClock, ManualScheduler } from "../../../runtime/testing/index.ts";
import { type PuppetContext, puppet } from "../puppet.ts";
import { rejection, world } from "../world.ts";

const nextLoop = () => new Promise<void>((resolve) => setImmediate(resolve));

t.test("turns", async (t) => {
  t.test("S14: nothing runs in the sender's own turn", async (t) => {
    const { system } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    await ref.ready;
    await nextLoop();
    ref.tell("note", "a");
    t.same(log, ["init"]);
    await Promise.resolve();
    t.same(log, ["init", "a"], "it starts in a microtask");
    await system.shutdown();
  });

  t.test("S14: only thenables are awaited; all else ends with its turn", async (t) => {
    const { system } = world();
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    await ref.ready;
    await nextLoop();
    // biome-ignore lint/suspicious/noThenProperty: one that is no method makes no thenable
    const almost = { then: 1 };
    for (const value of [undefined, null, 0, "x", {}, almost, () => 1, Symbol("s")]) {
      ref.tell("act", () => value);
      ref.tell("note", "next");
    }
    await Promise.resolve();
    t.equal(log.length, 9, "one turn did for all");
    // biome-ignore lint/suspicious/noThenProperty: what is awaited need not be a promise
    const late = { then: (done: () => void) => void setImmediate(done) };
    ref.tell("act", () => late);
    ref.tell("note", "after a thenable");
    await Promise.resolve();
    t.equal(log.length, 9);
    await nextLoop();
    await nextLoop();
    t.equal(log.length, 10);
    await system.shutdown();
  });

  t.test("regression: a thenable that misbehaves does its actor no harm", async (t) => {
    const { system, clock, events } = world();
    const ref = system.spawn(puppet());
    const thenable = (then: (done: (value: unknown) => void) => void) => ({ then });
    const twice = thenable((done) => {
      done(1);
      done(2);
    });
    const throwing = thenable(() => {
      throw new Error("no then");
    });
    // biome-ignore lint/suspicious/noThenProperty: what a handler returns may be anything
    const hostile = Object.defineProperty({}, "then", {
      get: () => {
        throw new Error("not even a then");
      },
    });
    for (const value of [twice, throwing, hostile]) ref.tell("act", () => value);
    await clock.advanceAsync("5s");
    t.match(
      events.filter(({ type }) => type === "actor.failed"),
      [{ message: "no then" }, { message: "not even a then" }],
    );
    t.equal(await ref.ask("get", () => twice), 1);
    for (const value of [twice, throwing, hostile]) {
      const raw = actor(protocol("raw@1", {}), () => value, {});
      const started = system
        .spawn(raw)
        .ready.then(() => "started")
        .catch(({ code }) => code);
      await clock.advanceAsync("1s");
      t.equal(await started, value === twice ? "started" : "actor.start-failed");
    }
    await system.shutdown();
  });

  t.test("S14, I5: an actor whose handler ended goes on without a turn in between", async (t) => {
    const clock = new ManualClock();
    const scheduler = new ManualScheduler();
    const system = createSystem({ clock, scheduler, random: seededRandom(1), log: silentLog });
    const log: string[] = [];
    const ref = system.spawn(puppet(log));
    for (let i = 0; i < 5; i++) ref.tell("act", async () => void log.push(`${i}`));
    scheduler.runOne();
    for (let i = 0; i < 30; i++) await Promise.resolve();
    t.same(log, ["init", "0", "1", "2", "3", "4"]);
    await scheduler.runAsync();
    t.equal(scheduler.ready, 0);
  });

  t.test("S14, I5: asynchronous actors take turns, too", async (t) => {
    const { system, clock } = world();
    const order: string[] = [];
    const refs = ["a", "b", "c"].map((name) => system.spawn(puppet(), { name }));
    for (let i = 0; i < 50; i++) {
      for (const ref of refs) {
        ref.tell("act", async (ctx) => void order.push(ctx.self.address.slice(-1)));
      }
    }
    await clock.settle();
    t.equal(order.length, 150);
    for (let i = 0; i < 50; i++) {
      t.same(new Set(order.slice(3 * i, 3 * i + 3)), new Set(["a", "b", "c"]), `round ${i}`);
    }
    await system.shutdown();
  });

  t.test("S14, I3: pending I/O has its chance however many handlers await", async (t) => {
    const clock = new ManualClock();
    const { system } = world({ clock });
    let handled = 0;
    const again = async (ctx: PuppetContext): Promise<void> => {
      handled++;
      clock.advance(1);
      await Promise.resolve();
      ctx.self.tell("act", again);
    };
    const ref = system.spawn(puppet());
    await ref.ready;
    await nextLoop();
    ref.tell("act", again);
    await nextLoop();
    t.ok(handled >= 1 && handled <= 30, `${handled} messages of 1 ms before I/O`);
    const before = handled;
    await nextLoop();
    await nextLoop();
    t.ok(handled > before, "and it goes on");
    await system.stop(ref, "kill");
    await system.shutdown();
  });

  t.test("S19: the same seed gives the same events, another seed other ones", async (t) => {
    const history = async (seed: number): Promise<string> => {
      const scheduler = new ManualScheduler({ random: seededRandom(seed) });
      const clock = new ManualClock();
      const order: string[] = [];
      const systems = Array.from({ length: 4 }, (_, i) =>
        createSystem({
          node: `n${i}`,
          clock,
          scheduler,
          random: seededRandom(seed),
          log: silentLog,
        }),
      );
      for (const [i, system] of systems.entries()) {
        const ref = system.spawn(puppet(), { backoff: { initial: 10, max: 100 } });
        for (let n = 0; n < 5; n++) {
          ref.tell("act", async (ctx) => {
            order.push(`${i}.${n}@${ctx.clock.monotonicMs()}`);
            await Promise.resolve();
            if (n === 2) throw new Error("boom");
          });
        }
      }
      for (let step = 0; step < 20; step++) {
        await scheduler.runAsync();
        clock.advance(10);
      }
      return order.join(" ");
    };
    const [first, again, other] = [await history(1), await history(1), await history(2)];
    t.equal(first, again);
    t.not(first, other);
    t.equal(first.split(" ").length, 20);
  });

  t.test("regression: a promise of a class of its own does its actor no harm", async (t) => {
    const { system, clock } = world();
    class Twice extends Promise<unknown> {
      // biome-ignore lint/suspicious/noThenProperty: what a handler returns may be anything
      override then(done?: ((value: unknown) => unknown) | null): Promise<never> {
        done?.(1);
        done?.(2);
        return new Promise(() => {});
      }
    }
    class Throwing extends Promise<unknown> {
      // biome-ignore lint/suspicious/noThenProperty: what a handler returns may be anything
      override then(): never {
        throw new Error("no then");
      }
    }
    const made: [unknown, unknown][] = [
      [new Twice(() => {}), 1],
      [new Throwing(() => {}), "actor.failed"],
      [new Proxy(Promise.resolve(1), {}), "actor.failed"],
    ];
    for (const [value, expected] of made) {
      const ref = system.spawn(puppet());
      const answer = ref.ask("get", () => value).catch(({ code }) => code);
      await clock.advanceAsync("1s");
      t.equal(await answer, expected);
      t.equal(await ref.ask("get", async () => "alive"), "alive");
    }
    await system.shutdown();
  });

  t.test("regression: whatever is thrown, its actor fails and the process goes on", async (t) => {
    const { system, clock } = world();
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error("not even a property");
        },
        getPrototypeOf: () => {
          throw new Error("not even a class");
        },
      },
    );
    const shy = Object.defineProperty(new Error(), "message", {
      get: () => {
        throw new Error("no message");
      },
    });
    for (const thrown of [Object.create(null), shy, hostile, Symbol("s"), undefined, null]) {
      const raise = (): never => {
        throw thrown;
      };
      const ref = system.spawn(puppet([], { intensity: { restarts: 9, within: "1s" } }));
      t.match(await rejection(ref.ask("get", raise)), { code: "actor.failed", outcome: "failed" });
      const late = rejection(ref.ask("get", async () => raise()));
      await clock.advanceAsync("1s");
      t.match(await late, { code: "actor.failed", outcome: "failed" });
      await clock.advanceAsync("1s");
      ref.tell("act", (ctx) => ctx.task(async () => raise(), "note"));
      await clock.advanceAsync("1s");
      t.equal(await ref.ask("get", () => "alive"), "alive");
      const unborn = system.spawn(puppet([], { init: raise }));
      t.match(await rejection(unborn.ready), { code: "actor.start-failed" });
    }
    await system.shutdown();
  });
});
