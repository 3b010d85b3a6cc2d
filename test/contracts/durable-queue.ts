/**
 * What every `DurableQueue` must do, whichever store is behind it.
 *
 * Each test uses a capability of its own, so that one queue serves the whole suite.
 */
import type { Test } from "tap";
import type {
  Delivery,
  DurableQueue,
  Priority,
  QueuedTask,
} from "../../runtime/ports/durable-queue.ts";

/** A queue under test: ack wait 1,000 ms, capacity 20. */
export interface DurableQueueUnderTest {
  readonly queue: DurableQueue;
  /** Lets this much time pass for the queue. */
  readonly pass: (ms: number) => Promise<void>;
}

/** Runs the suite; `start` is called once. */
export async function durableQueueContract(
  t: Test,
  start: () => Promise<DurableQueueUnderTest>,
): Promise<void> {
  const { queue, pass } = await start();
  let capabilities = 0;

  /** A capability of its own, with shorthands. */
  const setUp = () => {
    const capability = `work-${++capabilities}.of@1`;
    return {
      capability,
      task: (id: string, priority: Priority = "batch"): QueuedTask => ({
        id: `${id}.${capabilities}`,
        capability,
        priority,
        body: { id },
      }),
      pull: (count: number, waitMs = 500) => queue.pull(capability, { count, waitMs }),
    };
  };
  const names = (deliveries: readonly Delivery[]) =>
    deliveries.map((delivery) => (delivery.task.body as { id: string }).id);

  await t.test("Q1: hands out what was accepted, in order, until it is acknowledged", async (t) => {
    const { task, pull, capability } = setUp();
    for (const id of ["a", "b", "c"]) t.equal(await queue.publish(task(id)), "accepted");
    const first = await pull(2);
    t.strictSame(names(first), ["a", "b"]);
    t.match(first[0], { deliveries: 1, task: { id: task("a").id, capability, priority: "batch" } });
    t.strictSame(names(await pull(5)), ["c"]);
    await Promise.all(first.map((delivery) => delivery.ack()));
    t.strictSame(names(await pull(5, 100)), []);
  });

  await t.test("Q2: hands out again what was not acknowledged in time", async (t) => {
    const { task, pull } = setUp();
    await queue.publish(task("a"));
    await pull(1);
    await pass(1_200);
    const [again] = await pull(1, 2_000);
    t.equal(again?.deliveries, 2);
    await again?.ack();
    await pass(1_200);
    t.strictSame(names(await pull(1, 100)), []);
  });

  await t.test("Q2: hands out again only once its worker stops saying that it works", async (t) => {
    const { task, pull } = setUp();
    await queue.publish(task("a"));
    const [delivery] = await pull(1);
    for (let i = 0; i < 3; i++) {
      await pass(600);
      delivery?.working();
    }
    t.strictSame(names(await pull(1, 100)), []);
    await pass(1_200);
    t.strictSame(names(await pull(1, 2_000)), ["a"]);
  });

  await t.test(
    "Q3: an expired delivery can still acknowledge what another has in hand",
    async (t) => {
      const { task, pull } = setUp();
      await queue.publish(task("a"));
      const [old] = await pull(1);
      await pass(1_200);
      const [present] = await pull(1, 2_000);
      t.equal(present?.deliveries, 2);
      await old?.ack();
      await pass(1_200);
      t.strictSame(names(await pull(1, 100)), []);
      await present?.ack();
    },
  );

  await t.test("Q4: accepts an id once, in whichever lane it comes again", async (t) => {
    const { task, pull } = setUp();
    t.equal(await queue.publish(task("a")), "accepted");
    t.equal(await queue.publish(task("a")), "duplicate");
    t.strictSame(names(await pull(5)), ["a"]);
  });

  await t.test("hands out interactive work before batch work", async (t) => {
    const { task, pull } = setUp();
    await queue.publish(task("b1"));
    await queue.publish(task("b2"));
    await queue.publish(task("i1", "interactive"));
    await queue.publish(task("i2", "interactive"));
    t.strictSame(names(await pull(3)), ["i1", "i2", "b1"]);
  });

  await t.test("a pull waits for the first task and returns at once when it comes", async (t) => {
    const { task, pull } = setUp();
    const pulled = pull(3, 4_000);
    await queue.publish(task("a", "interactive"));
    t.strictSame(names(await pulled), ["a"]);
  });

  await t.test("what comes after a pull has ended is not lost", async (t) => {
    const { task, pull } = setUp();
    const pulled = pull(3, 4_000);
    await queue.publish(task("a"));
    t.strictSame(names(await pulled), ["a"]);
    await queue.publish(task("b"));
    await queue.publish(task("c", "interactive"));
    const rest = [...names(await pull(1, 2_000)), ...names(await pull(1, 2_000))];
    t.strictSame(new Set(rest), new Set(["b", "c"]));
  });

  await t.test("a pull ends when its signal aborts", async (t) => {
    const { capability } = setUp();
    const abort = new AbortController();
    const pulled = queue.pull(capability, { count: 1, waitMs: 4_000, signal: abort.signal });
    abort.abort();
    t.strictSame(await pulled, []);
  });

  await t.test("a task that was put back comes again after its delay", async (t) => {
    const { task, pull } = setUp();
    await queue.publish(task("a"));
    const [delivery] = await pull(1);
    delivery?.nak(500);
    t.strictSame(names(await pull(1, 100)), []);
    await pass(600);
    const [again] = await pull(1, 2_000);
    t.equal(again?.deliveries, 2);
    again?.nak(0);
    await pass(1);
    t.equal((await pull(1, 2_000))[0]?.deliveries, 3);
  });

  await t.test(
    "Q3: an expired delivery can hold back what waits to be handed out again",
    async (t) => {
      const { task, pull } = setUp();
      await queue.publish(task("a"));
      const [old] = await pull(1);
      await pass(1_200);
      old?.nak(1_000);
      await pass(20);
      t.strictSame(names(await pull(1, 100)), []);
      await pass(1_200);
      t.equal((await pull(1, 2_000))[0]?.deliveries, 2);
    },
  );

  await t.test(
    "says full at its capacity, per priority, and accepts again after an ack",
    async (t) => {
      const { task, pull } = setUp();
      for (let n = 0; n < 20; n++) t.equal(await queue.publish(task(`b${n}`)), "accepted");
      t.equal(await queue.publish(task("b20")), "full");
      t.equal(await queue.publish(task("i", "interactive")), "accepted");
      for (const delivery of await pull(2)) await delivery.ack();
      t.equal(await queue.publish(task("b20")), "accepted");
    },
  );

  await t.test("workers that pull at once share the tasks, each task going to one", async (t) => {
    const { task, pull } = setUp();
    for (let n = 0; n < 12; n++) await queue.publish(task(`t${n}`));
    const hands = await Promise.all([pull(4), pull(4), pull(4)]);
    const all = hands.flatMap(names);
    t.equal(all.length, 12);
    t.equal(new Set(all).size, 12);
  });

  await t.test("keeps dead letters with their history, oldest first", async (t) => {
    const { task, capability } = setUp();
    t.strictSame(await queue.deadLetters(capability, 10), []);
    await queue.deadLetter(task("a"), [{ attempt: 1 }]);
    await queue.deadLetter(task("b"), [{ attempt: 1 }, { attempt: 2 }]);
    await queue.deadLetter(task("a"), [{ attempt: 1 }]);
    t.match(await queue.deadLetters(capability, 10), [
      { task: task("a"), history: [{ attempt: 1 }] },
      { task: task("b"), history: [{ attempt: 1 }, { attempt: 2 }] },
    ]);
    t.equal((await queue.deadLetters(capability, 10)).length, 2, "one letter per task");
    t.equal((await queue.deadLetters(capability, 1)).length, 1);
  });
}
