import t from "tap";
import type { Benchmark, Suite } from "../../benchmarks/benchmark.ts";
import { kernelSuite } from "../../benchmarks/kernel/kernel-suite.ts";
import { TRAITS } from "../../benchmarks/rivals/rivals.ts";
import { variantsOf } from "../../benchmarks/row.ts";
import { picked, rivalsOf, runSuite } from "../../benchmarks/run-suite.ts";
import { suiteNames, suiteOf } from "../../benchmarks/suites.ts";

const never = (): never => {
  throw new Error("not made here");
};

const benchmark = (name: string): Benchmark => ({
  name,
  about: "",
  unit: "messages/s",
  better: "more",
  variants: {
    troupe: { make: never },
    nact: { make: never, rival: "nact" },
    loop: { make: never },
  },
  rows: [
    { name: `${name} vs loop`, against: ["loop"] },
    { name: `${name} vs nact`, against: ["nact"] },
  ],
});

const suite: Suite = { name: "kernel", benchmarks: [benchmark("Ping"), benchmark("ask 64")] };

t.test("A suite's run", async (t) => {
  t.test("takes the rows whose name holds what is asked for, in any case", async (t) => {
    const names = (only: string | undefined): readonly string[] =>
      picked(suite, only).flatMap(({ rows }) => rows.map(({ name }) => name));
    t.equal(names(undefined).length, 4);
    t.strictSame(names("ping VS"), ["Ping vs loop", "Ping vs nact"]);
    t.strictSame(names("vs loop"), ["Ping vs loop", "ask 64 vs loop"]);
    t.strictSame(names("nothing"), []);
  });

  t.test("needs only the rivals of the rows it takes", async (t) => {
    t.strictSame(rivalsOf(suite, undefined), ["nact"]);
    t.strictSame(rivalsOf(suite, "vs loop"), []);
  });

  t.test("H3: without the rivals their rows are skipped, and the reason is said", async (t) => {
    const without: Suite = {
      name: "kernel",
      benchmarks: [
        {
          ...benchmark("ask 64"),
          variants: {
            troupe: { make: never, rival: "nact" },
            nact: { make: never, rival: "nact" },
          },
        },
      ],
    };
    const rows = await runSuite({
      suite: without,
      only: "vs nact",
      setting: { quick: true, seed: 1 },
      withoutRivals: "no network",
      say: () => {},
    });
    t.match(rows, [{ name: "ask 64 vs nact", met: false, value: null, skipped: "no network" }]);
  });
});

t.test("Every suite", async (t) => {
  for (const name of suiteNames) {
    t.test(`${name} is written so that it can run`, async (t) => {
      const { benchmarks } = (await suiteOf(name)) ?? { benchmarks: [] };
      const rows = benchmarks.flatMap((one) => one.rows);
      t.equal(new Set(rows.map((row) => row.name)).size, rows.length, "every row has its own name");
      t.equal(new Set(benchmarks.map((one) => one.name)).size, benchmarks.length);
      for (const { variants, rows: of, name: title } of benchmarks) {
        const used = new Set(of.flatMap(variantsOf));
        for (const variant of used) t.ok(variants[variant], `${title} has ${variant}`);
        t.strictSame(new Set(Object.keys(variants)), used, `${title} uses every variant`);
        for (const { rival } of Object.values(variants)) {
          t.ok(rival === undefined || TRAITS[rival] !== undefined, `${rival} is described`);
        }
      }
    });
  }
});

t.test("The kernel's suite has the goals that it is to reach", async (t) => {
  const goals = Object.fromEntries(
    kernelSuite.benchmarks.flatMap(({ rows }) => rows.map(({ name, goal }) => [name, goal])),
  );
  t.match(goals, {
    "ping-pong vs bare loop": 0.25,
    "fan-in vs bare loop": 0.35,
    "thread ring vs bare loop": 0.35,
    "fork-join vs bare loop": 0.35,
    "fan-in vs nact": 25,
    "fan-in vs xstate": 25,
    "fan-in vs best rival": 8,
    "async handlers vs bare loop": 0.06,
    "async handlers vs comedy": 3,
    "ask 64 vs raw promise": 0.5,
    "ask 64 vs best rival with a time-out": 5,
    "ask 64 vs moleculer": 2,
    "routed task vs langgraph": 2_000,
    "stream vs bare generator": 0.15,
    "idle actor, unnamed": 256,
    "idle actor with state, name and parent": 400,
    "spawn unnamed vs nact": 5,
    "spawn unnamed vs xstate": 20,
    "spawn named vs nact": 2,
    "skynet 1M vs async recursion": 0.2,
    "skynet 1M vs nact at 100,000": 10,
    "restart under one-for-all": 1_000,
    "tracing, nobody watching": 3,
    "tracing, 1 message in 100 watched": 15,
    "heap over messages": 5,
    "heap over spawn-stop cycles": 5,
  });
});
