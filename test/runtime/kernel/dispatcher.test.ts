import t from "tap";
import {
  actor,
  createSystem,
  type Log,
  type LogFields,
  protocol,
  seededRandom,
  silentLog,
  tell,
} from "../../../runtime/index.ts";
import { ManualClock, ManualScheduler } from "../../../runtime/testing/index.ts";
import { world } from "../world.ts";

t.test("Dispatcher", async (t) => {
  const Two = protocol("two@1", { again: tell<number>() });
  const turns = (order: string[]) =>
    actor(Two, (name: string) => name, {
      again: (ctx, left) => {
        order.push(ctx.state);
        if (left > 0) ctx.self.tell("again", left - 1);
      },
    });

  t.test(
    "S14, I1, I2: starts in a microtask, and after 64 messages others have a turn",
    async (t) => {
      const { system } = world();
      const order: string[] = [];
      const refs = ["a", "b"].map((name) => system.spawn(turns(order), { name, input: name }));
      await Promise.all(refs.map((ref) => ref.ready));
      await new Promise((resolve) => setImmediate(resolve));
      for (const ref of refs) ref.tell("again", 199);
      await Promise.resolve();
      const lengths: number[] = [];
      for (let at = 0; at < order.length; ) {
        const end = order.findIndex((name, i) => i > at && name !== order[at]);
        lengths.push((end < 0 ? order.length : end) - at);
        at += lengths.at(-1) ?? 1;
      }
      t.same(lengths, [64, 64, 64, 64, 64, 64, 8, 8]);
      await system.shutdown();
    },
  );

  t.test("S14, I3: pending I/O has its chance after 5 ms, however much is queued", async (t) => {
    const clock = new ManualClock();
    const { system } = world({ clock });
    let handled = 0;
    const slow = actor(Two, () => 0, {
      again: (ctx) => {
        handled++;
        clock.advance(1);
        ctx.self.tell("again", 0);
      },
    });
    const ref = system.spawn(slow);
    await ref.ready;
    await new Promise((resolve) => setImmediate(resolve));
    ref.tell("again", 0);
    await Promise.resolve();
    t.ok(handled >= 5 && handled <= 7, `${handled} messages of 1 ms in the first turn`);
    const before = handled;
    await new Promise((resolve) => setImmediate(resolve));
    t.ok(handled > before, "it goes on after I/O had its chance");
    const down = system.shutdown();
    await clock.advanceAsync("1m");
    await down;
  });

  t.test("S14, I3: pending I/O has its chance also while the clock stands still", async (t) => {
    const { system } = world();
    let handled = 0;
    const endless = actor(Two, () => 0, {
      again: (ctx) => {
        handled++;
        ctx.self.tell("again", 0);
      },
    });
    const ref = system.spawn(endless);
    await ref.ready;
    await new Promise((resolve) => setImmediate(resolve));
    ref.tell("again", 0);
    await Promise.resolve();
    t.ok(handled >= 16_384 && handled < 16_384 + 64, `${handled} in one stretch`);
    await system.stop(ref, "kill");
    await system.shutdown();
  });

  t.test("S19: one seed gives one interleaving", async (t) => {
    const orderOf = (seed: number): string => {
      const scheduler = new ManualScheduler({ random: seededRandom(seed) });
      const order: string[] = [];
      const Named = protocol("named@1", { say: tell<string>() });
      const named = actor(Named, () => 0, {
        say: (_ctx, name) => {
          order.push(name);
        },
      });
      // Each system has a dispatcher of its own: the seed decides which goes first.
      for (let i = 0; i < 8; i++) {
        const system = createSystem({
          node: `n${i}`,
          clock: new ManualClock(),
          scheduler,
          random: seededRandom(i),
          log: silentLog,
        });
        system.spawn(named).tell("say", `a${i}`);
      }
      scheduler.run();
      return order.join(" ");
    };
    t.equal(orderOf(1), orderOf(1));
    t.not(orderOf(1), orderOf(3));
  });

  t.test("S14: a handler that blocks the loop for 50 ms is logged with its path", async (t) => {
    const { lines, system, block } = blocking();
    const ref = system.spawn(block, { name: "blocker", input: 80 });
    await ref.ready;
    await new Promise((resolve) => setImmediate(resolve));
    ref.tell("again", 0);
    await Promise.resolve();
    t.match(lines, [{ path: "blocker", messages: 1, elapsedMs: 80 }]);
    await system.shutdown();
  });

  t.test(
    "regression: of several actors that ran before the clock was read, none is blamed alone",
    async (t) => {
      const { lines, system, block } = blocking();
      const refs = [0, 0, 90, 0].map((input, i) => system.spawn(block, { name: `n${i}`, input }));
      await Promise.all(refs.map((ref) => ref.ready));
      await new Promise((resolve) => setImmediate(resolve));
      for (const ref of refs) ref.tell("again", 0);
      await Promise.resolve();
      t.match(lines, [{ path: undefined, paths: ["n1", "n2"], messages: 2, elapsedMs: 90 }]);
      await system.shutdown();
    },
  );

  /** Actors that block the loop for as many milliseconds as they are told at their start. */
  function blocking() {
    const lines: LogFields[] = [];
    const log: Log = {
      ...silentLog,
      warn: (fields) => void lines.push(fields),
      child: () => log,
    };
    const clock = new ManualClock();
    const { system } = world({ clock, log });
    const block = actor(Two, (ms: number) => ms, {
      again: (ctx) => {
        clock.advance(ctx.state);
      },
    });
    return { lines, system, block };
  }
});
