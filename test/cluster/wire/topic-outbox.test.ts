import t from "tap";
import { parseFrame } from "../../../cluster/wire/frame.ts";
import { TopicOutbox } from "../../../cluster/wire/topic-outbox.ts";
import type { UndeliveredReason } from "../../../runtime/ports/transport.ts";
import type { Envelope } from "../../../runtime/remote/envelope.ts";
import { ManualClock, ManualScheduler } from "../../../runtime/testing/index.ts";

function callOf(id: number, ttlMs = 0): Envelope {
  return { kind: 13, id, to: "cfp", from: "", correlation: 0, type: "", body: id, ttlMs };
}

function outboxUnderTest() {
  const clock = new ManualClock();
  const scheduler = new ManualScheduler();
  const wire = { up: true };
  const published: [topic: string, ids: number[], ttlsMs: number[]][] = [];
  const handedBack: [number, UndeliveredReason][] = [];
  const outbox = new TopicOutbox({
    clock,
    scheduler,
    incarnation: "1",
    connected: () => wire.up,
    publish: (topic, bytes) => {
      const frame = parseFrame(bytes);
      if (!frame.ok) throw new Error(frame.error);
      const { envelopes } = frame.value;
      published.push([topic, envelopes.map(({ id }) => id), envelopes.map((e) => e.ttlMs)]);
    },
    handBack: (_topic, envelope, reason) => handedBack.push([envelope.id, reason]),
  });
  return { clock, scheduler, wire, published, handedBack, outbox };
}

t.test("a topic outbox", async (t) => {
  t.test("B1: publishes what one turn brought, neighbours on a topic together", async (t) => {
    const { scheduler, published, outbox } = outboxUnderTest();
    for (const [topic, id] of [
      ["a", 1],
      ["a", 2],
      ["b", 3],
      ["a", 4],
    ] as const)
      outbox.publish(topic, callOf(id));
    scheduler.run();
    t.same(
      published.map(([topic, ids]) => [topic, ids]),
      [
        ["a", [1, 2]],
        ["b", [3]],
        ["a", [4]],
      ],
    );
  });

  t.test("B2: refuses what finds no room while disconnected", async (t) => {
    const { wire, scheduler, published, handedBack, outbox } = outboxUnderTest();
    wire.up = false;
    let accepted = 0;
    for (let id = 1; id <= 1_100; id++) if (outbox.publish("a", callOf(id))) accepted++;
    scheduler.run();
    t.equal(accepted, 1_024);
    t.same(published, []);
    outbox.close();
    t.equal(handedBack.length, 1_024);
  });

  t.test("regression B2: the time that a call waited is taken off the time it has", async (t) => {
    const { clock, wire, scheduler, published, handedBack, outbox } = outboxUnderTest();
    wire.up = false;
    outbox.publish("a", callOf(1, 1_000));
    outbox.publish("a", callOf(2, 5_000));
    outbox.publish("a", callOf(3));
    scheduler.run();
    clock.advance("2s");
    wire.up = true;
    outbox.flush();
    t.same(published, [["a", [2, 3], [3_000, 0]]]);
    t.same(handedBack, [[1, "disconnected"]]);
  });
});
