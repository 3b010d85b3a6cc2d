import t from "tap";
import { protocol, seededRandom, tell } from "../../../runtime/index.ts";
import { messageTypeOf, parseMessageType } from "../../../runtime/kernel/message-type.ts";
import { parseTraceparent, Spans, traceparentOf } from "../../../runtime/kernel/span.ts";

t.test("message type", async (t) => {
  t.test("names protocol, operation and version, and can be read back", async (t) => {
    t.equal(messageTypeOf("auction@1", "bid"), "auction.bid@1");
    t.same(parseMessageType("a.b.bid@12"), { protocol: "a.b@12", operation: "bid" });
    for (const wrong of ["", "bid", "bid@1", ".bid@1", "a.@1", "a.bid"]) {
      t.equal(parseMessageType(wrong), undefined, wrong);
    }
  });

  t.test("keeps the dots of an operation apart from those of its protocol", async (t) => {
    const names = [
      ["door@1", "user.login"],
      ["door.user@1", "login"],
      ["door.user@1", "a.b-c.D_e"],
      ["a.b.c@12", "TOGGLE"],
    ] as const;
    const types = names.map(([of, operation]) => messageTypeOf(of, operation));
    t.equal(new Set(types).size, names.length, types.join(" "));
    for (const [i, [of, operation]] of names.entries()) {
      t.same(parseMessageType(types[i] ?? ""), { protocol: of, operation });
    }
    for (const accepted of ["toggle", "TOGGLE", "user.login", "form-submit", "A_1.b.c"]) {
      t.doesNotThrow(() => protocol("door@1", { [accepted]: tell() }), accepted);
    }
    for (const wrong of ["", ".a", "a.", "a..b", "a:b", "a b", "a@b", "*", "a.*", "_a", "1a"]) {
      t.throws(() => protocol("door@1", { [wrong]: tell() }), TypeError, wrong);
    }
  });
});

t.test("Span", async (t) => {
  t.test("keeps its trace under a parent and across the wire", async (t) => {
    const spans = new Spans(seededRandom(1));
    const root = spans.under(undefined, 1);
    const below = spans.under(root, 2);
    t.match(root, { trace: /^[0-9a-f]{32}$/, span: /^[0-9a-f]{16}$/ });
    t.not(spans.under(undefined, 3).trace, root.trace);
    t.equal(below.trace, root.trace);
    t.equal(below.parent, root.span);
    t.same(parseTraceparent(traceparentOf(below)), { trace: root.trace, span: below.span });
    t.equal(parseTraceparent("00-x-y-01"), undefined);
    t.equal(parseTraceparent(undefined), undefined);
  });
});
