import t from "tap";
import { memoryReminders } from "../../../runtime/ports/memory-reminders.ts";
import type { Reminder } from "../../../runtime/ports/reminders.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";
import { reminderContract } from "../../contracts/reminders.ts";

const REMINDER: Reminder = {
  type: "session",
  key: "a",
  name: "r",
  id: "1",
  operation: "wake",
  schedule: { kind: "once" },
};

t.test("Reminders in memory", async (t) => {
  const clock = new ManualClock();
  await reminderContract(t, async () => ({
    reminders: memoryReminders({ clock, ackWaitMs: 1_000 }),
    nowMs: () => clock.nowMs(),
    until: async (condition) => {
      for (let turns = 0; turns < 500 && !condition(); turns++) await clock.advanceAsync(50);
      return condition();
    },
  }));

  t.test("I1: what its owner does to a payload afterwards changes nothing", async (t) => {
    const reminders = memoryReminders({ clock });
    const payload = { n: 1 };
    await reminders.arm({ ...REMINDER, payload }, clock.nowMs() + 1_000);
    payload.n = 2;
    const heard: unknown[] = [];
    await reminders.listen("session", async (due) => {
      heard.push(due.reminder.payload);
      await due.ack();
    });
    await clock.advanceAsync(1_000);
    t.strictSame(heard, [{ n: 1 }]);
  });

  t.test("a reminder years ahead is armed over and over, and due at its time", async (t) => {
    const reminders = memoryReminders({ clock });
    const heard: number[] = [];
    await reminders.listen("session", async (due) => {
      heard.push(clock.nowMs());
      await due.ack();
    });
    const dueMs = clock.nowMs() + 2 ** 31;
    await reminders.arm(REMINDER, dueMs);
    await clock.advanceAsync(2 ** 31 - 1);
    t.strictSame(heard, []);
    await clock.advanceAsync(1);
    t.strictSame(heard, [dueMs]);
  });

  t.test("faults: what is refused is not armed; a lost acknowledgement repeats", async (t) => {
    const reminders = memoryReminders({ clock, ackWaitMs: 1_000 });
    reminders.faults.unavailable = true;
    await t.rejects(reminders.arm(REMINDER, clock.nowMs()), { code: "store.unavailable" });
    reminders.faults.unavailable = false;
    let heard = 0;
    await reminders.listen("session", async (due) => {
      heard++;
      await due.ack();
    });
    await clock.advanceAsync(2_000);
    t.equal(heard, 0);
    reminders.faults.acksLost = 1;
    await reminders.arm(REMINDER, clock.nowMs());
    await clock.advanceAsync(3_000);
    t.equal(heard, 2);
  });

  t.test("a power cut takes what was armed and calls back what was called off", async (t) => {
    const reminders = memoryReminders({ clock, ackWaitMs: 1_000 });
    reminders.faults.syncEveryMs = 120_000;
    const heard: string[] = [];
    await reminders.listen("session", async (due) => {
      heard.push(due.reminder.name);
      await due.ack();
    });
    const arm = (name: string, afterMs: number) =>
      reminders.arm({ ...REMINDER, name }, clock.nowMs() + afterMs);
    await clock.advanceAsync(120_000 - (clock.monotonicMs() % 120_000));
    await arm("called off", 180_000);
    await arm("dealt with", 119_000);
    await clock.advanceAsync(120_000);
    t.strictSame(heard, ["dealt with"]);
    await reminders.cancel({ ...REMINDER, name: "called off" });
    await arm("lost", 1_000);
    reminders.cutPower(500);
    await clock.advanceAsync(90_000);
    t.strictSame(heard, ["dealt with", "called off"]);
    await arm("soon", 100);
    await clock.advanceAsync(200);
    reminders.cutPower(500);
    await clock.advanceAsync(2_000);
    const again = "called off"; // its acknowledgement was not synced either
    t.strictSame(heard, ["dealt with", "called off", "soon", again]);
  });
});
