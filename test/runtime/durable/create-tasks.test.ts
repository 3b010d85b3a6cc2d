import t from "tap";
import { memoryDurableQueue } from "../../../runtime/ports/memory-durable-queue.ts";
import { memoryKeyValues } from "../../../runtime/ports/memory-key-value.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";
import { tasksContract } from "../../contracts/tasks.ts";

t.test("Tasks in memory", async (t) => {
  await tasksContract(t, async () => {
    const clock = new ManualClock();
    return {
      queue: memoryDurableQueue({ clock, ackWaitMs: 1_000 }),
      keyValues: memoryKeyValues({ clock }),
      clock,
      until: (condition, withinMs) => stepUntil(clock, condition, withinMs),
    };
  });
});

async function stepUntil(
  clock: ManualClock,
  condition: () => boolean,
  withinMs: number,
): Promise<boolean> {
  for (let passedMs = 0; passedMs < withinMs; passedMs += 25) {
    await clock.settle(2);
    if (condition()) return true;
    await clock.advanceAsync(25);
  }
  return condition();
}
