import t from "tap";
import type { QueuedTask } from "../../../runtime/ports/durable-queue.ts";
import { memoryDurableQueue } from "../../../runtime/ports/memory-durable-queue.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";
import { durableQueueContract } from "../../contracts/durable-queue.ts";

const task: QueuedTask = { id: "j.1", capability: "work@1", priority: "batch", body: { n: 1 } };

function setUp() {
  const clock = new ManualClock();
  const queue = memoryDurableQueue({ clock });
  /** A pull that does not wait for more than is there. */
  const pull = async () => {
    const pulled = queue.pull("work@1", { count: 5, waitMs: 1 });
    await clock.advanceAsync(1);
    return pulled;
  };
  return { clock, queue, pull };
}

t.test("DurableQueue in memory", async (t) => {
  await durableQueueContract(t, async () => {
    const clock = new ManualClock();
    const queue = memoryDurableQueue({ clock, ackWaitMs: 1_000, capacity: 20 });
    return {
      // A pull that finds nothing waits on the clock: move it on.
      queue: {
        publish: (task) => queue.publish(task),
        pull: async (capability, options) => {
          let settled = false;
          const pulled = queue.pull(capability, options).finally(() => {
            settled = true;
          });
          await clock.settle();
          if (!settled && options.waitMs < 1_000) await clock.advanceAsync(options.waitMs);
          return pulled;
        },
        deadLetter: (task, history) => queue.deadLetter(task, history),
        deadLetters: (capability, limit) => queue.deadLetters(capability, limit),
      },
      pass: (ms) => clock.advanceAsync(ms),
    };
  });
});

