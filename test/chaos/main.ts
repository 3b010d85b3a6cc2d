/**
 * Chaos with real processes: `npm run chaos -- cluster [--minutes N] [--seed S] [--tier 1|2|3]
 * [--servers 1|3] [--nodes N] [--patience X] [--history DIR] [--json]`.
 *
 * Without `--servers` half of the time goes to one server, and half to three. Exit code 0 when no invariant
 * was violated and no process ended as none should, 1 when one was or did, 2 when it was called wrongly.
 * Recoveries over their bound are told, and do not fail it: they are figures of the machine.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemRandom } from "../../runtime/ports/random.ts";
import { lineOf, type ModelReport } from "../models/model-report.ts";
import { chaosReport } from "./chaos-report.ts";
import { chaosRun } from "./chaos-run.ts";

/** Tier 3 is tier 1 for hours; tier 2 needs root, and is not there yet. */
const MINUTES = { "1": 20, "3": 180 } as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string" },
    seed: { type: "string" },
    tier: { type: "string", default: "1" },
    servers: { type: "string" },
    nodes: { type: "string", default: "5" },
    patience: { type: "string", default: "1" },
    history: { type: "string", default: join(tmpdir(), `troupe-chaos-${process.pid}`) },
    json: { type: "boolean", default: false },
  },
});
const seed = values.seed === undefined ? systemRandom().int(2 ** 30) : Number(values.seed);
const minutes = Number(values.minutes ?? MINUTES[values.tier as "1" | "3"]);
const nodes = Number(values.nodes);
const patience = Number(values.patience);
const sizes: readonly (1 | 3)[] =
  values.servers === undefined ? [1, 3] : [Number(values.servers) as 1 | 3];

const mistake = mistakeIn();
if (mistake !== undefined) {
  process.stderr.write(`${mistake}\n`);
  process.exitCode = 2;
} else {
  await runAll();
}

function mistakeIn(): string | undefined {
  const [suite] = positionals;
  if (positionals.length !== 1 || suite !== "cluster") return "which suite? there is: cluster";
  if (values.tier === "2")
    return "tier 2 (partitions by the kernel, full disks, power cuts, clock jumps) is not there yet";
  if (values.tier !== "1" && values.tier !== "3") return `not a tier, 1 or 3: ${values.tier}`;
  if (!Number.isInteger(seed)) return `not a seed: ${values.seed}`;
  if (!(minutes > 0)) return `not a number of minutes: ${values.minutes}`;
  if (!(Number.isInteger(nodes) && nodes >= 2))
    return `not a number of nodes from 2: ${values.nodes}`;
  if (!(patience >= 1)) return `not a number from 1: ${values.patience}`;
  if (sizes.some((size) => size !== 1 && size !== 3))
    return `not 1 or 3 servers: ${values.servers}`;
  return undefined;
}

async function runAll(): Promise<void> {
  const reports: ModelReport[] = [];
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  for (const servers of sizes) {
    const folder = join(values.history, `${servers}-server${servers === 1 ? "" : "s"}`);
    say(
      `chaos over ${nodes} nodes and ${servers} nats-server${servers === 1 ? "" : "s"}, seed ${seed}; history in ${folder}`,
    );
    const outcome = await chaosRun({
      seed,
      servers,
      nodes,
      keys: 24,
      forMs: (minutes * 60_000) / sizes.length,
      stormMs: 20_000,
      everyMs: 800,
      paceMs: 60,
      folder,
      patience,
      say,
    });
    const report = chaosReport(outcome, { seed, servers });
    reports.push(report);
    for (const { violations } of outcome.verdicts)
      for (const { invariant, what, records } of violations.slice(0, 3)) {
        say(`${invariant}: ${what}`);
        for (const record of records) say(`    ${JSON.stringify(record)}`);
      }
    for (const mishap of outcome.mishaps) say(mishap);
    if (!values.json)
      process.stdout.write(`${[report.suite, ...report.rows.map(lineOf)].join("\n")}\n`);
    if (outcome.verdicts.some(({ violated }) => violated > 0) || outcome.mishaps.length > 0)
      process.exitCode = 1;
  }
  if (values.json) {
    const rows = reports.flatMap(({ suite, rows: own }) =>
      own.map((row) => ({ ...row, name: `${suite}: ${row.name}` })),
    );
    process.stdout.write(`${JSON.stringify({ v: 1, suite: "chaos", seed, rows })}\n`);
  }
}
