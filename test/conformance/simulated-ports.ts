/** The simulated NATS: the memory twins on a manual clock, with no fault switched on. */
import { memoryDurableQueue } from "../../runtime/ports/memory-durable-queue.ts";
import { memoryEventLogs } from "../../runtime/ports/memory-event-log.ts";
import { memoryKeyValues } from "../../runtime/ports/memory-key-value.ts";
import { memoryReminders } from "../../runtime/ports/memory-reminders.ts";
import { ManualClock } from "../../runtime/testing/index.ts";
import { CAPACITY, type PortsUnderTest } from "./ports-under-test.ts";
import type { Spans } from "./spans.ts";

const PULL_MS = 50;

/** Makes them. */
export function simulatedPorts(spans: Spans): PortsUnderTest {
  const clock = new ManualClock();
  return {
    keyValues: memoryKeyValues({ clock }),
    queue: memoryDurableQueue({ clock, ackWaitMs: spans.ackWaitMs, capacity: CAPACITY }),
    eventLogs: memoryEventLogs({ clock }),
    reminders: memoryReminders({ clock, ackWaitMs: spans.reminderAckWaitMs }),
    nowMs: () => clock.nowMs(),
    elapsedMs: () => clock.monotonicMs(),
    pass: (ms) => clock.advanceAsync(ms),
    done: async (call) => {
      let isSettled: boolean = false;
      const settled = call.finally(() => {
        isSettled = true;
      });
      settled.catch(() => {}); // it is handed over below
      await clock.advanceUntil(() => isSettled, PULL_MS);
      return settled;
    },
    heard: () => clock.advanceAsync(0),
    forgotten: async () => {},
    pullWaitMs: () => PULL_MS,
    reconnect: async () => {},
    end: async () => {},
  };
}
