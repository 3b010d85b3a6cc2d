import fc from "fast-check";
import t from "tap";
import { type Timed, TimerWheel } from "../../../runtime/kernel/timer-wheel.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

class Entry implements Timed {
  dueMs = 0;
  before: Timed | undefined = undefined;
  after: Timed | undefined = undefined;
  readonly fired: number[] = [];
  readonly #clock: ManualClock;
  constructor(clock: ManualClock) {
    this.#clock = clock;
  }
  expire(): void {
    this.fired.push(this.#clock.monotonicMs());
  }
}

t.test("TimerWheel", async (t) => {
  t.test(
    "W1, W3: expires each entry once at its millisecond, and none that was removed",
    async (t) => {
      const entry = fc.record({
        atMs: fc.integer({ min: 0, max: 30_000 }),
        delayMs: fc.integer({ min: 0, max: 40_000 }),
        removed: fc.boolean(),
      });
      fc.assert(
        fc.property(fc.array(entry, { maxLength: 40 }), (specs) => {
          const clock = new ManualClock();
          const wheel = new TimerWheel(clock);
          const entries = [...specs]
            .sort((a, b) => a.atMs - b.atMs)
            .map((spec) => {
              clock.advance(spec.atMs - clock.monotonicMs());
              const timed = new Entry(clock);
              wheel.add(timed, clock.monotonicMs(), spec.delayMs);
              if (spec.removed) wheel.remove(timed);
              return { spec, timed };
            });
          clock.advance(100_000);
          return (
            wheel.size === 0 &&
            entries.every(({ spec, timed }) =>
              spec.removed
                ? timed.fired.length === 0
                : timed.fired.length === 1 && timed.fired[0] === spec.atMs + spec.delayMs,
            )
          );
        }),
        { verbose: 1 },
      );
      t.pass();
    },
  );

  t.test("holds one timer of the clock, however many entries hang", async (t) => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    for (let i = 0; i < 1_000; i++) wheel.add(new Entry(clock), 0, 30_000 - i);
    t.equal(clock.pending, 1);
    wheel.stop();
    t.equal(clock.pending, 0);
  });
});
