/**
 * What durable tasks must do, whichever stores are behind them: the invariants D1–D6 by name.
 *
 * Workers of several nodes share a queue and a ledger; who is suspected is told by the test.
 */
import type { Test } from "tap";
import { createTasks } from "../../runtime/durable/create-tasks.ts";
import type { TaskInHand, TaskOutcome, Tasks } from "../../runtime/durable/tasks.ts";
import { silentLog } from "../../runtime/log.ts";
import type { Clock } from "../../runtime/ports/clock.ts";
import type { DurableQueue } from "../../runtime/ports/durable-queue.ts";
import type { KeyValues } from "../../runtime/ports/key-value.ts";
import type { MemberPhase } from "../../runtime/ports/membership.ts";
import { seededRandom } from "../../runtime/ports/random.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { Happenings, ToldMembership } from "../runtime/durable/tasks-under-test.ts";

/** Stores under test; the queue's ack wait is 1,000 ms. */
export interface TasksUnderTest {
  readonly queue: DurableQueue;
  readonly keyValues: KeyValues;
  readonly clock: Clock;
  /** Lets time pass in small steps until `condition` holds; false when it does not within `withinMs`. */
  readonly until: (condition: () => boolean, withinMs: number) => Promise<boolean>;
}

/** Work that a test ends when it likes. */
class Gate {
  readonly entered: TaskInHand[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #opens: ((result: unknown) => void)[] = [];

  readonly perform = (task: TaskInHand, signal: AbortSignal): Promise<unknown> => {
    this.entered.push(task);
    this.signals.push(signal);
    return new Promise((resolve) => this.#opens.push(resolve));
  };

  open(result: unknown): void {
    for (const resolve of this.#opens.splice(0)) resolve(result);
  }
}

/** Runs the suite; `start` is called once. */
export async function tasksContract(t: Test, start: () => Promise<TasksUnderTest>): Promise<void> {
  const { queue, keyValues, clock, until } = await start();
  let jobs = 0;

  /** A job of its own with its capability, and nodes to work on it. */
  const setUp = () => {
    const job = `job${++jobs}`;
    const phases = new Map<string, MemberPhase>();
    const happenings = new Happenings();
    const node = (name: string, more: { readonly queue?: DurableQueue } = {}): Tasks =>
      createTasks({
        queue: more.queue ?? queue,
        keyValues,
        clock,
        membership: new ToldMembership(name, phases),
        random: seededRandom(jobs),
        events: happenings,
        log: silentLog,
        heartbeatMs: 250,
        putBackMs: 100,
        pullWaitMs: 250,
        checkMs: 200,
        sweepMs: 1_000,
      });
    const capability = `do-${job}@1`;
    const request = (n: number) => ({ id: `${job}.${n}`, capability, input: n });
    return { job, capability, request, phases, happenings, node };
  };
  const outcomes = () => {
    const seen = new Map<string, TaskOutcome>();
    let calls = 0;
    const settled = (id: string, outcome: TaskOutcome) => {
      calls++;
      seen.set(id, outcome);
    };
    return { seen, settled, calls: () => calls };
  };

  await t.test("S4, D1, D2: every accepted task is done once, by one of two workers", async (t) => {
    const { job, capability, request, happenings, node } = setUp();
    const [n1, n2] = [node("n1"), node("n2")];
    const { seen, settled, calls } = outcomes();
    const cancel = await n1.follow(job, settled);
    for (let n = 0; n < 20; n++) t.equal(await n1.submit(request(n)), "accepted");
    t.equal(await n2.submit(request(0)), "duplicate");
    const double = async ({ input }: TaskInHand) => ({ twice: 2 * Number(input) });
    const workers = [n1, n2].map((tasks) => tasks.work(capability, double, { concurrency: 3 }));
    t.ok(await until(() => seen.size === 20, 8_000));
    for (let n = 0; n < 20; n++)
      t.match(seen.get(`${job}.${n}`), { phase: "done", result: { twice: 2 * n }, attempt: 1 });
    await Promise.all(workers.map((worker) => worker.drain()));
    cancel();
    t.equal(calls(), 20, "F1: each end is told once");
    t.equal(happenings.of("task.done").length, 20);
    t.equal(happenings.of("task.accepted").length, 20);
    for (const done of happenings.of("task.done")) {
      const claim = happenings.of("task.claimed").find(({ task }) => task === done.task);
      t.equal(done.token, claim?.token, "D3: the end was written under its claim's token");
    }
  });

  await t.test("D2, D4: a task whose acknowledgement was lost is not done again", async (t) => {
    const { capability, request, happenings, node } = setUp();
    const acks = { lost: 0, sent: 0 };
    const tasks = node("n1", { queue: losingFirstAck(queue, acks) });
    const worker = tasks.work(capability, async () => "once");
    await tasks.submit(request(1));
    t.ok(await until(() => happenings.of("task.done").length === 1, 5_000));
    t.ok(await until(() => acks.lost === 1, 5_000));
    t.ok(await until(() => acks.sent === 1, 5_000), "it came back and was acknowledged");
    await worker.drain();
    t.equal(happenings.of("task.claimed").length, 1);
    t.match(await tasks.outcomeOf(request(1).id), { phase: "done", result: "once" });
  });

  await t.test(
    "D1, D6: a worker that vanishes is replaced, and its late result refused",
    async (t) => {
      const { capability, request, phases, happenings, node } = setUp();
      // What n1 says after it froze does not reach the queue: it has no heartbeat.
      const frozen = { now: false };
      const n1 = node("n1", { queue: silencedWhen(queue, frozen) });
      const n2 = node("n2");
      const zombie = new Gate();
      const first = n1.work(capability, zombie.perform);
      await n1.submit(request(1));
      t.ok(await until(() => zombie.entered.length === 1, 5_000));
      frozen.now = true;
      const gate = new Gate();
      const second = n2.work(capability, gate.perform);
      t.notOk(
        await until(() => gate.entered.length > 0, 1_600),
        "while the owner is up, its task is put back",
      );
      phases.set("n1", "suspected");
      t.ok(await until(() => gate.entered.length > 0, 2_000), "suspected, it is taken over");
      t.match(gate.entered, [{ attempt: 2 }]);
      t.match(happenings.of("task.claimed")[1], { takenFrom: "n1", attempt: 2 });
      zombie.open("too late");
      t.ok(await until(() => happenings.of("task.fenced").length === 1, 5_000));
      t.equal(await n1.outcomeOf(request(1).id), undefined, "D6: its result is not visible");
      gate.open("in time");
      t.ok(await until(() => happenings.of("task.done").length === 1, 5_000));
      t.match(await n1.outcomeOf(request(1).id), { phase: "done", result: "in time", attempt: 2 });
      await first.stop();
      await second.drain();
    },
  );

  await t.test(
    "W4: a task that lasts longer than the ack wait stays with its worker",
    async (t) => {
      const { capability, request, happenings, node } = setUp();
      const [n1, n2] = [node("n1"), node("n2")];
      const gate = new Gate();
      const worker = n1.work(capability, gate.perform);
      await n1.submit(request(1));
      t.ok(await until(() => gate.entered.length === 1, 5_000));
      const idle = n2.work(capability, gate.perform);
      t.notOk(await until(() => happenings.of("task.claimed").length > 1, 2_500));
      gate.open("at last");
      t.ok(await until(() => happenings.of("task.done").length === 1, 5_000));
      t.equal(gate.entered.length, 1);
      await Promise.all([worker.drain(), idle.drain()]);
    },
  );

  await t.test("retries what threw, on whichever node, and says so", async (t) => {
    const { capability, request, happenings, node } = setUp();
    const tasks = node("n1");
    const worker = tasks.work(capability, async ({ attempt }) => {
      if (attempt < 3) throw new Error(`no luck ${attempt}`);
      return attempt;
    });
    await tasks.submit(request(1));
    t.ok(await until(() => happenings.of("task.done").length === 1, 8_000));
    t.match(await tasks.outcomeOf(request(1).id), { phase: "done", result: 3, attempt: 3 });
    t.match(happenings.of("task.failed"), [
      { attempt: 1, message: "no luck 1", again: true },
      { attempt: 2, message: "no luck 2", again: true },
    ]);
    await worker.drain();
  });

  await t.test(
    "dead-letters what cannot be done, with its history, and fails what says so",
    async (t) => {
      const { capability, request, happenings, node } = setUp();
      const tasks = node("n1");
      const worker = tasks.work(capability, async ({ input }) => {
        if (input === 1) throw new Error("poison");
        throw new TroupeError("model.unknown", "no such model");
      });
      await tasks.submit({ ...request(1), maxAttempts: 2 });
      await tasks.submit(request(2));
      t.ok(await until(() => happenings.of("task.failed").length === 3, 8_000));
      t.ok(await until(() => happenings.of("task.dead-lettered").length === 1, 5_000));
      await worker.drain();
      t.match(await tasks.outcomeOf(request(1).id), {
        phase: "dead-lettered",
        attempt: 2,
        error: { message: "poison" },
      });
      t.match(await tasks.outcomeOf(request(2).id), {
        phase: "failed",
        attempt: 1,
        error: { code: "model.unknown" },
      });
      t.match(await queue.deadLetters(capability, 5), [
        { task: { id: request(1).id }, history: [{ attempt: 1 }, { attempt: 2 }] },
      ]);
      let left: number | undefined;
      void queue.pull(capability, { count: 1, waitMs: 50 }).then((deliveries) => {
        left = deliveries.length;
      });
      t.ok(await until(() => left !== undefined, 1_000));
      t.equal(left, 0, "D4: both are gone");
    },
  );

  await t.test("a result that cannot be recorded fails its task for good", async (t) => {
    const { capability, request, happenings, node } = setUp();
    const tasks = node("n1");
    const worker = tasks.work(capability, async () => ({ token: Symbol("not data") }));
    await tasks.submit(request(1));
    t.ok(await until(() => happenings.of("task.failed").length === 1, 5_000));
    await worker.drain();
    t.match(await tasks.outcomeOf(request(1).id), {
      phase: "failed",
      attempt: 1,
      error: { code: "ask.undecodable", message: /cannot be carried/ },
    });
  });

  await t.test("a task whose workers keep vanishing is dead-lettered", async (t) => {
    const { capability, request, phases, happenings, node } = setUp();
    const [n1, n3] = [node("n1"), node("n3")];
    const gate = new Gate();
    const frozen = { now: false };
    const lost = node("n2", { queue: silencedWhen(queue, frozen) });
    const crashing = lost.work(capability, gate.perform);
    await n1.submit({ ...request(1), maxAttempts: 1 });
    t.ok(await until(() => gate.entered.length === 1, 5_000));
    frozen.now = true;
    phases.set("n2", "down");
    const worker = n3.work(capability, async () => "never");
    t.ok(await until(() => happenings.of("task.dead-lettered").length === 1, 5_000));
    t.match(await n1.outcomeOf(request(1).id), { phase: "dead-lettered", attempt: 1 });
    gate.open("late");
    t.ok(await until(() => happenings.of("task.fenced").length === 1, 5_000));
    await worker.drain();
    await crashing.stop();
  });

  await t.test(
    "regression W6: a store that fails while a lost claim is looked up ends nothing",
    async (t) => {
      const { capability, request, phases, happenings, node } = setUp();
      const mute = { now: false };
      const refusals = { letters: 0 };
      const n1 = node("n1", { queue: refusingLetters(silencedWhen(queue, mute), refusals) });
      const gate = new Gate();
      const first = n1.work(capability, gate.perform);
      await n1.submit({ ...request(1), maxAttempts: 1 });
      t.ok(await until(() => gate.entered.length === 1, 5_000));
      mute.now = true;
      phases.set("n1", "down");
      const second = node("n2").work(capability, async () => "never");
      t.ok(await until(() => happenings.of("task.dead-lettered").length === 1, 5_000));
      t.ok(await until(() => refusals.letters > 0, 5_000), "n1 finds the end and cannot keep it");
      t.ok(await until(() => gate.signals[0]?.aborted === true, 5_000));
      await second.drain();
      gate.open("too late");
      await first.stop();
      t.match(await n1.outcomeOf(request(1).id), { phase: "dead-lettered" });
    },
  );

  await t.test(
    "S21, W7: a node that lags takes no new task, and goes on with those in hand",
    async (t) => {
      const { capability, request, phases, happenings, node } = setUp();
      const [n1, n2] = [node("n1"), node("n2")];
      const gate = new Gate();
      const lagging = n1.work(capability, gate.perform, { concurrency: 2 });
      await n1.submit(request(1));
      t.ok(await until(() => gate.entered.length === 1, 5_000));
      phases.set("n1", "degraded");
      // A pull that was under way still counts as before: it ends within `pullWaitMs`.
      const pulled = clock.monotonicMs() + 600;
      await until(() => clock.monotonicMs() > pulled, 5_000);
      await n1.submit(request(2));
      const other = n2.work(capability, async () => "n2");
      t.ok(await until(() => happenings.of("task.done").length === 1, 5_000));
      t.match(await n1.outcomeOf(request(2).id), { phase: "done", result: "n2" });
      await other.drain();
      t.equal(gate.entered.length, 1);
      gate.open("n1");
      t.ok(await until(() => happenings.of("task.done").length === 2, 5_000));
      t.match(await n1.outcomeOf(request(1).id), { phase: "done", result: "n1", attempt: 1 });
      phases.set("n1", "up");
      await n1.submit(request(3));
      t.ok(await until(() => gate.entered.length === 2, 5_000), "up again, it takes more");
      gate.open("n1 again");
      await lagging.drain();
    },
  );

  await t.test("cancels a task before, while and after it is done", async (t) => {
    const { capability, request, happenings, node } = setUp();
    const [n1, n2] = [node("n1"), node("n2")];
    await n1.submit(request(1));
    await n1.cancel(request(1).id, "changed my mind");
    const gate = new Gate();
    const worker = n2.work(capability, gate.perform);
    await n1.submit(request(2));
    t.ok(await until(() => gate.entered.length === 1, 5_000));
    t.equal(gate.entered[0]?.id, request(2).id, "the cancelled one never ran");
    await n1.cancel(request(2).id, "stop");
    t.ok(await until(() => gate.signals[0]?.aborted === true, 5_000), "the work is aborted");
    gate.open("ignored");
    t.ok(await until(() => happenings.of("task.fenced").length === 1, 5_000));
    t.match(await n1.outcomeOf(request(2).id), { phase: "cancelled", reason: "stop" });
    await n1.cancel(request(2).id, "again");
    t.match(await n1.outcomeOf(request(2).id), { phase: "cancelled", reason: "stop" });
    await worker.drain();
  });

  await t.test("stop aborts the work and lets another have the task at once", async (t) => {
    const { capability, request, happenings, node } = setUp();
    const [n1, n2] = [node("n1"), node("n2")];
    const gate = new Gate();
    const worker = n1.work(capability, gate.perform);
    await n1.submit(request(1));
    t.ok(await until(() => gate.entered.length === 1, 5_000));
    await worker.stop();
    t.equal(gate.signals[0]?.aborted, true);
    t.equal(worker.inHand, 0);
    const next = n2.work(capability, async () => "second");
    t.ok(await until(() => happenings.of("task.done").length === 1, 5_000));
    t.match(await n2.outcomeOf(request(1).id), { result: "second", attempt: 1 });
    gate.open("too late");
    await next.drain();
  });

  await t.test(
    "regression D4: a result that comes after its task was given back does not end the task",
    async (t) => {
      const { capability, request, happenings, node } = setUp();
      const [n1, n2] = [node("n1"), node("n2")];
      const gate = new Gate();
      const worker = n1.work(capability, gate.perform);
      await n1.submit(request(1));
      t.ok(await until(() => gate.entered.length === 1, 5_000));
      await worker.stop();
      // Nobody has taken it yet: what stands under its token is that it was given back.
      gate.open("too late");
      t.ok(await until(() => happenings.of("task.fenced").length === 1, 5_000));
      t.equal(happenings.of("task.done").length, 0);
      const next = n2.work(capability, async () => "second");
      t.ok(await until(() => happenings.of("task.done").length === 1, 5_000), "it is not lost");
      t.match(await n2.outcomeOf(request(1).id), { phase: "done", result: "second", attempt: 1 });
      await next.drain();
    },
  );

  await t.test(
    "regression D1: work that ignores its abort does not keep its task from coming back",
    async (t) => {
      const { capability, request, phases, happenings, node } = setUp();
      const [muteOne, muteTwo] = [{ now: false }, { now: false }];
      const n1 = node("n1", { queue: silencedWhen(queue, muteOne) });
      const n2 = node("n2", { queue: silencedWhen(queue, muteTwo) });
      const deaf = new Gate();
      const first = n1.work(capability, deaf.perform);
      await n1.submit(request(1));
      t.ok(await until(() => deaf.entered.length === 1, 5_000));
      muteOne.now = true;
      phases.set("n1", "suspected");
      const second = n2.work(capability, deaf.perform);
      t.ok(await until(() => deaf.entered.length === 2, 5_000), "n2 takes it over");
      t.ok(await until(() => deaf.signals[0]?.aborted === true, 5_000), "n1 is told");
      muteTwo.now = true;
      phases.set("n2", "down");
      phases.set("n1", "up");
      muteOne.now = false;
      const third = n1.work(capability, async () => "at last");
      t.ok(await until(() => happenings.of("task.done").length === 1, 5_000));
      t.match(await n1.outcomeOf(request(1).id), { result: "at last", attempt: 3 });
      await third.drain();
      deaf.open("too late");
      t.ok(await until(() => happenings.of("task.fenced").length === 2, 5_000));
      await Promise.all([first.stop(), second.stop()]);
    },
  );

  await t.test("drain finishes what is in hand and takes no more", async (t) => {
    const { capability, request, happenings, node } = setUp();
    const tasks = node("n1");
    const gate = new Gate();
    const worker = tasks.work(capability, gate.perform);
    await tasks.submit(request(1));
    t.ok(await until(() => gate.entered.length === 1, 5_000));
    const drained = worker.drain();
    await tasks.submit(request(2));
    gate.open("done");
    await drained;
    t.equal(happenings.of("task.done").length, 1);
    t.equal(worker.inHand, 0);
    t.equal(await tasks.outcomeOf(request(2).id), undefined);
    await tasks.cancel(request(2).id, "test over");
  });

  await t.test("a follower that comes late hears of what has ended and of what will", async (t) => {
    const { job, capability, request, happenings, node } = setUp();
    const tasks = node("n1");
    const worker = tasks.work(capability, async ({ input }) => input);
    await tasks.submit(request(1));
    t.ok(await until(() => happenings.of("task.done").length === 1, 5_000));
    const { seen, settled } = outcomes();
    const cancel = await node("n2").follow(job, settled);
    await tasks.submit(request(2));
    t.ok(await until(() => seen.size === 2, 5_000));
    cancel();
    await tasks.submit(request(3));
    t.ok(await until(() => happenings.of("task.done").length === 3, 5_000));
    t.equal(seen.size, 2, "a follower that was cancelled hears nothing");
    await worker.drain();
  });

  await t.test("refuses ids, attempts and concurrency that make no sense", async (t) => {
    const { capability, request, node } = setUp();
    const tasks = node("n1");
    await t.rejects(tasks.submit({ ...request(1), id: "a b" }), { name: "TypeError" });
    await t.rejects(tasks.submit({ ...request(1), maxAttempts: 0 }), { name: "RangeError" });
    t.throws(() => tasks.work(capability, async () => 1, { concurrency: 0 }), {
      name: "RangeError",
    });
  });
}

/** A queue whose deliveries say nothing to the server while `frozen.now`. */
function silencedWhen(queue: DurableQueue, frozen: { readonly now: boolean }): DurableQueue {
  return {
    publish: (task) => queue.publish(task),
    pull: async (capability, options) => {
      if (frozen.now)
        return new Promise((resolve) =>
          options.signal?.addEventListener("abort", () => resolve([])),
        );
      const deliveries = await queue.pull(capability, options);
      return deliveries.map((delivery) => ({
        task: delivery.task,
        deliveries: delivery.deliveries,
        working: () => {
          if (!frozen.now) delivery.working();
        },
        ack: () => delivery.ack(),
        nak: (delayMs) => {
          if (!frozen.now) delivery.nak(delayMs);
        },
      }));
    },
    deadLetter: (task, history) => queue.deadLetter(task, history),
    deadLetters: (capability, limit) => queue.deadLetters(capability, limit),
  };
}

/** A queue that keeps no dead letters. */
function refusingLetters(queue: DurableQueue, refusals: { letters: number }): DurableQueue {
  return {
    publish: (task) => queue.publish(task),
    pull: (capability, options) => queue.pull(capability, options),
    deadLetter: async () => {
      refusals.letters++;
      throw new TroupeError("store.unavailable", "no answer");
    },
    deadLetters: (capability, limit) => queue.deadLetters(capability, limit),
  };
}

/** A queue that loses the first acknowledgement. */
function losingFirstAck(queue: DurableQueue, acks: { lost: number; sent: number }): DurableQueue {
  return {
    publish: (task) => queue.publish(task),
    pull: async (capability, options) => {
      const deliveries = await queue.pull(capability, options);
      return deliveries.map((delivery) => ({
        ...delivery,
        ack: async () => {
          if (acks.lost === 0) {
            acks.lost++;
            throw new TroupeError("store.unavailable", "lost");
          }
          await delivery.ack();
          acks.sent++;
        },
      }));
    },
    deadLetter: (task, history) => queue.deadLetter(task, history),
    deadLetters: (capability, limit) => queue.deadLetters(capability, limit),
  };
}
