import fc from "fast-check";
import t from "tap";
import type { FrameHeader } from "../../../cluster/wire/frame.ts";
import { parseFrame } from "../../../cluster/wire/frame.ts";
import { pack } from "../../../cluster/wire/packing.ts";

const header: FrameHeader = {
  incarnation: "7",
  linkSeq: 3,
  ackSeq: 2,
  baseSeq: 3,
  target: "",
  resend: false,
};

t.test("a frame", async (t) => {
  t.test("F1: what a later version appends is ignored", async (t) => {
    const bytes = pack([1, "7", 3, 2, [], 3, "9", 0, "new", { more: 1 }]);
    t.same(parseFrame(bytes), {
      ok: true,
      value: { ...header, target: "9", envelopes: [], faults: [] },
    });
  });

  t.test("F2: an undecodable envelope leaves its neighbours alone", async (t) => {
    const good = [0, 1, "a", "", 0, "t.x@1"];
    const read = parseFrame(pack([1, "7", 3, 2, [good, [99], good]]));
    if (!read.ok) throw new Error(read.error);
    t.equal(read.value.envelopes.length, 2);
    t.same(read.value.faults, ["unknown envelope kind 99"]);
  });

  t.test("F3: another version is refused by name, and nonsense never throws", async (t) => {
    t.same(parseFrame(pack([2, "7", 1, 0, []])), {
      ok: false,
      error: "frame version 2; this node reads 1",
    });
    for (const bad of [1, {}, [], [1], [1, 2, 3, 4, 5], [1, "7", -1, 0, []], [1, "7", 1, 0, 5]])
      t.equal(parseFrame(pack(bad)).ok, false);
    fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof parseFrame(bytes).ok === "boolean"));
  });
});
