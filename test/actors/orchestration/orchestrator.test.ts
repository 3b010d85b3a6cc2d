import t from "tap";
import { jobEnd, jobProgress, jobReports } from "../../../actors/orchestration/job.ts";
import { orchestrator } from "../../../actors/orchestration/orchestrator.ts";
import { worker } from "../../../actors/orchestration/worker.ts";
import { capability } from "../../../protocols/orchestration/capability.ts";
import { plan } from "../../../protocols/orchestration/plan.ts";
import type { AssignmentReport } from "../../../protocols/orchestration/progress.ts";
import { systemClock } from "../../../runtime/ports/clock.ts";
import { memoryDurableQueue } from "../../../runtime/ports/memory-durable-queue.ts";
import { memoryKeyValues } from "../../../runtime/ports/memory-key-value.ts";
import type { Schema } from "../../../runtime/protocol.ts";
import type { System } from "../../../runtime/system.ts";
import { TroupeError } from "../../../runtime/troupe-error.ts";
import { memorySystem, until } from "../memory-system.ts";

const Double = capability<{ n: number }, number>("double@1");
const Add = capability<{ parts: number[] }, number>("add@1");

/** Doubles 0 to `count` − 1, then adds them up. */
function sumOfDoubles(job: string, count: number) {
  return plan(job, (assign) => {
    const parts = Array.from({ length: count }, (_, n) =>
      assign(Double, { id: `double.${n}`, given: { n } }),
    );
    assign(Add, { id: "sum", needs: { parts } });
  });
}

const adder = worker(Add, ({ parts }) => parts.reduce((a, b) => a + b, 0));

async function reportsOf(job: Parameters<typeof jobReports>[0]): Promise<AssignmentReport[]> {
  const reports: AssignmentReport[] = [];
  for await (const report of jobReports(job, 7)) reports.push(report);
  return reports;
}

const followed = (system: System) =>
  ({ clock: system.ports.clock, every: "5ms", timeout: "20s" }) as const;

t.test("orchestrator", async (t) => {
  t.test("OR1: carries out the plan of its input over workers, by durable tasks", async (t) => {
    const system = memorySystem(t);
    system.spawn(worker(Double, ({ n }) => 2 * n, { concurrency: 4 }));
    system.spawn(adder);
    const job = system.spawn(orchestrator, { input: { plan: sumOfDoubles("j1", 20) } });
    const seen: string[] = [];
    for await (const { phase } of jobProgress(job, followed(system))) seen.push(phase);
    t.equal(seen.at(-1), "done");
    const end = await job.ask("progress");
    t.match(end, {
      job: "j1",
      assignments: 21,
      phases: { done: 21 },
      retries: 0,
      duplicateResults: 0,
      capabilities: { "double@1": { assignments: 20, settled: 20 } },
    });
    const reports = await reportsOf(job);
    t.equal(reports.length, 21);
    t.match(reports.at(-1), {
      id: "sum",
      result: 380,
      hops: [{ task: "j1.sum.0", capability: "add@1", phase: "done", attempts: 1, owner: /n1/ }],
    });
  });

  t.test("starts the plan it is told, once, and refuses faulty and other ones", async (t) => {
    const system = memorySystem(t);
    let performed = 0;
    system.spawn(
      worker(Double, ({ n }) => {
        performed++;
        return 2 * n;
      }),
    );
    system.spawn(adder);
    const job = system.spawn(orchestrator, { input: {} });
    await t.rejects(job.ask("progress"), { code: "refused", data: { code: "job.none" } });
    const faulty = { job: "j", assignments: [{ id: "a" }] };
    await t.rejects(job.ask("start", faulty as never), {
      code: "refused",
      data: { code: "plan.invalid", data: [{ kind: "malformed", assignment: "a" }] },
    });
    const given = sumOfDoubles("j2", 3);
    t.match(await job.ask("start", given), { job: "j2", phase: "running" });
    await job.ask("start", given);
    t.match(await jobEnd(job, followed(system)), { phase: "done" });
    t.equal(performed, 3);
    await t.rejects(job.ask("start", sumOfDoubles("j3", 3)), {
      code: "refused",
      data: { code: "job.other" },
    });
  });

  t.test("OR1: one that is started again goes on with what the ledger holds", async (t) => {
    const system = memorySystem(t);
    const performed = new Map<number, number>();
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    system.spawn(
      worker(
        Double,
        async ({ n }) => {
          performed.set(n, (performed.get(n) ?? 0) + 1);
          if (n >= 10) await gate;
          return 2 * n;
        },
        { concurrency: 20 },
      ),
    );
    system.spawn(adder);
    const input = { plan: sumOfDoubles("j4", 20) };
    const first = system.spawn(orchestrator, { input });
    await until(system, "half is done", async () => {
      return (await first.ask("progress")).phases.done === 10;
    });
    await system.stop(first, "kill");
    const second = system.spawn(orchestrator, { input });
    await second.ready;
    open();
    t.match(await jobEnd(second, followed(system)), { phase: "done", duplicateResults: 0 });
    t.match((await reportsOf(second)).at(-1), { result: 380 });
    t.ok(
      [...performed.values()].every((times) => times === 1),
      "nothing was done twice",
    );
  });

  t.test("OR2: goes on when the queue was full or the store away", async (t) => {
    const keyValues = memoryKeyValues();
    const system = memorySystem(t, {
      keyValues,
      queue: memoryDurableQueue({ clock: systemClock, capacity: 4 }),
    });
    system.spawn(worker(Double, ({ n }) => 2 * n, { concurrency: 2 }));
    system.spawn(adder);
    const job = system.spawn(orchestrator, { input: { plan: sumOfDoubles("j5", 40) } });
    await until(system, "it has begun", async () => {
      return (await job.ask("progress")).phases.done > 2;
    });
    keyValues.faults.unavailable = true;
    await new Promise<void>((resolve) => {
      system.ports.clock.after(150, resolve);
    });
    keyValues.faults.unavailable = false;
    t.match(await jobEnd(job, followed(system)), { phase: "done", duplicateResults: 0 });
    t.match((await reportsOf(job)).at(-1), { result: 1_560 });
  });

  t.test("a cancelled job cancels its tasks; one past its deadline fails", async (t) => {
    const system = memorySystem(t);
    const job = system.spawn(orchestrator, { input: { plan: sumOfDoubles("j6", 3) } });
    await until(system, "all are submitted", async () => {
      return (await job.ask("progress")).phases.submitted === 3;
    });
    job.tell("cancel", { reason: "no longer wanted" });
    t.match(await jobEnd(job, followed(system)), {
      phase: "cancelled",
      reason: "no longer wanted",
      phases: { cancelled: 4 },
    });
    await until(system, "the ledger says so", async () => {
      return (await system.ports.tasks.outcomeOf("j6.double.0.0"))?.phase === "cancelled";
    });
    const late = system.spawn(orchestrator, {
      input: { plan: sumOfDoubles("j7", 3), timeout: "50ms" },
    });
    t.match(await jobEnd(late, followed(system)), { phase: "failed", reason: /deadline/ });
  });

  t.test("falls back as declared, and says which assignments settled how", async (t) => {
    const settled: string[] = [];
    const system = memorySystem(t, {
      events: {
        watched: true,
        emit: (event) => {
          if (event.type === "assignment.settled") {
            settled.push(`${event.job} ${event.assignment} ${event.phase}`);
          }
        },
      },
    });
    const Rough = capability<{ n: number }, number>("rough-double@1");
    system.spawn(
      worker(Double, ({ n }) => {
        throw new TroupeError("refused", `${n} is too hard`);
      }),
    );
    system.spawn(worker(Rough, ({ n }) => n + n));
    const hard = plan("j8", (assign) => {
      const fallback = [{ kind: "reassign", capability: "rough-double@1" }] as const;
      assign(Double, { id: "a", given: { n: 4 }, fallback });
      assign(Double, { id: "b", given: { n: 5 } });
    });
    const job = system.spawn(orchestrator, { input: { plan: hard } });
    t.match(await jobEnd(job, followed(system)), { phase: "failed", retries: 1 });
    t.match(await reportsOf(job), [
      { id: "a", phase: "done", result: 8, hops: [{ phase: "failed" }, { phase: "done" }] },
      { id: "b", phase: "failed", error: { code: "refused", message: "5 is too hard" } },
    ]);
    t.same(
      settled.toSorted((a, b) => (a < b ? -1 : 1)),
      ["j8 a done", "j8 b failed"],
    );
  });
});

