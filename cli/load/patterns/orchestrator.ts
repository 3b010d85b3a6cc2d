/**
 * The orchestrator–worker job of `troupe bench load --pattern orchestrator`: each request is a plan of
 * its own, whose seven assignments are durable tasks done by the workers of all nodes.
 */
import { jobEnd, orchestrator, worker } from "../../../actors/index.ts";
import { capability, type Plan, plan } from "../../../protocols/index.ts";
import { type ChildSpec, child } from "../../../runtime/index.ts";
import { patternJob } from "./pattern-job.ts";

const Read = capability<{ readonly name: string }, string>("load-read@1");
const Count = capability<{ readonly text: string }, number>("load-count@1");
const Sum = capability<{ readonly counts: readonly number[] }, number>("load-sum@1");

const SHELF: Readonly<Record<string, string>> = {
  hamlet: "to be or not to be",
  macbeth: "out out brief candle",
  lear: "never never never never never",
};
const AT_A_TIME = { concurrency: 32 };
/** How soon the end of a plan is seen: a grain of the latencies. */
const LOOK_MS = 5;
const JOB_TIMEOUT = "1m";

const job = patternJob(async (ctx) => {
  const input = { plan: wordsPlan(`load-${ctx.random.id()}`), timeout: JOB_TIMEOUT };
  const boss = ctx.spawn(orchestrator, { input, restart: "temporary" });
  try {
    const { clock } = ctx;
    const end = await jobEnd(boss, { clock, every: LOOK_MS, timeout: JOB_TIMEOUT });
    const done = end.phase === "done" && end.phases.done === end.assignments;
    return done ? end.phases : ctx.fail(`job.${end.phase}`, end.phases);
  } finally {
    ctx.stop(boss);
  }
});

/** The actors of a node. */
export const children: readonly ChildSpec[] = [
  child(
    worker(Read, ({ name }) => SHELF[name] ?? "", AT_A_TIME),
    { name: "reader" },
  ),
  child(
    worker(Count, ({ text }) => text.split(" ").length, AT_A_TIME),
    { name: "counter" },
  ),
  child(
    worker(Sum, ({ counts }) => counts.reduce((sum, count) => sum + count, 0), AT_A_TIME),
    { name: "adder" },
  ),
  child(job, { name: "job" }),
];

function wordsPlan(id: string): Plan {
  return plan(id, (assign) => {
    const counts = Object.keys(SHELF).map((name) => {
      const text = assign(Read, { id: `read.${name}`, given: { name } });
      return assign(Count, { id: `count.${name}`, needs: { text } });
    });
    assign(Sum, { id: "sum", needs: { counts } });
  });
}
