import fc from "fast-check";
import t from "tap";
import type { Fallback } from "../../../protocols/orchestration/assignment.ts";
import { hopOfTask } from "../../../protocols/orchestration/assignment.ts";
import { progressOf, reportPage } from "../../../protocols/orchestration/job-report.ts";
import { begin, step } from "../../../protocols/orchestration/orchestration.ts";
import type {
  OrchestrationEffect,
  OrchestrationEvent,
} from "../../../protocols/orchestration/orchestration-event.ts";
import type { Plan } from "../../../protocols/orchestration/plan.ts";
import { parsePlan } from "../../../protocols/orchestration/plan.ts";
import type { TaskOutcome } from "../../../runtime/durable/tasks.ts";

interface Sketch {
  readonly needs?: readonly string[];
  readonly fallback?: readonly Fallback[];
  readonly priority?: "interactive" | "batch";
}

function planOf(sketch: Readonly<Record<string, Sketch>>): Plan {
  const assignments = Object.entries(sketch).map(([id, { needs = [], ...rest }]) => ({
    id,
    capability: "work@1",
    given: { id },
    needs: { parts: needs },
    ...rest,
  }));
  const parsed = parsePlan({ job: "j", assignments });
  if (!parsed.ok) throw new TypeError(parsed.error.map((fault) => fault.message).join());
  return parsed.value;
}

const done = (result: unknown, attempt = 1): TaskOutcome => ({
  phase: "done",
  result,
  attempt,
  owner: "n1",
});
const failed = (message: string): TaskOutcome => ({
  phase: "failed",
  error: { code: "actor.failed", message },
  attempt: 1,
});

/** A job that is driven by hand. */
function driven(plan: Plan, maxInFlight?: number) {
  let job = begin(plan, maxInFlight === undefined ? {} : { maxInFlight });
  const all: OrchestrationEffect[] = [];
  const send = (event: OrchestrationEvent): readonly OrchestrationEffect[] => {
    const [next, effects] = step(job, event);
    job = next;
    all.push(...effects);
    return effects;
  };
  return {
    send,
    all,
    progress: () => progressOf(job),
    reports: () => reportPage(job, 0, 1e6).reports,
  };
}

const tasksIn = (effects: readonly OrchestrationEffect[]) =>
  effects.flatMap((effect) => (effect.type === "submit" ? effect.request.id : []));

