import { t } from "tap";
import { LatencyHistogram } from "../../../runtime/load/latency.ts";
import type { LoadReport } from "../../../runtime/load/load-report.ts";
import { judged, type Objective, parseObjectives } from "../../../runtime/load/objective.ts";

function objectives(text: string): readonly Objective[] {
  const parsed = parseObjectives(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

function reportOf(spansMs: readonly number[], rest: Partial<LoadReport> = {}): LoadReport {
  const histogram = new LatencyHistogram();
  for (const spanMs of spansMs) histogram.record(spanMs);
  const latency = histogram.summary();
  return {
    v: 2,
    loop: { kind: "open", rateHz: 100, arrivals: "constant" },
    warmupMs: 0,
    measuredMs: 1_000,
    stopped: false,
    intended: spansMs.length,
    ok: spansMs.length,
    failed: {},
    examples: {},
    unfinished: 0,
    unsent: 0,
    held: 0,
    throughputHz: spansMs.length,
    ...(latency === undefined ? {} : { latency }),
    timeline: [],
    ...rest,
  };
}

const HUNDRED = Array.from({ length: 100 }, (_, i) => i + 1);

t.test("parseObjectives", async (t) => {
  t.test("reads spans with units, shares and rates", async (t) => {
    t.match(objectives("p99<200ms, errors <= 0.1% ,rate>450/s,first.p99.9>=1.5s,max<900us"), [
      { metric: { kind: "percentile", of: "latency", percentile: 99 }, operator: "<", bound: 200 },
      { metric: { kind: "errors" }, operator: "<=", bound: 0.001 },
      { metric: { kind: "rate" }, operator: ">", bound: 450 },
      {
        metric: { kind: "percentile", of: "first", percentile: 99.9 },
        operator: ">=",
        bound: 1_500,
      },
      { metric: { kind: "max", of: "latency" }, operator: "<", bound: 0.9 },
    ]);
  });

  t.test("O1: a fault names its place", async (t) => {
    const cases: readonly (readonly [string, number, RegExp])[] = [
      ["", 1, /an objective is missing/],
      ["p99<200ms,,rate>1", 11, /an objective is missing/],
      ["p99<200ms, q99<1ms", 12, /"q99" is none of/],
      ["p101<1ms", 1, /"p101" is none of/],
      ["p99=200ms", 4, /expected <, <=, > or >=/],
      ["p99 ≤ 200ms", 5, /expected <, <=, > or >=/],
      ["p99<fast", 5, /expected a number/],
      ["p99<200", 8, /a unit after the number/],
      ["errors<0.1", 11, /% after the number/],
      ["rate>450Hz", 9, /nothing or \/s/],
      ["other.p99<1ms", 1, /"other.p99" is none of/],
    ];
    for (const [text, at, message] of cases) {
      t.match(parseObjectives(text), { ok: false, error: { at, message } }, text);
    }
  });
});

t.test("judged", async (t) => {
  t.test("O3: any percentile is judged by the whole histogram", async (t) => {
    const results = judged(
      objectives("p37<=37.1ms,p37<36.9ms,p100>=100ms,min<1.1ms"),
      reportOf(HUNDRED),
    );
    t.same(
      results.map(({ met }) => met),
      [true, false, true, true],
    );
    t.match(results[0], { text: "p37<=37.1ms", measured: /^37\.\d\dms$/ });
  });

  t.test("errors are all that did not end well", async (t) => {
    const report = reportOf(HUNDRED, {
      intended: 125,
      unfinished: 5,
      unsent: 20,
      throughputHz: 90,
    });
    t.same(judged(objectives("errors<20%,errors<21%,rate>=90,rate>90"), report), [
      { text: "errors<20%", met: false, measured: "20.000%" },
      { text: "errors<21%", met: true, measured: "20.000%" },
      { text: "rate>=90", met: true, measured: "90.0/s" },
      { text: "rate>90", met: false, measured: "90.0/s" },
    ]);
  });

  t.test(
    "O2: meets nothing where nothing succeeded, and nothing that was not measured",
    async (t) => {
      const nothing = reportOf([], { intended: 10, unfinished: 10 });
      for (const { met, measured } of judged(objectives("rate<1,errors<=100%,p99<1s"), nothing)) {
        t.equal(met, false);
        t.equal(measured, "nothing succeeded");
      }
      t.match(judged(objectives("gap.p50<1s"), reportOf(HUNDRED)), [
        { met: false, measured: "was not measured" },
      ]);
    },
  );
});
