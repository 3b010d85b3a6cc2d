/** Runs benchmark suites by name: `node dist/benchmarks/main.js [suite…] [--seed N] [--json]`. */
import { parseArgs } from "node:util";
import { kernelSuite } from "./kernel.ts";
import { type Report, tableOf } from "./report.ts";

const suites: Readonly<Record<string, (seed: number) => Promise<Report>>> = {
  kernel: kernelSuite,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, seed: { type: "string", default: "1" } },
});
const names = positionals.length === 0 ? Object.keys(suites) : positionals;
const unknown = names.filter((name) => !Object.hasOwn(suites, name));
const seed = Number(values.seed);
if (unknown.length > 0 || !Number.isInteger(seed)) {
  const what = unknown.length > 0 ? `no suite ${unknown.join(", ")}` : `not a seed: ${values.seed}`;
  process.stderr.write(`${what}; suites: ${Object.keys(suites).join(", ")}\n`);
  process.exitCode = 2;
} else {
  for (const name of names) {
    const report = await suites[name]?.(seed);
    if (report === undefined) continue;
    process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${tableOf(report)}\n`);
  }
}
