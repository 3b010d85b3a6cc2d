import { readFileSync } from "node:fs";
import fc from "fast-check";
import t from "tap";
import type { FrameHeader } from "../../../cluster/wire/frame.ts";
import { frameBytes, parseFrame } from "../../../cluster/wire/frame.ts";
import { pack } from "../../../cluster/wire/packing.ts";
import type { Envelope } from "../../../runtime/remote/envelope.ts";

interface Vector {
  readonly name: string;
  readonly header: FrameHeader;
  readonly envelopes: readonly Envelope[];
  readonly hex: string;
}

// From dist/test/cluster to test/fixtures.
const fixture = new URL("../../../../test/fixtures/frames.json", import.meta.url);
const vectors: readonly Vector[] = JSON.parse(readFileSync(fixture, "utf8"));
const header: FrameHeader = {
  incarnation: "7",
  linkSeq: 3,
  ackSeq: 2,
  baseSeq: 3,
  target: "",
  resend: false,
};

t.test("a frame", async (t) => {
  t.test("F1: has the bytes that other versions and languages were told", async (t) => {
    t.ok(vectors.length >= 4);
    for (const { name, header, envelopes, hex } of vectors) {
      t.equal(Buffer.from(frameBytes(header, envelopes)).toString("hex"), hex, name);
      t.same(
        parseFrame(Buffer.from(hex, "hex")),
        { ok: true, value: { ...header, envelopes, faults: [] } },
        name,
      );
    }
  });

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
