import { connect } from "nats";
import t from "tap";
import { jobEnd, jobReports } from "../../actors/orchestration/job.ts";
import { orchestrator } from "../../actors/orchestration/orchestrator.ts";
import { worker } from "../../actors/orchestration/worker.ts";
import { natsDurableQueue } from "../../cluster/stores/nats-durable-queue.ts";
import { natsKeyValues } from "../../cluster/stores/nats-key-values.ts";
import { capability } from "../../protocols/orchestration/capability.ts";
import { plan } from "../../protocols/orchestration/plan.ts";
import { systemRandom } from "../../runtime/ports/random.ts";
import { startServer } from "../cluster/server-under-test.ts";
import { memorySystem } from "./memory-system.ts";

const Read = capability<{ n: number }, { text: string }>("read@1");
const Classify = capability<{ text: { text: string } }, string>("classify@1");
const Extract = capability<{ text: { text: string } }, string[]>("extract@1");
const Sum = capability<{ licence: string; duties: string[] }, string>("sum@1");

const review = plan("review", (assign) => {
  for (let n = 0; n < 400; n++) {
    const text = assign(Read, { id: `read.${n}`, given: { n } });
    const licence = assign(Classify, { id: `classify.${n}`, needs: { text } });
    const duties = assign(Extract, { id: `extract.${n}`, needs: { text } });
    assign(Sum, { id: `sum.${n}`, needs: { licence, duties } });
  }
});

t.test("orchestrator and workers over NATS", async (t) => {
  const { server, end } = await startServer();
  const connection = await connect({ servers: server.url });
  const system = memorySystem(t, {
    keyValues: natsKeyValues(connection, { cluster: "test", random: systemRandom() }),
    queue: natsDurableQueue(connection, { cluster: "test" }),
  });
  t.teardown(async () => {
    await connection.close();
    await end();
  });

  await t.test("G3: 400 documents in four steps are done once each", async (t) => {
    const performed = new Map<string, number>();
    const count = (id: string) => performed.set(id, (performed.get(id) ?? 0) + 1);
    const concurrency = 16;
    system.spawn(
      worker(
        Read,
        ({ n }, { task }) => {
          count(task.id);
          return { text: `licence ${n}` };
        },
        { concurrency },
      ),
    );
    system.spawn(worker(Classify, ({ text }) => text.text.slice(8), { concurrency }));
    system.spawn(worker(Extract, ({ text }) => text.text.split(" "), { concurrency }));
    system.spawn(
      worker(Sum, ({ licence, duties }) => `${licence}: ${duties.length}`, { concurrency }),
    );
    const { clock } = system.ports;
    const startedMs = clock.monotonicMs();
    const job = system.spawn(orchestrator, { input: { plan: review } });
    const progress = await jobEnd(job, { clock, every: "10ms", timeout: "40s" });
    const tookMs = clock.monotonicMs() - startedMs;
    t.comment(`1,600 tasks: ${tookMs.toFixed(0)} ms`);
    t.match(progress, { phase: "done", phases: { done: 1_600 }, duplicateResults: 0 });
    t.equal(performed.size, 400);
    const sums: unknown[] = [];
    for await (const { id, result } of jobReports(job))
      if (id.startsWith("sum.")) sums.push(result);
    t.same(
      sums,
      Array.from({ length: 400 }, (_, n) => `${n}: 2`),
    );
  });
});
