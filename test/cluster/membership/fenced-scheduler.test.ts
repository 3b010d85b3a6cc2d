import t from "tap";
import { endableClock } from "../../../cluster/membership/endable-clock.ts";
import { fencedScheduler } from "../../../cluster/membership/fenced-scheduler.ts";
import { systemClock } from "../../../runtime/ports/clock.ts";
import { ManualScheduler } from "../../../runtime/testing/index.ts";

t.test(
  "a fenced scheduler runs no turn once the node may not act, queued ones included",
  async (t) => {
    const manual = new ManualScheduler();
    let standing = true;
    const scheduler = fencedScheduler(manual, () => standing);
    const ran: string[] = [];
    scheduler.microtask(() => ran.push("micro"));
    scheduler.macrotask(() => ran.push("macro"));
    manual.run();
    scheduler.microtask(() => ran.push("late micro"));
    scheduler.macrotask(() => ran.push("late macro"));
    standing = false;
    manual.run();
    t.same(ran, ["micro", "macro"]);
  },
);

t.test("an endable clock lets go of what it held, once, and holds nothing more", async (t) => {
  let held = 0;
  const { clock, end } = endableClock({
    ...systemClock,
    keepAlive: () => {
      held++;
      return () => held--;
    },
  });
  const first = clock.keepAlive?.();
  clock.keepAlive?.();
  first?.();
  t.equal(held, 1);
  end();
  t.equal(held, 0);
  clock.keepAlive?.();
  t.equal(held, 0);
});
