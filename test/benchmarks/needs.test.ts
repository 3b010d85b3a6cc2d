/** What benchmarks need from outside, from end to end: with it they run, without it they are skipped. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import type { DataSetName } from "../../benchmarks/data/catalogue.ts";
import type { Sources } from "../../benchmarks/needs.ts";
import { Supplies } from "../../benchmarks/needs.ts";
import type { Row } from "../../benchmarks/row.ts";
import { runSuite } from "../../benchmarks/run-suite.ts";
import { dataFolder, LEADERBOARD, TRACE, writeLines } from "./data/data-under-test.ts";
import { KNOWN, tinySuite } from "./fixtures/tiny-suite.ts";
import { redisBinary } from "./redis/redis-under-test.ts";

t.setTimeout(120_000);

const MAIN = fileURLToPath(new URL("../../benchmarks/main.js", import.meta.url));
const LOADER = new URL("../mutants/rewrite-loader.js", import.meta.url).href;
const REDIS = { path: "/redis", version: "7.0.0", libraries: [] };

interface Run {
  readonly exitCode: number | string;
  readonly stderr: string;
  readonly rows: readonly Row[];
}

/** Runs the tiny suite as `npm run bench -- tiny --quick --json` would. */
function bench(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const options = {
    env: { ...process.env, ...env, TROUPE_REWRITE: JSON.stringify(KNOWN) },
  };
  const all = ["--import", LOADER, MAIN, "tiny", "--quick", "--json", ...args];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, all, options, (error, stdout, stderr) => {
      try {
        resolve({ exitCode: error?.code ?? 0, stderr, rows: JSON.parse(stdout).rows });
      } catch {
        reject(new Error(stderr));
      }
    });
  });
}

/** Sources that have what is named, and note what they are asked for. */
function sources(has: readonly string[]) {
  const asked: string[] = [];
  const answer = <T>(name: string, value: T) => {
    asked.push(name);
    return has.includes(name)
      ? { ok: true as const, value }
      : { ok: false as const, error: `there is no ${name}` };
  };
  const of: Sources = {
    redis: async () => answer("redis", REDIS),
    data: async (name: DataSetName) => answer(name, undefined),
  };
  return { of, asked };
}

t.test("A benchmark that needs something from outside", async (t) => {
  t.test("runs with a real redis-server and with data where they are", async (t) => {
    await redisBinary();
    const folder = await dataFolder(t);
    await writeLines(folder, "azure_llm_2023_conv.csv.gz", TRACE);
    for (const only of ["pings", "rows of azure"]) {
      const run = await bench([`--data=${folder}`, "--only", only]);
      t.equal(run.exitCode, 0, run.stderr);
      t.match(run.rows, [{ value: Number, met: true, skipped: undefined }]);
    }
  });

  t.test("H5: is skipped, not met, and says why where one of them is missing", async (t) => {
    const folder = await dataFolder(t);
    const path = await writeLines(folder, "azure_llm_2023_conv.csv.gz", ["ms"]);
    await writeLines(folder, "openllm_v2_19models.jsonl.gz", [...LEADERBOARD, "{}"]);
    await writeLines(folder, "routerbench_0shot_subset.jsonl.gz", ["{}"]);
    const run = await bench([`--data=${folder}`], { TROUPE_REDIS_SERVER: "/none/redis-server" });
    t.equal(run.exitCode, 1);
    const noTrace = `azure-llm-2023-conv: ${path} does not open with ${TRACE[0]}`;
    const noBench = `routerbench-0shot: ${join(folder, "routerbench_0shot_subset.jsonl.gz")}:1 does not name its models`;
    const noRedis = "TROUPE_REDIS_SERVER cannot be used: /none/redis-server: not found";
    t.match(run.rows, [
      { name: "pings", value: null, met: false, skipped: noRedis },
      { name: "rows of azure-llm-2023-conv", value: null, met: false, skipped: noTrace },
      { name: "rows of openllm-v2", met: false, skipped: `${noTrace}; ${noBench}` },
    ]);
    t.match(run.stderr, `pings is skipped: ${noRedis}`);
    t.notMatch(run.stderr, /launch 1/, "nothing is started");
  });

  t.test("H5: is skipped alone: what needs nothing missing runs", async (t) => {
    const folder = await dataFolder(t);
    await writeLines(folder, "azure_llm_2023_conv.csv.gz", TRACE);
    const { of } = sources(["azure-llm-2023-conv"]);
    const rows = await runSuite({
      suite: tinySuite,
      sources: of,
      setting: { quick: true, seed: 1, dataDir: folder },
      say: () => {},
    });
    t.match(rows, [
      { met: false, skipped: "there is no redis" },
      { met: true, value: Number },
      { met: false, skipped: "there is no openllm-v2; there is no routerbench-0shot" },
    ]);
  });
});

t.test("Supplies", async (t) => {
  const setting = { quick: true, seed: 1 };

  t.test("ask for each thing once, and for nothing that is not needed", async (t) => {
    const { of, asked } = sources(["redis"]);
    const supplies = new Supplies(of);
    t.strictSame(await supplies.supply(undefined, setting), { ok: true, value: setting });
    t.strictSame(asked, []);
    for (const _ of [1, 2]) {
      t.strictSame(await supplies.supply({ redis: true }, setting), {
        ok: true,
        value: { ...setting, redis: REDIS },
      });
      t.strictSame(await supplies.supply({ redis: true, data: ["openllm-v2"] }, setting), {
        ok: false,
        error: "there is no openllm-v2",
      });
    }
    t.strictSame(asked, ["redis", "openllm-v2"]);
  });
});
