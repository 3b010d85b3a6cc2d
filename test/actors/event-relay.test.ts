import t, { type Test } from "tap";
import { EventRelay, eventRecorder, eventRelay, isOwn } from "../../actors/event-relay.ts";
import {
  createSystem,
  EventFeed,
  MemoryHub,
  silentLog,
  type TroupeEvent,
} from "../../runtime/index.ts";
import { ManualClock } from "../../runtime/testing/index.ts";

/** A node whose events are relayed to a recorder on another. */
async function world(t: Test, every = "40ms") {
  const clock = new ManualClock();
  const hub = new MemoryHub();
  const events = new EventFeed("n1", clock);
  const near = createSystem({
    node: "n1",
    transport: hub.join("n1"),
    clock,
    events,
    log: silentLog,
  });
  const far = createSystem({ node: "n2", transport: hub.join("n2"), clock, log: silentLog });
  t.teardown(() => Promise.all([near.shutdown(), far.shutdown(), clock.advanceAsync("30s")]));
  const recorded: TroupeEvent[] = [];
  const recorder = far.spawn(
    eventRecorder((event) => recorded.push(event)),
    { name: "recorder" },
  );
  await recorder.ready;
  const relay = near.spawn(eventRelay(events, { every }), { name: "events" });
  await relay.ready;
  const accept = (from: number, count: number): void => {
    for (let i = from; i < from + count; i++) {
      events.emit({ type: "task.accepted", task: `t${i}`, capability: "read@1" });
    }
  };
  const tasks = (): readonly string[] =>
    recorded.flatMap((event) => (event.type === "task.accepted" ? [event.task] : []));
  return { clock, hub, near, far, relay, recorder, recorded, accept, tasks };
}

t.test("eventRelay", async (t) => {
  t.test("E1: brings the events of its node to a recorder on another, in order", async (t) => {
    const at = await world(t);
    at.accept(0, 300);
    t.equal(at.tasks().length, 0, "they wait for the batch");
    await at.clock.advanceAsync(50);
    t.same(
      at.tasks(),
      Array.from({ length: 300 }, (_, i) => `t${i}`),
    );
    t.ok(at.recorded.every(({ seq }, i) => i === 0 || seq > (at.recorded[i - 1]?.seq ?? 0)));
  });

  t.test("has sent everything that happened before when it answers a flush", async (t) => {
    const at = await world(t, "1h");
    at.accept(0, 200);
    await at.far.refOf(EventRelay, "n1/events").ask("flush");
    await at.recorder.ask("settle");
    t.equal(at.tasks().length, 200);
  });

  t.test("E2: keeps the first 10,000 that wait, and the gap shows in their numbers", async (t) => {
    const at = await world(t);
    at.accept(0, 10_500);
    await at.clock.advanceAsync(50);
    t.equal(at.recorded.length, 10_000);
    at.accept(20_000, 1);
    await at.clock.advanceAsync(50);
    t.equal(at.tasks().at(-1), "t20000");
    const [before, after] = at.recorded
      .filter(({ type }) => type === "task.accepted")
      .slice(-2)
      .map(({ seq }) => seq);
    t.ok((after ?? 0) - (before ?? 0) > 500);
  });

  t.test("E3: its own messages are no events, so a quiet node stays quiet", async (t) => {
    const at = await world(t);
    await at.clock.advanceAsync("2s");
    t.same(at.recorded.filter(isOwn), []);
    const before = at.recorded.length;
    await at.clock.advanceAsync("10s");
    t.equal(at.recorded.length, before, "nothing follows from the relaying");
  });

  t.test("sends what waits when it stops, and hears nothing more", async (t) => {
    const at = await world(t, "1h");
    at.accept(0, 3);
    await at.near.stop(at.relay);
    await at.clock.settle();
    at.accept(3, 3);
    await at.clock.advanceAsync("1s");
    t.same(at.tasks(), ["t0", "t1", "t2"]);
  });
});
