import t from "tap";
import type { LogEntry } from "../../../runtime/ports/event-log.ts";
import { memoryEventLogs } from "../../../runtime/ports/memory-event-log.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";
import { eventLogContract } from "../../contracts/event-log.ts";

t.test("EventLog in memory", async (t) => {
  await eventLogContract(t, async () => ({ eventLogs: memoryEventLogs() }));

  t.test("I1: logs share one sequence, so that numbers have gaps", async (t) => {
    const store = memoryEventLogs();
    const [one, other] = [await store.open("one"), await store.open("other")];
    await one.append(["a"]);
    await other.append(["x"]);
    await one.append(["b"]);
    t.strictSame(
      (await one.read(0)).map(({ sequence }) => sequence),
      [1, 3],
    );
  });

  t.test("I2: what the writer does to its event afterwards changes nothing", async (t) => {
    const log = await memoryEventLogs().open("log");
    const event = { n: 1 };
    await log.append([event]);
    event.n = 2;
    t.strictSame((await log.read(0))[0]?.event, { n: 1 });
  });
});

t.test("MemoryEventLogFaults", async (t) => {
  t.test(
    "an append that was stored but timed out is there, and fences its repetition",
    async (t) => {
      const store = memoryEventLogs();
      const log = await store.open("log");
      store.faults.storedButTimedOut = 1;
      await t.rejects(log.append(["a"], 0), { code: "store.unavailable" });
      t.strictSame(await log.append(["a"], 0), { ok: false, conflict: { last: 1 } });
    },
  );

  t.test("silent follows tell later what they missed, in order", async (t) => {
    const clock = new ManualClock();
    const store = memoryEventLogs({ clock });
    const log = await store.open("log");
    const told: LogEntry[] = [];
    await log.follow(0, (entry) => told.push(entry));
    store.faults.followsSilent = true;
    await log.append(["a"]);
    await clock.settle();
    t.equal(told.length, 0);
    store.faults.followsSilent = false;
    await log.append(["b"]);
    await clock.settle();
    t.match(told, [{ event: "a" }, { event: "b" }]);
  });

  t.test("a log whose leader is away tells its followers when it is back", async (t) => {
    const clock = new ManualClock();
    const store = memoryEventLogs({ clock });
    const log = await store.open("log");
    const told: LogEntry[] = [];
    await log.follow(0, (entry) => told.push(entry));
    store.loseLeader(4_000);
    const appended = log.append(["a"]);
    await clock.advanceAsync(3_900);
    t.equal(told.length, 0);
    await clock.advanceAsync(100);
    t.match(await appended, { ok: true });
    t.match(told, [{ event: "a" }]);
  });

  t.test("I4: a power cut takes what was not synced, and sequences come again", async (t) => {
    const clock = new ManualClock();
    const store = memoryEventLogs({ clock, faults: { syncEveryMs: 120_000 } });
    const [log, purged] = [await store.open("log"), await store.open("purged")];
    await log.append(["a"]);
    await purged.append(["x"]);
    await clock.advanceAsync(120_000);
    const told: unknown[] = [];
    await log.follow(0, ({ event }) => told.push(event));
    await log.append(["lost 1", "lost 2"]);
    await purged.purge();
    await clock.settle();
    store.cutPower(1_000);
    await clock.advanceAsync(1_000);
    t.strictSame(await log.read(0), [{ sequence: 1, event: "a" }]);
    t.strictSame(await purged.read(0), [{ sequence: 2, event: "x" }]);
    t.strictSame(await log.append(["b", "c"], 1), { ok: true, sequence: 4 });
    await log.append(["d"]);
    await clock.settle();
    t.strictSame(told, ["a", "lost 1", "lost 2", "d"], "a follower begins after what it was told");
  });
});
