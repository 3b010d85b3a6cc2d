import fc from "fast-check";
import t from "tap";
import type { FrameHeader } from "../../../cluster/wire/frame.ts";
import { frameBytes, parseFrame } from "../../../cluster/wire/frame.ts";
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

  t.test("F2: nor does one with a body that cannot be decoded", async (t) => {
    const good = pack([0, 1, "a", "", 0, "t.x@1", 5]);
    const bad = Buffer.concat([good.subarray(0, -1), Buffer.from("818001", "hex")]); // a map as a key
    const frame = Buffer.concat([pack([1, "7", 3, 2]), Buffer.of(0x93), good, bad, good]);
    frame[0] = 0x95;
    const read = parseFrame(frame);
    if (!read.ok) throw new Error(read.error);
    t.equal(read.value.envelopes.length, 2);
    t.match(read.value.faults, [/^the body cannot be decoded/]);
  });

  t.test("F1: a frame that is written while another is leaves it alone", async (t) => {
    const plain = { kind: 0, id: 1, to: "a", from: "", correlation: 0, type: "t.x@1" } as const;
    const envelope = { ...plain, body: undefined, ttlMs: 0 };
    let inner: Uint8Array | undefined;
    const body = {
      before: 1,
      get field() {
        inner = frameBytes(header, [envelope]);
        return 2;
      },
    };
    const outer = parseFrame(frameBytes(header, [envelope, { ...envelope, body }]));
    if (!outer.ok || inner === undefined) throw new Error("no frame");
    t.same(outer.value.envelopes[1]?.body, { before: 1, field: 2 });
    t.same(parseFrame(inner), parseFrame(frameBytes(header, [envelope])));
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