t.test("MemoryDurableQueueFaults", async (t) => {
  t.test("an unavailable queue refuses every call", async (t) => {
    const { queue } = setUp();
    queue.faults.unavailable = true;
    const refused = { code: "store.unavailable" };
    await t.rejects(queue.publish(task), refused);
    await t.rejects(queue.pull("work@1", { count: 1, waitMs: 1 }), refused);
    await t.rejects(queue.deadLetter(task, []), refused);
  });

  t.test(
    "a publish that was stored but timed out is a duplicate when it is repeated",
    async (t) => {
      const { queue, pull } = setUp();
      queue.faults.storedButTimedOut = 1;
      await t.rejects(queue.publish(task), { code: "store.unavailable" });
      t.equal(await queue.publish(task), "duplicate");
      t.equal((await pull()).length, 1);
    },
  );

  t.test("a lost acknowledgement brings the task again after the ack wait", async (t) => {
    const { clock, queue, pull } = setUp();
    await queue.publish(task);
    const [delivery] = await pull();
    queue.faults.acksLost = 1;
    await t.rejects(async () => delivery?.ack(), { code: "store.unavailable" });
    await clock.advanceAsync(3_000);
    t.match(await pull(), [{ deliveries: 2 }]);
  });

  t.test("a duplicated delivery is handed out twice without waiting", async (t) => {
    const { queue, pull } = setUp();
    await queue.publish(task);
    queue.faults.duplicates = 1;
    t.match(await pull(), [{ deliveries: 1 }]);
    t.match(await pull(), [{ deliveries: 2 }]);
    t.strictSame(await pull(), []);
  });

  t.test("Q4: an id is forgotten after the duplicate window", async (t) => {
    const { clock, queue } = setUp();
    await queue.publish(task);
    clock.advance("119s");
    t.equal(await queue.publish(task), "duplicate");
    clock.advance("2s");
    t.equal(await queue.publish(task), "accepted");
  });

  t.test("loses and repeats its shares, and hands every task out in the end", async (t) => {
    const clock = new ManualClock();
    const faults = { acksLostShare: 0.4, duplicatesShare: 0.4 };
    const queue = memoryDurableQueue({ clock, random: seededRandom(1), faults });
    for (let n = 0; n < 50; n++) await queue.publish({ ...task, id: `j.${n}` });
    let [deliveries, lost] = [0, 0];
    for (let round = 0; round < 40; round++) {
      const pulled = queue.pull("work@1", { count: 50, waitMs: 1 });
      await clock.advanceAsync(1);
      for (const delivery of await pulled) {
        deliveries++;
        await delivery.ack().catch(() => lost++);
      }
      await clock.advanceAsync("3s");
    }
    t.ok(deliveries > 60, `${deliveries} deliveries of 50 tasks`);
    t.ok(lost > 10, `${lost} acknowledgements lost`);
    const left = queue.pull("work@1", { count: 50, waitMs: 1 });
    await clock.advanceAsync(1);
    t.strictSame(await left, []);
  });

  t.test("while its leader is away pulls hear nothing and nothing is kept alive", async (t) => {
    const { clock, queue, pull } = setUp();
    await queue.publish(task);
    const [delivery] = await pull();
    queue.loseLeader(4_000);
    const waiting = queue.pull("work@1", { count: 1, waitMs: 10_000 });
    await clock.advanceAsync(2_000);
    delivery?.working(); // nobody hears it: without it the ack wait ends at 3 s
    await clock.advanceAsync(2_000);
    t.match(await waiting, [{ deliveries: 2 }]);
  });

  t.test("a power cut takes tasks and acknowledgements that were not synced", async (t) => {
    const { clock, queue, pull } = setUp();
    queue.faults.syncEveryMs = 120_000;
    await queue.publish({ ...task, id: "j.kept" });
    await clock.advanceAsync(120_000);
    const [kept] = await pull();
    await kept?.ack();
    await queue.publish({ ...task, id: "j.lost" });
    await queue.deadLetter(task, []);
    queue.cutPower(1_000);
    await clock.advanceAsync(1_000);
    t.match(await pull(), [{ task: { id: "j.kept" }, deliveries: 2 }]);
    t.strictSame(await pull(), []);
    t.strictSame(await queue.deadLetters("work@1", 5), []);
    t.equal(await queue.publish({ ...task, id: "j.lost" }), "accepted");
  });

  t.test("I4: a server that starts again has forgotten the ids of what was done", async (t) => {
    const { clock, queue, pull } = setUp();
    await queue.publish(task);
    await queue.publish({ ...task, id: "j.2" });
    const [delivery] = await pull();
    await delivery?.ack();
    t.equal(await queue.publish(task), "duplicate");
    queue.cutPower(1_000);
    await clock.advanceAsync(1_000);
    t.equal(await queue.publish({ ...task, id: "j.2" }), "duplicate", "it still holds this one");
    t.equal(await queue.publish(task), "accepted");
  });

  t.test("Q3: an acknowledgement in doubt may end what another has in hand, late", async (t) => {
    const { clock, queue, pull } = setUp();
    await queue.publish(task);
    const [old] = await pull();
    Object.assign(queue.faults, { storedButTimedOut: 1, storedLateMs: [4_000, 4_000] });
    await t.rejects(async () => old?.ack(), { code: "store.unavailable" });
    await clock.advanceAsync(3_000);
    const [present] = await pull();
    t.equal(present?.deliveries, 2);
    await clock.advanceAsync(5_000);
    t.strictSame(await pull(), []);
  });

  t.test("I5: a dead letter is known again for an hour", async (t) => {
    const { clock, queue } = setUp();
    await queue.deadLetter(task, [1]);
    await clock.advanceAsync(3_599_000);
    await queue.deadLetter(task, [2]);
    t.equal((await queue.deadLetters("work@1", 5)).length, 1);
    await clock.advanceAsync(2_000);
    await queue.deadLetter(task, [3]);
    t.strictSame(
      (await queue.deadLetters("work@1", 5)).map(({ history }) => history),
      [[1], [3]],
    );
  });

  t.test("refuses a task that a server would not take", async (t) => {
    const { queue } = setUp();
    const large = { ...task, body: "x".repeat(1_048_576) };
    await t.rejects(queue.publish(large), { code: "payload.too-large" });
    await t.rejects(queue.deadLetter(task, "x".repeat(1_048_576)), { code: "payload.too-large" });
  });
});
