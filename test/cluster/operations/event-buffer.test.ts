import t from "tap";
import {
  EventBuffer,
  isWanted,
  ROOM,
  wantsMessages,
} from "../../../cluster/operations/event-buffer.ts";
import type { TroupeEvent } from "../../../runtime/event.ts";

function started(path: string, seq = 1): TroupeEvent {
  return { v: 1, node: "n1", seq, atMs: 0, type: "actor.started", path, generation: 1 };
}

const handled: TroupeEvent = {
  v: 1,
  node: "n1",
  seq: 1,
  atMs: 0,
  type: "message.handled",
  trace: "t",
  span: "s",
  parent: undefined,
  from: "n2/x",
  to: "n1/desk/clerk",
  message: "desk.do@1",
  sentAtMs: 0,
  receivedAtMs: 0,
  doneAtMs: 0,
  outcome: "ok",
  attempt: 1,
};

t.test("events on their way to an operator", async (t) => {
  t.test("B2: are those of the types and the path that were asked for", async (t) => {
    t.equal(isWanted({}, started("a")), true);
    t.equal(isWanted({}, handled), false, "messages only for those who name them");
    t.equal(isWanted({ types: ["actor"] }, started("a")), true);
    t.equal(isWanted({ types: ["act"] }, started("a")), false);
    t.equal(isWanted({ types: ["actor.started", "task"] }, started("a")), true);
    t.equal(isWanted({ types: ["task"] }, started("a")), false);
    t.equal(isWanted({ types: ["message"] }, handled), true);
    t.equal(isWanted({ path: "a" }, started("a")), true);
    t.equal(isWanted({ path: "a" }, started("a/b")), true);
    t.equal(isWanted({ path: "a" }, started("ab")), false);
    t.equal(isWanted({ types: ["message.handled"], path: "desk" }, handled), true);
    t.equal(isWanted({ types: ["message.handled"], path: "x" }, handled), false);
    t.same([{}, { types: ["task"] }].map(wantsMessages), [false, false]);
    t.same([{ types: ["message"] }, { types: ["message.handled"] }].map(wantsMessages), [
      true,
      true,
    ]);
  });

  t.test("B1: wait in a bounded buffer that counts what it left out", async (t) => {
    const buffer = new EventBuffer({});
    for (let seq = 1; seq <= ROOM + 7; seq++) buffer.add(started("a", seq));
    let next = 1;
    let missed = 0;
    while (missed === 0) {
      const batch = await buffer.take();
      for (const { seq } of batch?.events ?? []) t.equal(seq, next++);
      missed = batch?.missed ?? Number.NaN;
    }
    t.same([next - 1, missed], [ROOM, 7]);
    buffer.add(started("a", 9_999));
    t.match(await buffer.take(), { events: [{ seq: 9_999 }], missed: 0 });
  });

  t.test(
    "B3: are waited for until the end, and what waits then is still handed over",
    async (t) => {
      const buffer = new EventBuffer({});
      const taken = buffer.take();
      buffer.add(handled);
      buffer.add(started("a"));
      t.match(await taken, { events: [{ type: "actor.started" }] });
      const nothing = buffer.take();
      buffer.end();
      t.equal(await nothing, undefined);
      buffer.add(started("b"));
      t.match(await buffer.take(), { events: [{ path: "b" }] });
      t.equal(await buffer.take(), undefined);
    },
  );
});
