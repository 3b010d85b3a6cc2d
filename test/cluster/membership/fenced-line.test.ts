import t from "tap";
import { fencedLine } from "../../../cluster/membership/fenced-line.ts";
import { memoryDurableQueue, memoryKeyValues } from "../../../runtime/index.ts";
import { keyValuesOf, queueOf } from "../../../runtime/ports/node-stores.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

const FENCED = { code: "node.fenced", outcome: "never-ran" };

t.test("stores over a fenced line", async (t) => {
  t.test(
    "S21: do nothing for a node that has lost its lease, with or without a revision",
    async (t) => {
      let standing = true;
      const clock = new ManualClock();
      const buckets = memoryKeyValues({ clock });
      const bucket = await keyValuesOf(
        fencedLine("n1", () => standing),
        buckets,
      ).open("b");
      const changes: string[] = [];
      await bucket.watch(">", ({ key }) => changes.push(key));
      t.type(await bucket.put("a", 1), "number");
      await clock.settle();
      standing = false;
      await t.rejects(bucket.put("a", 2), FENCED);
      await t.rejects(bucket.update("a", 2, 1), FENCED);
      await t.rejects(bucket.delete("a"), FENCED);
      await t.rejects(bucket.commit([{ key: "a", value: 3 }]), FENCED);
      const others = await buckets.open("b");
      t.match(await others.get("a"), { value: 1 });
      await others.put("b", 1);
      await clock.settle();
      t.same(changes, ["a"], "nor does it hear of what others do");
    },
  );

  t.test(
    "S21: a fenced node queues nothing, and neither acknowledges nor keeps a task",
    async (t) => {
      let standing = true;
      const clock = new ManualClock();
      const queue = memoryDurableQueue({ clock, ackWaitMs: 1_000 });
      const own = queueOf(
        fencedLine("n1", () => standing),
        queue,
      );
      const task = { id: "t.1", capability: "c@1", priority: "batch", body: 1 } as const;
      t.equal(await own.publish(task), "accepted");
      const [delivery] = await own.pull("c@1", { count: 1, waitMs: 10 });
      standing = false;
      await t.rejects(own.publish({ ...task, id: "t.2" }), FENCED);
      await t.rejects(own.pull("c@1", { count: 1, waitMs: 10 }), FENCED);
      await t.rejects(own.deadLetter(task, []), FENCED);
      await t.rejects(delivery?.ack() ?? Promise.resolve(), FENCED);
      await clock.advanceAsync(600);
      delivery?.working();
      delivery?.nak(60_000);
      await clock.advanceAsync(600);
      const pulling = queue.pull("c@1", { count: 1, waitMs: 10 });
      await clock.advanceAsync(20);
      t.match(await pulling, [{ deliveries: 2, task: { id: "t.1" } }], "another has it in time");
    },
  );
});
