import t from "tap";
import type { Benchmark, RowSpec } from "../../benchmarks/benchmark.ts";
import { type Row, rowOf, variantsOf } from "../../benchmarks/row.ts";

const never = {
  make: (): never => {
    throw new Error("not made here");
  },
};

function benchmark(better: "more" | "less", unit = "messages/s"): Benchmark {
  const variants = { troupe: never, loop: never, nact: never, comedy: never };
  return { name: "ping-pong", about: "", unit, better, variants, rows: [] };
}

function rowFor(
  of: Benchmark,
  spec: Omit<RowSpec, "name">,
  samples: Readonly<Record<string, readonly number[]>>,
  failures: Readonly<Record<string, string>> = {},
): Row {
  const named = { name: "a row", ...spec };
  return rowOf(of, named, new Map(Object.entries(samples)), new Map(Object.entries(failures)));
}

t.test("Row", async (t) => {
  t.test("W1: of rates the ratio is ours to theirs, by medians", async (t) => {
    const row = rowFor(
      benchmark("more"),
      { against: ["loop"], goal: 0.25 },
      { troupe: [20, 30, 900], loop: [100, 120, 1] },
    );
    t.match(row, { value: 30, rival: 100, ratio: 0.3, goal: 0.25, met: true, against: "loop" });
  });

  t.test("W1: of costs the ratio is theirs to ours", async (t) => {
    const row = rowFor(
      benchmark("less", "bytes"),
      { against: ["loop"], goal: 250, judged: "value-at-most" },
      { troupe: [200], loop: [50] },
    );
    t.match(row, { value: 200, rival: 50, ratio: 0.25, met: true, unit: "bytes" });
  });

  t.test("is missed just short of its goal and met on it", async (t) => {
    const of = benchmark("more");
    const spec = { against: ["nact"], goal: 25 };
    t.equal(rowFor(of, spec, { troupe: [24.9], nact: [1] }).met, false);
    t.equal(rowFor(of, spec, { troupe: [25], nact: [1] }).met, true);
    const limit = { against: [], goal: 1_000, judged: "value-at-most" } as const;
    t.equal(rowFor(benchmark("less", "ms"), limit, { troupe: [1_000] }).met, true);
    t.equal(rowFor(benchmark("less", "ms"), limit, { troupe: [1_001] }).met, false);
  });

  t.test("compares with the best of several and names it", async (t) => {
    const spec = { against: ["nact", "comedy"], label: "best rival", goal: 8 };
    const samples = { troupe: [80], nact: [1], comedy: [4] };
    t.match(rowFor(benchmark("more"), spec, samples), {
      rival: 4,
      ratio: 20,
      against: "best rival: comedy",
    });
    t.match(rowFor(benchmark("less"), spec, samples), { rival: 1, against: "best rival: nact" });
  });

  t.test("says by how much slower ours is, from runs side by side", async (t) => {
    const spec = { against: ["loop"], goal: 3, judged: "slower-at-most" } as const;
    const slower = rowFor(benchmark("more"), spec, { troupe: [80, 8], loop: [100, 10] });
    t.match(slower, { unit: "% slower", ratio: 0.8, rival: 0, met: false });
    t.ok(Math.abs((slower.value ?? 0) - 25) < 1e-9);
    const faster = rowFor(benchmark("more"), spec, { troupe: [101], loop: [100] });
    t.equal(faster.met, true);
    t.ok((faster.value ?? 0) < 0);
  });

  t.test("W2: one that could not be measured says why and is not met", async (t) => {
    const of = benchmark("more");
    const spec = { against: ["nact", "comedy"], goal: 8 };
    const ours = rowFor(of, spec, { nact: [1], comedy: [1] }, { troupe: "completed 9 of 10" });
    t.match(ours, { value: null, ratio: null, met: false, skipped: "completed 9 of 10" });
    const rival = rowFor(of, spec, { troupe: [9], nact: [1] }, { comedy: "not installed" });
    t.match(rival, { met: false, skipped: "comedy: not installed" });
    t.equal(rowFor(of, spec, { troupe: [9] }).met, false);
    const { goal, ...report } = spec;
    t.equal(goal, 8);
    t.equal(rowFor(of, report, {}).met, false, "also without a goal");
  });

  t.test("W3: one without a goal is met once it was measured", async (t) => {
    const row = rowFor(benchmark("more"), { against: ["nact"] }, { troupe: [1], nact: [100] });
    t.match(row, { goal: null, met: true, ratio: 0.01 });
  });

  t.test("needs its own variant and those it is compared with", async (t) => {
    t.strictSame(variantsOf({ name: "", against: ["nact"] }), ["troupe", "nact"]);
    t.strictSame(variantsOf({ name: "", ours: "named", against: [] }), ["named"]);
  });
});
