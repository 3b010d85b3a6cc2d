import t from "tap";
import {
  type DeadLetter,
  EventFeed,
  type LogFields,
  silentLog,
  type TroupeEvent,
} from "../../../runtime/index.ts";
import { DeadLetters } from "../../../runtime/kernel/dead-letters.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

const letter: DeadLetter = { to: "n/a", from: "", type: "x.y@1", body: 1, reason: "stopped" };

t.test("DeadLetters", async (t) => {
  t.test("S17: all are counted and shown, ten lines are logged per ten seconds", async (t) => {
    const clock = new ManualClock();
    const lines: LogFields[] = [];
    const log = { ...silentLog, warn: (fields: LogFields) => void lines.push(fields) };
    const letters = new DeadLetters({ clock, log, events: new EventFeed("n", clock) });
    let heard = 0;
    const cancel = letters.listen(() => {
      heard++;
    });
    letters.listen(() => {
      throw new Error("a listener that throws disturbs nobody");
    });
    for (let i = 0; i < 25; i++) letters.add(letter);
    t.same([letters.count, heard, lines.length], [25, 25, 10]);
    clock.advance("10s");
    cancel();
    letters.add(letter);
    t.same([letters.count, heard, lines.length], [26, 25, 11]);
    t.match(lines.at(-1), { leftOut: 15 });
  });
});

t.test("EventFeed", async (t) => {
  t.test(
    "I1, I2, I3: numbers events for those who watch, and drops a watcher that throws",
    async (t) => {
      const clock = new ManualClock({ nowMs: 5 });
      const feed = new EventFeed("n", clock);
      const happening = { type: "actor.started", path: "a", generation: 1 } as const;
      t.equal(feed.watched, false);
      feed.emit(happening);
      const seen: TroupeEvent[] = [];
      const cancel = feed.subscribe((event) => seen.push(event));
      feed.subscribe(() => {
        throw new Error("no");
      });
      feed.emit(happening);
      feed.emit(happening);
      t.match(seen, [
        { v: 1, node: "n", seq: 1, atMs: 5, path: "a" },
        { v: 1, node: "n", seq: 2 },
      ]);
      cancel();
      t.equal(feed.watched, false);
    },
  );
});
