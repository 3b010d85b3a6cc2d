import t from "tap";
import {
  actor,
  ask,
  createSystem,
  type LogFields,
  protocol,
  seededRandom,
  silentLog,
  tell,
} from "../../../runtime/index.ts";
import { ManualClock, ManualScheduler } from "../../../runtime/testing/index.ts";

const Loop = protocol("loop@1", { again: tell<number>(), seen: ask<undefined, number>() });

t.test("Dispatcher", async (t) => {
  t.test("S14: an actor takes at most 64 messages before pending I/O has its chance", async (t) => {
    const system = createSystem({ log: silentLog });
    let seen = 0;
    const counting = actor(Loop, () => 0, {
      again: (ctx, left) => {
        seen++;
        if (left > 0) ctx.self.tell("again", left - 1);
      },
      seen: () => seen,
    });
    const ref = system.spawn(counting);
    await ref.ask("seen");
    await new Promise((resolve) => setImmediate(resolve));
    ref.tell("again", 1_000);
    await Promise.resolve();
    await Promise.resolve();
    t.ok(seen > 0, "it starts in a microtask");
    t.ok(seen <= 64, `${seen} within one turn`);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    t.ok(seen < 1_000, `${seen} after two turns of the event loop`);
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
    const lines: LogFields[] = [];
    const log = { ...silentLog, warn: (fields: LogFields) => void lines.push(fields) };
    const clock = new ManualClock();
    const system = createSystem({ clock, log: { ...log, child: () => log } });
    const Block = protocol("block@1", { block: tell() });
    const block = actor(Block, () => 0, {
      block: () => {
        clock.advance(80);
      },
    });
    const ref = system.spawn(block, { name: "blocker" });
    await ref.ready;
    await clock.settle();
    ref.tell("block");
    await clock.settle();
    t.match(lines, [{ path: "blocker", elapsedMs: 80 }]);
    await system.shutdown();
  });
});
