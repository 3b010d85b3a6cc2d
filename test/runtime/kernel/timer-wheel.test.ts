import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { type Noted, type Timed, TimerWheel } from "../../../runtime/kernel/timer-wheel.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

class Entry implements Noted {
  settled: boolean = false;
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

  t.test("W4: an entry without a time is due from the next reading of the clock", async (t) => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    const [early, late, removed] = [new Entry(clock), new Entry(clock), new Entry(clock)];
    wheel.note(early, 100);
    wheel.note(removed, 100);
    t.equal(wheel.hasUnstamped, true);
    t.equal(clock.pending, 0, "nothing is due yet");
    clock.advance(50);
    removed.settled = true;
    wheel.stamp(clock.monotonicMs());
    t.equal(wheel.hasUnstamped, false);
    t.equal(early.dueMs, 150);
    wheel.note(late, 0);
    wheel.stamp(clock.monotonicMs());
    wheel.hangNoted();
    t.equal(wheel.size, 2, "what is over by then is not hung up");
    clock.advance(1_000);
    t.same([early.fired, late.fired, removed.fired], [[150], [51], []]);
    t.equal(wheel.size, 0);
  });

  t.test("regression: callbacks that take time and stamp never make the wheel spin", async () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 20_000 }),
      delayMs: fc.integer({ min: 0, max: 20_000 }),
      isUnstamped: fc.boolean(),
      // What its expiry does: how long it takes, and whether somebody reads the clock for the rest.
      tookMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 })),
      stamps: fc.boolean(),
      again: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
        let nowMs = 0;
        let wakes = 0;
        let fired = 0;
        let expected = 0;
        let timer: { readonly atMs: number; readonly fire: () => void } | undefined;
        // A clock whose time passes while callbacks run.
        const clock = {
          nowMs: () => nowMs,
          monotonicMs: () => nowMs,
          after: (delayMs: number, fire: () => void) => {
            const own = { atMs: nowMs + delayMs, fire };
            timer = own;
            return () => {
              if (timer === own) timer = undefined;
            };
          },
        };
        const runTo = (endMs: number): void => {
          while (timer !== undefined && timer.atMs <= endMs) {
            const { atMs, fire } = timer;
            timer = undefined;
            nowMs = Math.max(nowMs, atMs);
            wakes++;
            assert.ok(wakes <= 4 * expected + 60, `${wakes} wakes for ${expected} entries`);
            fire();
          }
          nowMs = Math.max(nowMs, endMs);
        };
        const wheel = new TimerWheel(clock);
        const add = (spec: (typeof steps)[number]): void => {
          expected++;
          let dueMs = 0;
          const entry: Noted = {
            settled: false,
            dueMs: 0,
            before: undefined,
            after: undefined,
            expire: () => {
              fired++;
              assert.ok(nowMs >= entry.dueMs && entry.dueMs >= dueMs, "not before it is due");
              nowMs += spec.tookMs;
              if (spec.again) add({ ...spec, isUnstamped: true, again: false });
              if (spec.stamps) wheel.stamp(nowMs);
            },
          };
          dueMs = Math.floor(nowMs + spec.delayMs);
          if (spec.isUnstamped) wheel.note(entry, spec.delayMs);
          else wheel.add(entry, nowMs, spec.delayMs);
        };
        for (const spec of steps) {
          runTo(nowMs + spec.afterMs);
          add(spec);
          if (spec.stamps) wheel.stamp(nowMs);
        }
        wheel.stamp(nowMs);
        for (let i = 0; i < 3; i++) {
          runTo(nowMs + 30_000);
          wheel.stamp(nowMs);
        }
        runTo(nowMs + 30_000);
        assert.equal(fired, expected);
      }),
      { verbose: 1, numRuns: 2_000 },
    );
  });

  t.test("holds one timer of the clock, however many entries hang", async (t) => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    for (let i = 0; i < 1_000; i++) wheel.add(new Entry(clock), 0, 30_000 - i);
    t.equal(clock.pending, 1);
    wheel.stop();
    t.equal(clock.pending, 0);
  });

  t.test("regression: what was due before it was hung up expires at the next firing", async (t) => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    const noted = new Entry(clock);
    wheel.note(noted, 10);
    wheel.stamp(0);
    // A handler blocks for 100 ms: the clock's timer cannot fire, and something else is hung up.
    wheel.add(new Entry(clock), 100, 20_000);
    wheel.hangNoted();
    clock.advance(100);
    t.same(noted.fired, [10]);
    clock.advance("30s");
    t.same(noted.fired, [10]);
  });
});
