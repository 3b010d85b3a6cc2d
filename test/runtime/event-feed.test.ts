import t from "tap";
import {
  createSystem,
  EventFeed,
  seededRandom,
  silentLog,
  type TroupeEvent,
} from "../../runtime/index.ts";
import { ManualClock } from "../../runtime/testing/index.ts";
import { type PuppetContext, puppet } from "./puppet.ts";

/** A system whose spans of one message in `every` are kept. */
function watched(every: number) {
  const clock = new ManualClock();
  const feed = new EventFeed("local", clock);
  const spans: Extract<TroupeEvent, { type: "message.handled" }>[] = [];
  const cancel = feed.subscribe(
    (event) => {
      if (event.type === "message.handled") spans.push(event);
    },
    { every },
  );
  const system = createSystem({ clock, events: feed, random: seededRandom(3), log: silentLog });
  return { clock, feed, spans, cancel, system };
}

t.test("message spans", async (t) => {
  t.test("M1: one message in so many is shown on average, the first among them", async (t) => {
    const { system, clock, spans } = watched(100);
    const ref = system.spawn(puppet());
    ref.tell("note", "first");
    await clock.settle();
    t.equal(spans.length, 1);
    for (let round = 0; round < 200; round++) {
      for (let i = 0; i < 50; i++) ref.tell("note", `${i}`);
      await clock.settle(2);
    }
    t.ok(spans.length > 95 && spans.length < 105, `${spans.length} of 10,001`);
    await system.shutdown();
  });

  t.test("M2: a trace without an end is cut when the sample is a thousand ahead", async (t) => {
    const { system, clock, spans } = watched(1_000_000);
    const ref = system.spawn(puppet());
    const again = (ctx: PuppetContext): void => {
      ctx.self.tell("act", again);
    };
    ref.tell("act", again);
    await clock.settle();
    t.ok(spans.length > 900 && spans.length < 1_100, `${spans.length} spans`);
    await system.stop(ref, "kill");
    await system.shutdown();
  });

  t.test("what a shown message brings about is shown too, and nothing else", async (t) => {
    const { system, clock, spans } = watched(1_000);
    const leaf = system.spawn(puppet(), { name: "leaf" });
    const ref = system.spawn(puppet(), { name: "root" });
    const cascade = async (ctx: PuppetContext): Promise<void> => {
      await ctx.refOf(leaf.protocol, leaf.address).ask("get", () => 1);
    };
    for (let i = 0; i < 20; i++) ref.tell("act", cascade);
    await clock.settle();
    const [below, above] = spans;
    t.equal(spans.length, 2, "the first message and its ask");
    t.match(below, { trace: above?.trace, parent: above?.span, from: "local/root" });
    t.match(above, { parent: undefined, from: "" });
    await system.shutdown();
  });

  t.test("of several who watch the most curious decides, until it leaves", async (t) => {
    const { system, clock, feed, spans } = watched(100);
    const cancel = feed.subscribe(() => {}, { every: 1 });
    const ref = system.spawn(puppet());
    for (let i = 0; i < 10; i++) ref.tell("note", "");
    await clock.settle();
    t.equal(spans.length, 10);
    cancel();
    for (let i = 0; i < 100; i++) ref.tell("note", "");
    await clock.settle();
    t.equal(spans.length, 11);
    await system.shutdown();
  });

  t.test("a span says when it was sent, begun and done, and how it ended", async (t) => {
    const { system, clock, spans } = watched(1);
    const ref = system.spawn(puppet(), { name: "a" });
    await ref.ready;
    await clock.settle();
    const startMs = clock.nowMs();
    const slow = (ms: number) => (ctx: PuppetContext) =>
      new Promise((resolve) => ctx.clock.after(ms, () => resolve(1)));
    void ref.ask("get", slow(50));
    void ref.ask("get", (ctx) => ctx.fail("no")).catch(() => {});
    await clock.advanceAsync(100);
    t.match(spans, [
      { sentAtMs: startMs, receivedAtMs: startMs, doneAtMs: startMs + 50, outcome: "ok" },
      { sentAtMs: startMs, receivedAtMs: startMs + 50, outcome: "refused", to: "local/a" },
    ]);
    await system.shutdown();
  });

  t.test("every that is no whole number from 1 is a RangeError", async (t) => {
    const feed = new EventFeed("n", new ManualClock());
    for (const every of [0, -1, 1.5, Number.NaN]) {
      t.throws(() => feed.subscribe(() => {}, { every }), RangeError);
    }
    t.equal(feed.watched, false);
  });
});
