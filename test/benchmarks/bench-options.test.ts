import t from "tap";
import { parseBenchOptions } from "../../benchmarks/bench-options.ts";

t.test("Options of a benchmark", async (t) => {
  t.test("have defaults", async (t) => {
    t.strictSame(parseBenchOptions(["kernel"]), {
      ok: true,
      options: { suite: "kernel", seed: 1, quick: false, json: false },
    });
  });

  t.test("are all read", async (t) => {
    const given = ["kernel", "--only", "ask 64", "--quick", "--json", "--seed=7", "--data", "d"];
    t.strictSame(parseBenchOptions(given), {
      ok: true,
      options: {
        suite: "kernel",
        seed: 7,
        quick: true,
        json: true,
        only: "ask 64",
        dataDir: "d",
      },
    });
  });

  t.test("O1: say what is wrong with them", async (t) => {
    const problems: Readonly<Record<string, RegExp>> = {
      "": /name a suite/,
      clusters: /no suite clusters/,
      "kernel kernel": /one suite at a time/,
      "kernel --seed x": /a seed is a whole number from 0: x/,
      "kernel --seed=-1": /a seed is a whole number/,
      "kernel --fast": /'--fast'/,
      "kernel --only": /'--only/,
    };
    for (const [line, problem] of Object.entries(problems)) {
      const parsed = parseBenchOptions(line.split(" ").filter((word) => word !== ""));
      t.match(parsed, { ok: false, problem }, line);
    }
  });
});
