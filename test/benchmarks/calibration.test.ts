import t from "tap";
import type { RateVariant } from "../../benchmarks/benchmark.ts";
import { calibrated, rateOf } from "../../benchmarks/calibration.ts";

const PACE = { runMs: 200, warmMs: 600 };

/** A variant that says it does so much a millisecond. */
function variant(perMs: number, changes: Partial<RateVariant> = {}): RateVariant {
  return {
    kind: "rate",
    batch: 100,
    run: (count) => ({ completed: count, elapsedMs: count / perMs }),
    ...changes,
  };
}

t.test("Calibration", async (t) => {
  t.test("K1: finds the multiple of the batch that fills a run", async (t) => {
    t.equal(await calibrated(variant(1_000), PACE), 200_000);
    t.equal(await calibrated(variant(0.0001), PACE), 100, "never less than one batch");
  });

  t.test("follows a variant that becomes faster while it warms up", async (t) => {
    let spentMs = 0;
    const count = await calibrated(
      variant(0, {
        run: (work) => {
          const elapsedMs = work / (spentMs > 300 ? 1_000 : 10);
          spentMs += elapsedMs;
          return { completed: work, elapsedMs };
        },
      }),
      PACE,
    );
    t.equal(count, 200_000);
    t.ok(spentMs >= PACE.warmMs);
  });

  t.test("leaves a fixed amount as it is, and warms up with it", async (t) => {
    let runs = 0;
    const fixed = variant(1, {
      exactly: 5,
      run: (count) => {
        runs++;
        return { completed: count, elapsedMs: 250 };
      },
    });
    t.equal(await calibrated(fixed, PACE), 5);
    t.equal(runs, 3, "three runs of 250 ms are the first to reach 600 ms");
  });

  t.test("K2: a run that completed another number throws", async (t) => {
    const losing = variant(1, { run: (count) => ({ completed: count - 1, elapsedMs: 1 }) });
    await t.rejects(rateOf(losing, 10), { message: "completed 9 of 10" });
    await t.rejects(calibrated(losing, PACE), { message: "completed 99 of 100" });
  });

  t.test("a rate is work per second", async (t) => {
    t.equal(await rateOf(variant(2), 1_000), 2_000);
  });
});
