import fc from "fast-check";
import { t } from "tap";
import { arrivalTimes } from "../../../runtime/load/arrivals.ts";
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
