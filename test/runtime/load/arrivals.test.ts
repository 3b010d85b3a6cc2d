import fc from "fast-check";
import { t } from "tap";
import { arrivalTimes, listedTimes, sharedTimes } from "../../../runtime/load/arrivals.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";

function take(count: number, next: () => number): readonly number[] {
  return Array.from({ length: count }, () => next());
}

t.test("arrivalTimes", async (t) => {
  t.test("I1: constant arrivals are even and have no drift", async (t) => {
    const times = take(
      30_001,
      arrivalTimes(300, { arrivals: "constant", random: seededRandom(1) }),
    );
    t.equal(times[0], 0);
    t.equal(times[3], 10);
    t.ok(Math.abs((times[30_000] ?? 0) - 100_000) < 1e-6);
  });

  t.test("I1: instants never decrease, and the same seed gives the same ones", async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(
          fc.integer(),
          fc.double({ min: 0.1, max: 1e6, noNaN: true }),
          (seed, rateHz) => {
            const make = () =>
              take(50, arrivalTimes(rateHz, { arrivals: "poisson", random: seededRandom(seed) }));
            const times = make();
            return (
              times.every((atMs, i) => atMs >= (times[i - 1] ?? 0)) &&
              make().every((atMs, i) => atMs === times[i])
            );
          },
        ),
      ),
    );
  });

  t.test("poisson gaps are exponential: mean and deviation are alike", async (t) => {
    const times = take(
      20_000,
      arrivalTimes(1_000, { arrivals: "poisson", random: seededRandom(3) }),
    );
    const gaps = times.map((atMs, i) => atMs - (times[i - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    t.ok(Math.abs(mean - 1) < 0.03, `mean ${mean} ms`);
    t.ok(Math.abs(Math.sqrt(variance) - 1) < 0.05, `deviation ${Math.sqrt(variance)} ms`);
  });
});

t.test("arrivalTimes, in bursts and shared", async (t) => {
  t.test(
    "I1: a burst has each second's requests in its first tenth, and keeps the rate",
    async (t) => {
      const times = take(2_000, arrivalTimes(500, { arrivals: "burst", random: seededRandom(1) }));
      t.ok(times.every((atMs) => atMs % 1_000 < 100));
      t.ok(times.every((atMs, i) => atMs >= (times[i - 1] ?? 0)));
      t.equal(times.filter((atMs) => atMs < 1_000).length, 500);
      t.equal(times.filter((atMs) => atMs >= 3_000 && atMs < 4_000).length, 500);
    },
  );

  t.test("I2: shares of one schedule are that schedule, whatever their number", async (t) => {
    const make = () => arrivalTimes(100, { arrivals: "poisson", random: seededRandom(5) });
    const whole = take(60, make());
    for (const of of [1, 2, 3, 5]) {
      const parts = Array.from({ length: of }, (_, index) =>
        take(60 / of, sharedTimes(make(), { index, of })),
      );
      t.same(
        parts.flat().sort((a, b) => a - b),
        whole,
        `${of} generators`,
      );
    }
  });

  t.test("listed instants end with infinity", async (t) => {
    t.same(take(4, listedTimes([1, 2])), [1, 2, Infinity, Infinity]);
  });
});
