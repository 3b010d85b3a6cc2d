/** D1–D6 under any mixture of the stores' ugly sides, in a world of manual time and seeded chance. */
import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { createTasks } from "../../../runtime/durable/create-tasks.ts";
import type { Tasks, TaskWorker } from "../../../runtime/durable/tasks.ts";
import { silentLog } from "../../../runtime/log.ts";
import type { DurableQueue } from "../../../runtime/ports/durable-queue.ts";
import type { MemberPhase } from "../../../runtime/ports/membership.ts";
import { memoryDurableQueue } from "../../../runtime/ports/memory-durable-queue.ts";
import { memoryKeyValues } from "../../../runtime/ports/memory-key-value.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";
import { Happenings, ToldMembership } from "./tasks-under-test.ts";

const TASKS = 12;
const NODES = ["n1", "n2", "n3"] as const;
const CAPABILITY = "chaos@1";

/** What befalls the world; each lasts a step unless it says otherwise. */
const fault = fc.constantFrom(
  "nothing",
  "queue away",
  "ledger away",
  "publish in doubt",
  "write in doubt",
  "acknowledgement lost",
  "delivered twice",
  "watches silent",
  "n1 freezes",
  "n2 is suspected",
  "n2 is up again",
);
type Fault = ReturnType<typeof fault.generate>["value"];

function world(seed: number) {
  const clock = new ManualClock();
  const random = seededRandom(seed);
  const queue = memoryDurableQueue({ clock, ackWaitMs: 1_000 });
  const keyValues = memoryKeyValues({ clock });
  const phases = new Map<string, MemberPhase>();
  const happenings = new Happenings();
  const frozen = new Set<string>();
  const nodes = NODES.map((name) => {
    const tasks = createTasks({
      queue: mutedWhile(queue, clock, () => frozen.has(name)),
      keyValues,
      clock,
      membership: new ToldMembership(name, phases),
      random: random.fork(name),
      events: happenings,
      log: silentLog,
      heartbeatMs: 250,
      putBackMs: 100,
      pullWaitMs: 250,
      checkMs: 200,
      sweepMs: 1_000,
    });
    const chance = random.fork(`work ${name}`);
    const perform = async ({ attempt }: { readonly attempt: number }) => {
      await new Promise<void>((resolve) => clock.after(chance.int(800), resolve));
      if (chance.int(6) === 0) throw new Error("bad luck");
      return `${name} ${attempt}`;
    };
    return { name, tasks, worker: tasks.work(CAPABILITY, perform, { concurrency: 2 }) };
  });
  const inflict = (what: Fault) => {
    switch (what) {
      case "nothing":
        return;
      case "queue away":
        queue.faults.unavailable = true;
        return;
      case "ledger away":
        keyValues.faults.unavailable = true;
        return;
      case "publish in doubt":
        queue.faults.storedButTimedOut++;
        return;
      case "write in doubt":
        keyValues.faults.storedButTimedOut++;
        return;
      case "acknowledgement lost":
        queue.faults.acksLost++;
        return;
      case "delivered twice":
        queue.faults.duplicates++;
        return;
      case "watches silent":
        keyValues.faults.watchesSilent = true;
        return;
      case "n1 freezes":
        frozen.add("n1");
        phases.set("n1", "suspected");
        return;
      case "n2 is suspected":
        phases.set("n2", "suspected");
        return;
      case "n2 is up again":
        phases.delete("n2");
        return;
    }
  };
  const heal = () => {
    queue.faults.unavailable = false;
    keyValues.faults.unavailable = false;
    keyValues.faults.watchesSilent = false;
  };
  return { clock, queue, nodes, happenings, inflict, heal };
}

