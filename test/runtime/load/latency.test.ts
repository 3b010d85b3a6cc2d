import fc from "fast-check";
import { t } from "tap";
import { LatencyHistogram } from "../../../runtime/load/latency.ts";

t.test("LatencyHistogram", async (t) => {
  t.test("is absent until something was recorded", async (t) => {
    t.equal(new LatencyHistogram().summary(), undefined);
  });

  t.test("H1: percentiles are those of the sorted spans to three digits", async (t) => {
    const spans = fc.array(fc.double({ min: 0.001, max: 60_000, noNaN: true }), {
      minLength: 1,
      maxLength: 200,
    });
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(spans, (list) => {
          const histogram = new LatencyHistogram();
          for (const spanMs of list) histogram.record(spanMs);
          const sorted = list.toSorted((a, b) => a - b);
          const summary = histogram.summary();
          const near = (got: number | undefined, share: number) => {
            const wanted = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
            return Math.abs((got ?? 0) - wanted) <= wanted * 0.002 + 0.001;
          };
          return (
            near(summary?.minMs, 0) &&
            near(summary?.p50Ms, 0.5) &&
            near(summary?.p90Ms, 0.9) &&
            near(summary?.p99Ms, 0.99) &&
            near(summary?.maxMs, 1)
          );
        }),
      ),
    );
  });

  t.test("H1: what is longer than an hour counts as an hour, a negative span as 0", async (t) => {
    const histogram = new LatencyHistogram();
    histogram.record(1e12);
    histogram.record(-5);
    const summary = histogram.summary();
    t.match(summary, { count: 2, minMs: 0 });
    t.ok(Math.abs((summary?.maxMs ?? 0) - 3_600_000) < 3_600);
  });
});

t.test("LatencyHistogram, on its way", async (t) => {
  t.test("H3: merged ones are what one that had recorded everything would be", async (t) => {
    const spans = fc.array(fc.double({ min: 0, max: 120_000, noNaN: true }), { maxLength: 100 });
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.array(spans, { minLength: 1, maxLength: 4 }), (lists) => {
          const whole = new LatencyHistogram();
          const merged = new LatencyHistogram();
          for (const list of lists) {
            const one = new LatencyHistogram();
            for (const spanMs of list) {
              one.record(spanMs);
              whole.record(spanMs);
            }
            const record = one.toRecord();
            if (record !== undefined) merged.addRecord(JSON.parse(JSON.stringify(record)));
          }
          const same = (percentile: number) => whole.at(percentile) === merged.at(percentile);
          return whole.count === merged.count && [0, 1, 50, 90, 99, 99.9, 100].every(same);
        }),
        { numRuns: 50 },
      ),
    );
  });

  t.test("refuses what is no histogram", async (t) => {
    t.throws(() => LatencyHistogram.from({ hdr: "x", minMs: 0, maxMs: 1 }), {
      name: "TypeError",
      message: /^hdr: no HdrHistogram/,
    });
  });
});