t.test("orchestration", async (t) => {
  t.test("O1: submits an assignment when its needs are done, with their results", async (t) => {
    const job = driven(planOf({ a: {}, b: {}, c: { needs: ["a", "b"] } }));
    t.same(tasksIn(job.send({ type: "started" })), ["j.a.0", "j.b.0"]);
    t.same(tasksIn(job.send({ type: "settled", task: "j.a.0", outcome: done("A") })), []);
    const effects = job.send({ type: "settled", task: "j.b.0", outcome: done("B") });
    t.match(effects, [
      { type: "announce", assignment: "b", phase: "done" },
      {
        type: "submit",
        request: {
          id: "j.c.0",
          capability: "work@1",
          priority: "batch",
          input: { id: "c", parts: ["A", "B"] },
        },
      },
    ]);
    const last = job.send({ type: "settled", task: "j.c.0", outcome: done("C", 3) });
    t.match(last.at(-1), { type: "finish", phase: "done" });
    t.match(job.progress(), { phase: "done", phases: { done: 3 }, retries: 2 });
    t.same(job.progress().capabilities, { "work@1": { assignments: 3, settled: 3 } });
  });

  t.test("O1: keeps at most maxInFlight tasks under way, interactive ones first", async (t) => {
    const job = driven(planOf({ a: {}, b: {}, c: { priority: "interactive" } }), 2);
    t.same(tasksIn(job.send({ type: "started" })), ["j.c.0", "j.a.0"]);
    t.same(tasksIn(job.send({ type: "submitted", task: "j.a.0", answer: "taken" })), []);
    t.same(tasksIn(job.send({ type: "settled", task: "j.a.0", outcome: done(1) })), ["j.b.0"]);
  });

  t.test("O5: submits nothing after a refusal until there is room", async (t) => {
    const job = driven(planOf({ a: {}, b: {}, c: {} }), 2);
    job.send({ type: "started" });
    t.same(job.send({ type: "submitted", task: "j.a.0", answer: "refused" }), [
      { type: "awaitRoom" },
    ]);
    t.same(job.send({ type: "submitted", task: "j.b.0", answer: "refused" }), []);
    t.match(job.progress().phases, { ready: 3, submitting: 0 });
    t.same(tasksIn(job.send({ type: "roomMade" })), ["j.c.0", "j.a.0"]);
  });

  t.test("walks the fallback chain and records each hop", async (t) => {
    const fallback: readonly Fallback[] = [
      { kind: "retry", times: 1 },
      { kind: "reassign", capability: "other@2" },
      { kind: "default", value: "unknown" },
    ];
    const job = driven(planOf({ a: { fallback } }));
    job.send({ type: "started" });
    const again = job.send({ type: "settled", task: "j.a.0", outcome: failed("one") });
    t.match(again, [{ type: "submit", request: { id: "j.a.1", capability: "work@1" } }]);
    const other = job.send({ type: "settled", task: "j.a.1", outcome: failed("two") });
    t.match(other, [{ type: "submit", request: { id: "j.a.2", capability: "other@2" } }]);
    job.send({
      type: "settled",
      task: "j.a.2",
      outcome: { ...failed("three"), phase: "dead-lettered" } as TaskOutcome,
    });
    t.match(job.reports(), [
      {
        id: "a",
        phase: "done",
        result: "unknown",
        hops: [
          { task: "j.a.0", capability: "work@1", phase: "failed", error: { message: "one" } },
          { task: "j.a.1", capability: "work@1", phase: "failed" },
          { task: "j.a.2", capability: "other@2", phase: "dead-lettered", attempts: 1 },
        ],
      },
    ]);
    t.match(job.progress(), { phase: "done", retries: 2, defaults: 1 });
  });

  t.test(
    "O4: fails what has no fallback, skips what needs it, and goes on with the rest",
    async (t) => {
      const job = driven(planOf({ a: {}, b: { needs: ["a"] }, c: { needs: ["b"] }, d: {} }));
      job.send({ type: "started" });
      job.send({ type: "settled", task: "j.a.0", outcome: failed("broken") });
      t.equal(job.progress().phase, "running");
      const last = job.send({ type: "settled", task: "j.d.0", outcome: done(1) });
      t.match(last.at(-1), { type: "finish", phase: "failed" });
      t.match(job.reports(), [
        { phase: "failed", error: { message: "broken" } },
        { phase: "skipped", reason: "a is failed" },
        { phase: "skipped", reason: "b is skipped" },
        { phase: "done" },
      ]);
      t.equal(job.progress().reason, "3 assignments have no result");
    },
  );

  t.test("O4: a cancelled job cancels its tasks and settles everything", async (t) => {
    const job = driven(planOf({ a: {}, b: { needs: ["a"] } }));
    job.send({ type: "started" });
    job.send({ type: "submitted", task: "j.a.0", answer: "taken" });
    const effects = job.send({ type: "cancelled", reason: "no longer wanted" });
    t.match(effects[0], { type: "cancelTask", task: "j.a.0", reason: "no longer wanted" });
    t.match(effects.at(-1), { type: "finish", phase: "cancelled" });
    t.equal(job.progress().phases.cancelled, 2);
    t.same(job.send({ type: "settled", task: "j.a.0", outcome: done(1) }), [], "too late");
    t.same(job.send({ type: "expired" }), [], "it has ended");
  });

  t.test("a job past its deadline fails", async (t) => {
    const job = driven(planOf({ a: {} }));
    job.send({ type: "started" });
    t.match(job.send({ type: "expired" }).at(-1), { type: "finish", phase: "failed" });
    t.equal(job.progress().reason, "the job's deadline passed");
  });

  t.test("O2: the first record counts; only a different second one is a duplicate", async (t) => {
    const job = driven(planOf({ a: {}, b: {} }));
    job.send({ type: "started" });
    job.send({ type: "settled", task: "j.a.0", outcome: done({ n: 1 }) });
    t.same(job.send({ type: "settled", task: "j.a.0", outcome: done({ n: 1 }) }), []);
    t.equal(job.progress().duplicateResults, 0);
    t.same(job.send({ type: "settled", task: "j.a.0", outcome: done({ n: 2 }) }), []);
    t.equal(job.progress().duplicateResults, 1);
    t.same(job.reports()[0]?.result, { n: 1 });
    t.same(job.send({ type: "settled", task: "j.z.0", outcome: done(1) }), [], "not of the plan");
    t.same(job.send({ type: "settled", task: "k.a.0", outcome: done(1) }), [], "not of the job");
  });

  t.test("O2: a job begun again takes recorded results and submits only the rest", async (t) => {
    const job = driven(planOf({ a: {}, b: { needs: ["a"] }, c: { needs: ["b"] } }));
    job.send({ type: "settled", task: "j.b.0", outcome: done("B") });
    job.send({ type: "settled", task: "j.a.0", outcome: done("A") });
    const effects = job.send({ type: "started" });
    t.same(tasksIn(effects), ["j.c.0"]);
  });

  t.test("carries a chain of 20,000 assignments without deep recursion", async (t) => {
    const sketch: Record<string, Sketch> = {};
    for (let at = 0; at < 20_000; at++)
      sketch[`a${at}`] = at === 0 ? {} : { needs: [`a${at - 1}`] };
    const job = driven(planOf(sketch));
    job.send({ type: "started" });
    job.send({ type: "settled", task: "j.a0.0", outcome: failed("first") });
    t.equal(job.progress().phases.skipped, 19_999);
  });

  t.test("an empty plan is done at once", async (t) => {
    t.same(driven(planOf({})).send({ type: "started" }), [{ type: "finish", phase: "done" }]);
  });

  t.test("O3: any order of records ends in the same reports", async () => {
    const plan = planOf({
      a: { fallback: [{ kind: "retry", times: 1 }] },
      b: { needs: ["a"] },
      c: { needs: ["a", "b"], fallback: [{ kind: "default", value: 0 }] },
      d: { fallback: [{ kind: "reassign", capability: "other@1" }] },
      e: { needs: ["d"] },
    });
    const records: readonly (readonly [string, TaskOutcome])[] = [
      ["j.a.0", failed("a")],
      ["j.a.1", done("A")],
      ["j.b.0", done("B", 2)],
      ["j.c.0", failed("c")],
      ["j.d.0", failed("d")],
      ["j.d.1", failed("d again")],
    ];
    const result = (order: readonly number[], startAt: number) => {
      const job = driven(plan);
      order.forEach((index, at) => {
        if (at === startAt) job.send({ type: "started" });
        const record = records[index % records.length];
        if (record !== undefined)
          job.send({ type: "settled", task: record[0], outcome: record[1] });
      });
      job.send({ type: "started" });
      return JSON.stringify([job.reports(), job.progress()]);
    };
    const expected = result([0, 1, 2, 3, 4, 5], 0);
    fc.assert(
      fc.property(
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], { minLength: 12 }),
        fc.nat(12),
        (order, startAt) => result(order, startAt) === expected,
      ),
    );
  });

  t.test(
    "O1, O4: random plans under random answers end, and never run ahead of their needs",
    async () => {
      const sketchArb = fc.array(fc.array(fc.nat(30), { maxLength: 3 }), {
        minLength: 1,
        maxLength: 25,
      });
      fc.assert(
        fc.property(
          sketchArb,
          fc.array(fc.nat(9), { minLength: 20, maxLength: 60 }),
          fc.integer({ min: 1, max: 5 }),
          (needs, dice, maxInFlight) => {
            const sketch: Record<string, Sketch> = {};
            needs.forEach((list, at) => {
              // Needs point backwards, so there is no cycle.
              const back = at === 0 ? [] : [...new Set(list.map((n) => `a${n % at}`))];
              sketch[`a${at}`] = {
                needs: back,
                fallback: at % 3 === 0 ? [{ kind: "retry", times: 2 }] : [],
              };
            });
            const job = driven(planOf(sketch), maxInFlight);
            const doneIds = new Set<string>();
            let queue = [...job.send({ type: "started" })];
            let draw = 0;
            for (let turns = 0; job.progress().phase === "running"; turns++) {
              if (turns > 2_000) return false;
              const effect = queue.shift();
              if (effect === undefined) return false;
              if (effect.type === "awaitRoom") queue.push(...job.send({ type: "roomMade" }));
              if (effect.type !== "submit") continue;
              const { id } = effect.request;
              const found = hopOfTask("j", id);
              if (found === undefined) return false;
              if (!sketch[found.assignment]?.needs?.every((need) => doneIds.has(need)))
                return false;
              const { submitting, submitted } = job.progress().phases;
              if (submitting + submitted > maxInFlight) return false;
              const die = dice[draw++ % dice.length] ?? 0;
              // The dice come round, so a refusal must not be able to come up for ever.
              if (die === 0 && draw < 100) {
                queue.push(...job.send({ type: "submitted", task: id, answer: "refused" }));
                continue;
              }
              queue.push(...job.send({ type: "submitted", task: id, answer: "taken" }));
              if (die > 2) doneIds.add(found.assignment);
              const outcome = die > 2 ? done(die) : failed("no");
              queue.push(...job.send({ type: "settled", task: id, outcome }));
            }
            queue = [];
            const { done: good, failed: bad, skipped } = job.progress().phases;
            return good === doneIds.size && good + bad + skipped === needs.length;
          },
        ),
      );
    },
  );

  t.test("400 documents in four steps take well under a second", async (t) => {
    const sketch: Record<string, Sketch> = {};
    for (let at = 0; at < 400; at++) {
      sketch[`read.${at}`] = {};
      sketch[`classify.${at}`] = { needs: [`read.${at}`] };
      sketch[`extract.${at}`] = { needs: [`read.${at}`] };
      sketch[`sum.${at}`] = { needs: [`classify.${at}`, `extract.${at}`] };
    }
    const job = driven(planOf(sketch), 64);
    const startedMs = performance.now();
    const queue = [...tasksIn(job.send({ type: "started" }))];
    for (const task of queue) {
      job.send({ type: "submitted", task, answer: "taken" });
      queue.push(...tasksIn(job.send({ type: "settled", task, outcome: done(task) })));
    }
    const tookMs = performance.now() - startedMs;
    t.match(job.progress(), { phase: "done", phases: { done: 1_600 } });
    t.ok(tookMs < 500, `${tookMs.toFixed(0)} ms`);
  });
});
