/** A short chaos run, as `npm run chaos -- cluster` makes long ones. */

import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { systemRandom } from "../../runtime/ports/random.ts";
import { chaosReport } from "./chaos-report.ts";
import { chaosRun } from "./chaos-run.ts";

/** A machine that runs other tests beside is late; what is lost or doubled is so at any speed. */
const PATIENCE = 10;

t.test("Real processes that are killed, stopped and cut off", { timeout: 115_000 }, async (t) => {
  const seed = systemRandom().int(2 ** 30);
  const folder = join(tmpdir(), `troupe-chaos-test-${process.pid}`);
  const outcome = await chaosRun({
    seed,
    servers: 1,
    nodes: 3,
    keys: 12,
    forMs: 0,
    stormMs: 6_000,
    everyMs: 700,
    paceMs: 80,
    folder,
    patience: PATIENCE,
  });
  const { tally, verdicts, mishaps } = outcome;
  const violations = verdicts.flatMap((verdict) => verdict.violations);
  t.same(violations, [], `seed ${seed}: no invariant is violated; history in ${folder}`);
  t.same(mishaps, [], "no process ends as none should");
  for (const name of ["T1", "T2", "T3", "A1", "A3", "D1", "D2", "D3", "D4", "D6", "V1", "V2", "V3"])
    t.ok(
      verdicts.some(({ invariant, judged }) => invariant === name && judged > 0),
      `${name} judged something`,
    );
  t.ok(tally.faults.size > 0 && tally.work.tasks > 0, "faults befell work");
  const { rows } = chaosReport(outcome, { seed, servers: 1 });
  t.ok(rows.some(({ name, value }) => name === "rounds" && value === 2));
  t.equal(new Set(rows.map(({ name }) => name)).size, rows.length, "each row has its own name");
  if (violations.length === 0) await rm(folder, { recursive: true, force: true });
});
