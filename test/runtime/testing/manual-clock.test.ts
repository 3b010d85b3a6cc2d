import t from "tap";
import { ManualClock } from "../../../runtime/testing/index.ts";

t.test("ManualClock", async (t) => {
  t.test("C1: fires in the order of instants, then of making", async (t) => {
    const clock = new ManualClock();
    const fired: string[] = [];
    clock.after(20, () => fired.push("b"));
    clock.after(10, () => fired.push("a1"));
    clock.after(10, () => fired.push("a2"));
    clock.after(30, () => fired.push("c"));
    clock.advance(20);
    t.same(fired, ["a1", "a2", "b"]);
    t.equal(clock.pending, 1);
  });

  t.test("C2: shows the instant of the timer that fires", async (t) => {
    const clock = new ManualClock({ nowMs: 1_000 });
    const seen: number[] = [];
    clock.after(7, () => seen.push(clock.nowMs(), clock.monotonicMs()));
    clock.advance("1s");
    t.same(seen, [1_007, 7]);
    t.equal(clock.monotonicMs(), 1_000);
  });

  t.test("C3: a timer set by a timer fires within the same advance", async (t) => {
    const clock = new ManualClock();
    let count = 0;
    const again = (): void => {
      count++;
      clock.after(10, again);
    };
    clock.after(10, again);
    clock.advance(55);
    t.equal(count, 5);
  });

  t.test("does not fire what was called off, twice called off included", async (t) => {
    const clock = new ManualClock();
    const cancel = clock.after(10, () => t.fail("fired"));
    cancel();
    cancel();
    clock.advance(20);
    t.equal(clock.pending, 0);
  });

  t.test("advanceAsync lets promises settle between timers", async (t) => {
    const clock = new ManualClock();
    const seen: string[] = [];
    clock.after(10, () => void Promise.resolve().then(() => seen.push("after first")));
    clock.after(20, () => seen.push("second"));
    await clock.advanceAsync(20);
    t.same(seen, ["after first", "second"]);
  });
});
