import t from "tap";
import {
  actor,
  ask,
  createSystem,
  protocol,
  silentLog,
  stream,
  tell,
} from "../../runtime/index.ts";
import { ManualClock } from "../../runtime/testing/index.ts";
import { forEver, puppet } from "./puppet.ts";

const Counter = protocol("counter@1", {
  add: tell<number>(),
  total: ask<undefined, number>(),
  count: stream<number, number, string>(),
});
const counter = actor(Counter, () => ({ total: 0 }), {
  add: (ctx, n) => {
    ctx.state.total += n;
  },
  total: (ctx) => ctx.state.total,
  async *count(_ctx, n) {
    for (let i = 1; i <= n; i++) yield i;
    return "done";
  },
});

t.test("createSystem", async (t) => {
  t.test("runs tell, ask and stream in one process", async (t) => {
    const system = createSystem({ log: silentLog });
    const ref = system.spawn(counter);
    t.equal(ref.tell("add", 2), true);
    ref.tell("add", 3);
    t.equal(await ref.ask("total"), 5);
    const chunks: number[] = [];
    const numbers = ref.stream("count", 100);
    for await (const n of numbers) chunks.push(n);
    t.equal(chunks.length, 100);
    t.equal(await numbers.result, "done");
    t.equal(system.pendingReplies, 0);
    await system.shutdown();
    t.equal(ref.tell("add", 1), false);
    t.equal(system.deadLetters, 1);
  });

  t.test("regression: a shutdown keeps its process alive until it is over", async (t) => {
    let held = 0;
    const clock = Object.assign(new ManualClock(), {
      keepAlive: () => {
        held++;
        return () => void held--;
      },
    });
    const system = createSystem({ clock, log: silentLog });
    system.spawn(puppet([], { shutdown: "1s" })).tell("act", forEver);
    await clock.settle();
    const down = system.shutdown();
    t.equal(held, 1);
    await clock.advanceAsync("3s");
    await down;
    t.equal(held, 0);
  });
});
