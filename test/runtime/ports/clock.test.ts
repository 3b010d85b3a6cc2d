import t from "tap";
import { systemClock } from "../../../runtime/index.ts";

t.test("systemClock", async (t) => {
  t.test(
    "C1: monotonic time never runs backwards, and timers fire no earlier than due",
    async (t) => {
      const startMs = systemClock.monotonicMs();
      const release = systemClock.keepAlive?.();
      await new Promise<void>((resolve) => systemClock.after(20, resolve));
      release?.();
      // Node's timers may fire up to a millisecond early by the monotonic clock.
      t.ok(systemClock.monotonicMs() - startMs >= 19);
      t.ok(Math.abs(systemClock.nowMs() - Date.now()) < 1_000);
    },
  );

  t.test("a timer that was called off does not fire, and may be called off twice", async (t) => {
    const cancel = systemClock.after(0, () => t.fail("fired"));
    cancel();
    cancel();
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