/** What a frozen node says reaches nobody; what it had asked for is lost on it, once. */
function mutedWhile(queue: DurableQueue, clock: ManualClock, isMuted: () => boolean): DurableQueue {
  return {
    ...queue,
    publish: (task) => queue.publish(task),
    pull: async (capability, options) => {
      if (isMuted()) {
        await new Promise<void>((resolve) => clock.after(options.waitMs, resolve));
        return [];
      }
      const deliveries = await queue.pull(capability, options);
      if (isMuted()) return [];
      return deliveries.map((delivery) => ({
        ...delivery,
        working: () => {
          if (!isMuted()) delivery.working();
        },
        nak: (delayMs) => {
          if (!isMuted()) delivery.nak(delayMs);
        },
      }));
    },
    deadLetter: (task, history) => queue.deadLetter(task, history),
    deadLetters: (capability, limit) => queue.deadLetters(capability, limit),
  };
}

/** Submits until the queue says that it has the task, as a caller must. */
async function submitted(tasks: Tasks, n: number, clock: ManualClock): Promise<void> {
  for (;;) {
    try {
      await tasks.submit({ id: `job.${n}`, capability: CAPABILITY, input: n, maxAttempts: 50 });
      return;
    } catch {
      await new Promise<void>((resolve) => clock.after(100, resolve));
    }
  }
}

t.test("Tasks under faults", async (t) => {
  t.test("D1–D6 hold, whatever befalls the stores and the nodes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(fault, { maxLength: 30 }), async (seed, faults) => {
        const { clock, queue, nodes, happenings, inflict, heal } = world(seed);
        const [first] = nodes;
        if (first === undefined) throw new Error("no nodes");
        const settled = new Map<string, string>();
        const cancel = await first.tasks.follow("job", (id, outcome) => {
          assert.ok(!settled.has(id), "F1: an end is told once");
          settled.set(id, JSON.stringify(outcome));
        });
        const submits = Array.from({ length: TASKS }, (_, n) => submitted(first.tasks, n, clock));
        for (const what of faults) {
          inflict(what);
          await clock.advanceAsync(200);
          heal();
        }
        for (let step = 0; step < 300 && settled.size < TASKS; step++)
          await clock.advanceAsync(200);
        await Promise.all(submits);
        assert.equal(settled.size, TASKS, "D1: every accepted task becomes terminal");

        for (const [id, outcome] of settled) {
          const read = await first.tasks.outcomeOf(id);
          assert.equal(JSON.stringify(read), outcome, "D2: an end never changes");
          assert.ok(read?.phase === "done");
          const ends = happenings.of("task.done").filter(({ task }) => task === id);
          assert.equal(ends.length, 1, "D2: one worker is told that its result stands");
          const claims = happenings.of("task.claimed").filter(({ task }) => task === id);
          const last = claims.find(({ token }) => token === ends[0]?.token);
          assert.equal(last?.attempt, read.attempt, "D3: the writer held the token of its claim");
          assert.equal(
            read.result,
            `${read.owner} ${read.attempt}`,
            "D6: the result is the owner's",
          );
          assert.ok(
            claims.every(({ token }) => token <= (last?.token ?? 0)),
            "D3: and the last one",
          );
          const threw = happenings.of("task.failed").filter(({ task }) => task === id).length;
          assert.ok(
            read.attempt <= 1 + threw + faults.length,
            "D5: attempts are bounded by faults",
          );
        }
        // Whatever is still queued is acknowledged when it comes back.
        await clock.advanceAsync(5_000);
        let left: number | undefined;
        void queue.pull(CAPABILITY, { count: 9, waitMs: 10 }).then((got) => {
          left = got.length;
        });
        await clock.advanceAsync(100);
        assert.equal(left, 0, "D4: the queue is empty once the ledger is terminal");
        cancel();
        const stopped = Promise.all(
          nodes.map(({ worker }: { worker: TaskWorker }) => worker.stop()),
        );
        await clock.advanceAsync(2_000);
        await stopped;
      }),
      { numRuns: 150, verbose: 1, endOnFailure: false },
    );
  });
});
