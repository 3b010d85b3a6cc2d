import t from "tap";
import { Teardown } from "../../../cluster/node/teardown.ts";
import { silentLog } from "../../../runtime/log.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

t.test("a teardown", async (t) => {
  t.test(
    "D1: takes every step in reverse, also past a failure and a step that hangs",
    async (t) => {
      const clock = new ManualClock();
      const teardown = new Teardown(clock, silentLog);
      const taken: string[] = [];
      teardown.add("first", () => {
        taken.push("first");
      });
      teardown.add("hangs", () => {
        taken.push("hangs");
        return new Promise<void>(() => {});
      });
      teardown.add("fails", () => {
        taken.push("fails");
        throw new Error("on purpose");
      });
      const done = teardown.run(1_000);
      await clock.advanceAsync("1s");
      await done;
      t.same(taken, ["fails", "hangs", "first"]);
    },
  );

  t.test("D2: runs once, and tells each step how long it may take", async (t) => {
    const clock = new ManualClock();
    const teardown = new Teardown(clock, silentLog);
    const left: number[] = [];
    teardown.add("late", (leftMs) => {
      left.push(leftMs);
    });
    teardown.add("slow", (leftMs) => {
      left.push(leftMs);
      clock.advance(900);
    });
    await Promise.all([teardown.run(1_000), teardown.run(5_000)]);
    t.same(left, [1_000, 200]);
  });
});
