/** T1 to T3 on histories made by hand: one that holds, and one for each way of breaking it. */
import t from "tap";
import { breaks, holds, told } from "./chronicle.ts";
import { deliveredInOrder } from "./delivered-in-order.ts";
import { deliveredOnce } from "./delivered-once.ts";
import { nothingUnaccounted } from "./nothing-unaccounted.ts";
import type { Fact, Mark } from "./record.ts";

const PAIR = "n1#1/a>n2/b";
const mark = (sequence: number, pair = PAIR): Mark => ({ pair, sequence });
const sent = (sequence: number, to?: string): Fact => ({
  type: "message.sent",
  kind: "tell",
  ...(to === undefined ? {} : { to }),
  ...mark(sequence),
});
const received = (sequence: number, start = 1): Fact => ({
  type: "message.received",
  path: "b",
  start,
  ...mark(sequence),
});
const refused = (sequence: number): Fact => ({ type: "message.refused", ...mark(sequence) });
const dropped = (sequence: number): Fact => ({
  type: "message.dropped",
  reason: "expired",
  ...mark(sequence),
});
const quiet: Fact = { type: "run.quiet" };

t.test("T1: messages are delivered at most once", async (t) => {
  t.test("a history holds in which messages arrive, are refused and get lost", async () => {
    const facts = [sent(1), received(1), sent(2), refused(2), sent(3), sent(40_000)];
    holds(deliveredOnce, told(...facts, received(40_000), received(3)));
  });
  t.test("a message that arrives twice breaks it, be it at another start", async () => {
    const history = told(sent(1), received(1), received(1, 2));
    breaks(deliveredOnce, history, `${PAIR} 1 was delivered twice`);
  });
  t.test("a message that nobody sent breaks it", async () => {
    const history = told(sent(1), received(1), received(2));
    breaks(deliveredOnce, history, `${PAIR} 2 was delivered and never sent`);
  });
  t.test("a message that arrives before it is sent breaks it", async () => {
    breaks(deliveredOnce, told(received(1), sent(1)), `${PAIR} 1 was delivered and never sent`);
  });
  t.test("a message that was refused and arrives breaks it, in either order", async () => {
    const after = told(sent(1), refused(1), received(1));
    breaks(deliveredOnce, after, `${PAIR} 1 was refused and delivered`);
    const before = told(sent(1), received(1), refused(1));
    breaks(deliveredOnce, before, `${PAIR} 1 was delivered and refused`);
  });
  t.test("a message of another pair is another message", async () => {
    const other: Fact = { type: "message.received", path: "b", start: 1, ...mark(1, "other") };
    breaks(deliveredOnce, told(sent(1), other), "other 1 was delivered and never sent");
  });
});

t.test("T2: messages of a pair are handled in order", async (t) => {
  t.test(
    "a history holds whose gaps are lost messages, and another start begins anew",
    async () => {
      const history = told(received(1), received(3), received(7), received(2, 2));
      holds(deliveredInOrder, history.by("n2").tell(received(5)));
    },
  );
  t.test("a message after a later one breaks it", async () => {
    const history = told(received(1), received(3), received(2), received(4));
    breaks(deliveredInOrder, history, `${PAIR} 2 was handled after 3`);
  });
  t.test("a message after itself breaks it", async () => {
    breaks(deliveredInOrder, told(received(1), received(1)), `${PAIR} 1 was handled after 1`);
  });
});

t.test("T3: no message is unaccounted for", async (t) => {
  const kill = (...touches: string[]): Fact => ({
    type: "fault.began",
    fault: "f1",
    kind: "kill",
    touches,
    forMs: 0,
  });
  t.test("a history holds whose messages arrived, were refused or dropped", async () => {
    const facts = [sent(1), sent(2), sent(3), received(2), dropped(1), refused(3), quiet];
    holds(nothingUnaccounted, told(...facts, sent(4, "n2")));
  });
  t.test("a message that nobody has seen again breaks it", async () => {
    const what = `${PAIR} 2 was neither delivered nor counted as dropped`;
    const history = told(sent(1, "n2"), sent(2, "n2"), received(1), quiet, quiet);
    breaks(nothingUnaccounted, history, what);
  });
  t.test("a fault of sender or receiver while it is under way excuses it", async () => {
    holds(nothingUnaccounted, told(sent(1, "n2"), kill("n2"), quiet));
    holds(nothingUnaccounted, told(sent(1, "n2"), kill("n1"), quiet));
    holds(nothingUnaccounted, told(sent(1, "n2"), kill(), quiet));
    holds(nothingUnaccounted, told(sent(1), kill("n9"), quiet));
  });
  t.test("a fault that lasts excuses what was sent after it began", async () => {
    const cut: Fact = { type: "fault.began", fault: "f", kind: "cut", touches: ["n2"] };
    holds(nothingUnaccounted, told(cut, sent(1, "n2"), { type: "fault.ended", fault: "f" }, quiet));
  });
  t.test("a fault of somebody else, before or long after does not excuse it", async () => {
    const what = `${PAIR} 1 was neither delivered nor counted as dropped`;
    breaks(nothingUnaccounted, told(sent(1, "n2"), kill("n3"), quiet), what);
    breaks(nothingUnaccounted, told(kill("n2"), sent(1, "n2"), quiet), what);
    const late = told(sent(1, "n2")).at(11_000).tell(kill("n2"), quiet);
    breaks(nothingUnaccounted, late, what);
    holds(nothingUnaccounted, late, { flightMs: 20_000 });
  });
});
