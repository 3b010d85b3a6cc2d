/** B1 and B2 on histories made by hand: one that holds, and one for each way of breaking it. */
import t from "tap";
import { breaks, holds, told } from "./chronicle.ts";
import { linearizableRegister } from "./linearizable-register.ts";
import type { Fact } from "./record.ts";
import { watchedInOrder } from "./watched-in-order.ts";

const key = "head.1";
const read = (op: string): Fact => ({ type: "register.called", op, key, action: "read" });
const write = (op: string): Fact => ({ type: "register.called", op, key, action: "write" });
const swap = (op: string, expected: number): Fact => ({
  type: "register.called",
  op,
  key,
  action: "compare-and-set",
  expected,
});
const ok = (op: string, revision: number): Fact => ({
  type: "register.returned",
  op,
  outcome: "ok",
  revision,
});
const conflict = (op: string, revision: number): Fact => ({
  type: "register.returned",
  op,
  outcome: "conflict",
  revision,
});
const unknown = (op: string): Fact => ({ type: "register.returned", op, outcome: "unknown" });

t.test("B1: a key's history is linearizable", async (t) => {
  t.test("a history holds whose operations follow each other", async () => {
    const facts = [read("r0"), ok("r0", 0), swap("w1", 0), ok("w1", 3), read("r1"), ok("r1", 3)];
    const later = [swap("w2", 3), ok("w2", 7), swap("w3", 3), conflict("w3", 7), write("w4")];
    holds(linearizableRegister, told(...facts, ...later, ok("w4", 9), read("r2"), ok("r2", 9)));
  });
  t.test(
    "it holds when operations that overlap see the key before or after each other",
    async () => {
      const facts = [write("w1"), read("r1"), read("r2"), ok("r1", 3), ok("r2", 0), ok("w1", 3)];
      holds(linearizableRegister, told(...facts));
      const crossed = [write("w1"), write("w2"), ok("w2", 4), ok("w1", 3), read("r"), ok("r", 4)];
      holds(linearizableRegister, told(...crossed));
    },
  );
  t.test("it holds when a write of unknown outcome is met later, or never", async () => {
    const facts = [write("w1"), unknown("w1"), read("r1"), ok("r1", 0), read("r2"), ok("r2", 3)];
    holds(linearizableRegister, told(...facts, swap("w2", 3), ok("w2", 5)));
    holds(linearizableRegister, told(write("w1"), read("r1"), ok("r1", 3)));
    holds(linearizableRegister, told(write("w1"), unknown("w1"), read("r1"), ok("r1", 0)));
  });
  t.test("a read that is older than one that had returned breaks it", async () => {
    const facts = [write("w1"), ok("w1", 3), write("w2"), ok("w2", 5), read("r"), ok("r", 3)];
    const what = "r met revision 3 of head.1 after 5";
    breaks(linearizableRegister, told(...facts), what);
    const reads = [write("w1"), ok("w1", 3), read("r1"), ok("r1", 3), read("r2"), ok("r2", 0)];
    breaks(linearizableRegister, told(...reads), "r2 met revision 0 of head.1 after 3");
  });
  t.test("a conflict that finds what is older breaks it, since it read", async () => {
    const facts = [write("w1"), ok("w1", 3), write("w2"), ok("w2", 5), swap("w3", 2)];
    const what = "w3 met revision 3 of head.1 after 5";
    breaks(linearizableRegister, told(...facts, conflict("w3", 3)), what);
  });
  t.test("a write that is older than what had returned breaks it", async () => {
    const facts = [write("w1"), ok("w1", 5), write("w2"), ok("w2", 3)];
    breaks(linearizableRegister, told(...facts), "w2 wrote revision 3 of head.1 after 5");
  });
  t.test("a write of what had been read before it was called breaks it", async () => {
    const facts = [write("w0"), unknown("w0"), read("r"), ok("r", 3), write("w1"), ok("w1", 3)];
    breaks(linearizableRegister, told(...facts), "w1 wrote revision 3 of head.1 after 3");
  });
  t.test("a compare-and-set over another write than it expected breaks it", async () => {
    const facts = [write("w1"), ok("w1", 3), swap("a", 3), swap("b", 3), ok("a", 5), ok("b", 7)];
    const what = "b wrote over revision 5 of head.1 and expected 3";
    breaks(linearizableRegister, told(...facts), what);
    const create = [write("w1"), ok("w1", 3), swap("c", 0), ok("c", 5)];
    const created = "c wrote over revision 3 of head.1 and expected 0";
    breaks(linearizableRegister, told(...create), created);
  });
  t.test("a compare-and-set that expected what nobody wrote breaks it", async () => {
    const facts = [write("w1"), ok("w1", 3), swap("a", 4), ok("a", 5)];
    const what = "revision 4 of head.1 was met, and nobody wrote it";
    breaks(linearizableRegister, told(...facts), what);
  });
  t.test("a compare-and-set that expected what came after it breaks it", async () => {
    const facts = [swap("a", 5), write("w"), ok("w", 5), ok("a", 4)];
    breaks(linearizableRegister, told(...facts), "a expected revision 5 of head.1 and wrote 4");
  });
  t.test(
    "a compare-and-set that was refused although all was as it expected breaks it",
    async () => {
      const facts = [write("w1"), ok("w1", 3), swap("a", 3), conflict("a", 3)];
      const what = "a was refused, and head.1 was as it expected";
      breaks(linearizableRegister, told(...facts), what);
    },
  );
  t.test("a revision that two writes were given breaks it", async () => {
    const facts = [write("w1"), write("w2"), ok("w1", 3), ok("w2", 3)];
    breaks(linearizableRegister, told(...facts), "revision 3 of head.1 was written twice");
  });
  t.test("a revision that nobody wrote breaks it, and one unknown write explains one", async () => {
    const what = "revision 4 of head.1 was met, and nobody wrote it";
    breaks(linearizableRegister, told(write("w"), ok("w", 3), read("r"), ok("r", 4)), what);
    const facts = [write("w"), unknown("w"), read("r1"), ok("r1", 4), read("r2"), ok("r2", 6)];
    breaks(linearizableRegister, told(...facts), what);
  });
  t.test("another key is another register", async () => {
    const other: Fact = { type: "register.called", op: "o", key: "head.2", action: "read" };
    holds(linearizableRegister, told(write("w"), ok("w", 3), other, ok("o", 0)));
  });
});

t.test("B2: watchers see revisions increase", async (t) => {
  const seen = (watcher: string, revision: number, of = key): Fact => ({
    type: "register.watched",
    watcher,
    key: of,
    revision,
  });
  t.test("a history holds whose watchers may miss revisions", async () => {
    const facts = [seen("a", 1), seen("b", 1), seen("a", 4), seen("b", 2), seen("a", 2, "head.2")];
    holds(watchedInOrder, told(...facts));
  });
  t.test("an older revision, or the same again, breaks it", async () => {
    const older = told(seen("a", 1), seen("a", 4), seen("a", 3), seen("a", 5));
    breaks(watchedInOrder, older, "a saw revision 3 of head.1 after 4");
    breaks(watchedInOrder, told(seen("a", 4), seen("a", 4)), "a saw revision 4 of head.1 after 4");
  });
});
