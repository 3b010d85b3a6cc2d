/**
 * Orchestrator and workers: a plan of assignments, done as durable tasks by whoever can.
 *
 * Three texts are read and counted, then summed up. Reading one of them always fails, so its declared
 * fallback counts; the plan says so, and the report shows every try.
 */
import {
  capability,
  createSystem,
  jobProgress,
  jobReports,
  orchestrator,
  plan,
  TroupeError,
  worker,
} from "troupe";

const Read = capability<{ name: string }, string>("read@1");
const Count = capability<{ text: string }, number>("count@1");
const Sum = capability<{ counts: number[] }, number>("sum@1");

const shelf: Readonly<Record<string, string>> = {
  hamlet: "to be or not to be",
  macbeth: "out out brief candle",
};

const reader = worker(Read, ({ name }) => {
  const text = shelf[name];
  if (text === undefined) throw new TroupeError("refused", `nobody has ${name}`);
  return text;
});
const counter = worker(Count, ({ text }) => text.split(" ").length, { concurrency: 2 });
const adder = worker(Sum, ({ counts }) => counts.reduce((a, b) => a + b, 0));

const words = plan("words", (assign) => {
  const counts = ["hamlet", "macbeth", "cardenio"].map((name) => {
    const fallback = [{ kind: "default", value: "lost play" }] as const;
    const text = assign(Read, { id: `read.${name}`, given: { name }, fallback });
    return assign(Count, { id: `count.${name}`, needs: { text } });
  });
  assign(Sum, { id: "sum", needs: { counts } });
});

const system = createSystem({ node: "n1" });
system.spawn(reader, { name: "reader" });
system.spawn(counter, { name: "counter" });
system.spawn(adder, { name: "adder" });
const job = system.spawn(orchestrator, { name: "words", input: { plan: words } });

for await (const { phase, phases } of jobProgress(job, { clock: system.ports.clock })) {
  process.stdout.write(`${phase}: ${phases.done} of ${words.assignments.length} done\n`);
}
for await (const { id, result, hops } of jobReports(job)) {
  const tries = hops.map((hop) => `${hop.capability} ${hop.phase}`).join(", ");
  process.stdout.write(`${id} = ${JSON.stringify(result)} (${tries})\n`);
}
await system.shutdown();
