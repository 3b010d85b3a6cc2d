import { t } from "tap";
import { comparedLoads, comparisonText, differingLoads } from "../../../runtime/load/comparison.ts";
import { type LoadReport, loadReportOf } from "../../../runtime/load/load-report.ts";
import { LoadTally } from "../../../runtime/load/load-tally.ts";
import { type Random, seededRandom } from "../../../runtime/ports/random.ts";

const WINDOW = { warmupMs: 0, endMs: 10_000 };

/** A run of 5,000 requests whose latencies are drawn by `draw`, given their intended start. */
function runOf(draw: (random: Random, atMs: number) => number, seed: number): LoadReport {
  const tally = new LoadTally(WINDOW);
  const random = seededRandom(seed);
  for (let i = 0; i < 5_000; i++) {
    const request = { intendedAtMs: i * 2, sentAtMs: i * 2 };
    tally.sent(request);
    tally.answered(request, i * 2 + draw(random, i * 2));
  }
  const loop = { kind: "open", rateHz: 500, arrivals: "constant" } as const;
  return loadReportOf([tally.part(10_000)], { ...WINDOW, loop });
}

/** Exponential around a mean, above a floor. */
const steady =
  (meanMs: number) =>
  (random: Random): number =>
    1 - Math.log(1 - random.next()) * meanMs;

function changesOf(before: LoadReport, after: LoadReport): Readonly<Record<string, string>> {
  return Object.fromEntries(comparedLoads(before, after).map(({ name, change }) => [name, change]));
}

t.test("comparedLoads", async (t) => {
  t.test(
    "N2: two runs of one system are within the noise nine times in ten and more",
    async (t) => {
      let noise = 0;
      let all = 0;
      for (let seed = 1; seed <= 20; seed++) {
        const changes = changesOf(runOf(steady(5), seed), runOf(steady(5), seed + 100));
        for (const name of ["p50", "p90", "p95", "p99"]) {
          all++;
          if (changes[name] === "noise") noise++;
        }
      }
      t.ok(noise / all >= 0.9, `${noise} of ${all}`);
    },
  );

  t.test(
    "tells a system that became slower by a quarter, and one that became faster",
    async (t) => {
      const [before, slower] = [runOf(steady(5), 1), runOf(steady(6.5), 2)];
      t.match(changesOf(before, slower), { p50: "worse", p90: "worse", p99: "worse" });
      t.match(changesOf(slower, before), { p50: "better", p90: "better", p99: "better" });
    },
  );

  t.test(
    "N1: a run that swings by itself has more noise than its requests alone say",
    async (t) => {
      const swinging = (random: Random, atMs: number) =>
        steady(5)(random) * (1 + 0.8 * Math.sin(atMs / 700));
      const noiseOf = (report: LoadReport) =>
        comparedLoads(report, report).find(({ name }) => name === "p50")?.noise ?? 0;
      const [calm, wild] = [noiseOf(runOf(steady(5), 1)), noiseOf(runOf(swinging, 1))];
      t.ok(wild > calm * 3, `${wild} against ${calm}`);
    },
  );

  t.test("N3: compares no percentile that it has too few requests for", async (t) => {
    const changes = changesOf(runOf(steady(5), 1), runOf(steady(50), 2));
    t.equal(changes["p99"], "worse");
    t.equal(changes["p99.9"], "unknown", "five in 5,000 would do, in independent requests only");
  });

  t.test("says nothing of latencies where one run had no success", async (t) => {
    const tally = new LoadTally(WINDOW);
    const loop = { kind: "closed", concurrency: 1 } as const;
    const nothing = loadReportOf([tally.part(10_000)], { ...WINDOW, loop });
    const changes = changesOf(runOf(steady(5), 1), nothing);
    t.match(changes, { p50: "unknown", throughput: "unknown", errors: "unknown" });
  });
});

t.test("differingLoads", async (t) => {
  t.test("names what makes two runs hard to compare", async (t) => {
    const run = runOf(steady(1), 1);
    t.same(differingLoads(run, run), []);
    const poisson = { kind: "open", rateHz: 400, arrivals: "poisson" } as const;
    t.same(differingLoads(run, { ...run, loop: poisson }), [
      "the rate was 500.0/s, now 400.0/s",
      "arrivals were constant, now poisson",
    ]);
    const closed = { kind: "closed", concurrency: 8 } as const;
    t.same(differingLoads(run, { ...run, loop: closed }), ["one loop was open, the other closed"]);
  });
});

t.test("comparisonText", async (t) => {
  t.test("prints before, after, the change and what chance may do", async (t) => {
    const text = comparisonText(
      [
        { name: "p99", unit: "ms", before: 10, after: 12, noise: 0.5, change: "worse" },
        { name: "p99.9", unit: "ms", before: 20, after: undefined, change: "unknown" },
      ],
      ["the rate was 1.0/s, now 2.0/s"],
    );
    t.equal(
      text,
      [
        "compared          before       after      change   by chance",
        "p99              10.00ms     12.00ms      +20.0%       ±0.50  worse",
        "p99.9            20.00ms           -           -           ?  too few to say",
        "! not the same load: the rate was 1.0/s, now 2.0/s",
      ].join("\n"),
    );
  });
});