t.test("worker", async (t) => {
  const positive: Schema<{ n: number }> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => {
        const { n } = value as { n: unknown };
        return typeof n === "number" && n > 0
          ? { value: { n } }
          : { issues: [{ message: "n must be positive" }] };
      },
    },
  };

  t.test("W1: fails an input that does not fit for good, and counts what it did", async (t) => {
    const system = memorySystem(t);
    let performed = 0;
    const Checked = capability<{ n: number }, number>("double@1", { schema: positive });
    const doubler = system.spawn(
      worker(Checked, ({ n }) => {
        performed++;
        return 2 * n;
      }),
    );
    const given = plan("w1", (assign) => {
      assign(Double, { id: "good", given: { n: 1 } });
      assign(Double, { id: "bad", given: { n: -1 } });
    });
    const job = system.spawn(orchestrator, { input: { plan: given } });
    await jobEnd(job, followed(system));
    t.match(await reportsOf(job), [
      { result: 2 },
      { error: { code: "ask.invalid", message: /does not fit double@1: n must be positive/ } },
    ]);
    t.equal(performed, 1);
    t.same(await doubler.ask("load"), { capability: "double@1", inHand: 0, done: 1, failed: 1 });
  });

  t.test("tries again what may pass, with the task at hand", async (t) => {
    const system = memorySystem(t);
    system.spawn(
      worker(Double, ({ n }, { task }) => {
        if (task.attempt === 1) throw new Error("a passing fault");
        return 2 * n;
      }),
    );
    const given = plan("w2", (assign) => {
      assign(Double, { id: "a", given: { n: 3 } });
    });
    const job = system.spawn(orchestrator, { input: { plan: given } });
    t.match(await jobEnd(job, followed(system)), { phase: "done", retries: 1 });
  });

  t.test("W2: a stopping worker ends what it has in hand and takes no more", async (t) => {
    const system = memorySystem(t);
    let begun = 0;
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const doubler = system.spawn(
      worker(Double, async ({ n }) => {
        begun++;
        await gate;
        return 2 * n;
      }),
    );
    const given = plan("w3", (assign) => {
      for (const n of [1, 2]) assign(Double, { id: `a.${n}`, given: { n } });
    });
    const job = system.spawn(orchestrator, { input: { plan: given } });
    await until(system, "one is in hand", () => begun === 1);
    const stopped = system.stop(doubler);
    open();
    await stopped;
    await until(system, "it is recorded", async () => {
      return (await job.ask("progress")).phases.done === 1;
    });
    t.equal(begun, 1);
    system.spawn(worker(Double, ({ n }) => 2 * n));
    t.match(await jobEnd(job, followed(system)), { phase: "done" });
  });

  t.test("throws a RangeError for a concurrency that is none", async (t) => {
    t.throws(() => worker(Double, ({ n }) => n, { concurrency: 0 }), { name: "RangeError" });
  });
});
