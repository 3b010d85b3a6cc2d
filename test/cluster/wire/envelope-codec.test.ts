import fc from "fast-check";
import t from "tap";
import { parseHeartbeat } from "../../../cluster/membership/heartbeat.ts";
import { frameBytes, parseFrame } from "../../../cluster/wire/frame.ts";
import { pack, unpack } from "../../../cluster/wire/packing.ts";
import type { Envelope } from "../../../runtime/remote/envelope.ts";
import { err, ok, type Result } from "../../../runtime/result.ts";

const HEADER = { linkSeq: 1, ackSeq: 0, baseSeq: 1, target: "", resend: false } as const;

/** The elements of an envelope as it stands in a frame. */
function wireOf(envelope: Envelope): readonly unknown[] {
  const frame = unpack(frameBytes({ incarnation: "7", ...HEADER }, [envelope]));
  if (!frame.ok) throw new Error(frame.error);
  return (frame.value as readonly (readonly (readonly unknown[])[])[])[4]?.[0] ?? [];
}

/** What stands in a frame in an envelope's place, read as one. */
function envelopeFrom(wire: unknown): Result<Envelope, string> {
  const frame = parseFrame(pack([1, "7", 1, 0, [wire]]));
  if (!frame.ok) return frame;
  const [envelope] = frame.value.envelopes;
  return envelope === undefined ? err(frame.value.faults.join()) : ok(envelope);
}

const count = fc.nat({ max: 1_000_000 });
const text = fc.string({ maxLength: 20 });
const envelopes: fc.Arbitrary<Envelope> = fc.record(
  {
    kind: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13),
    id: count,
    to: text,
    from: text,
    correlation: count,
    type: text,
    body: fc.oneof(fc.constant(undefined), fc.constant(null), text, count, fc.array(count)),
    ttlMs: count,
    sequence: count,
    traceparent: text,
    attempt: count,
    idempotencyKey: text,
    askChain: fc.array(text, { maxLength: 32 }),
    signature: fc.record({
      incarnation: text,
      bytes: fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    }),
    claim: fc.record({
      key: fc.constantFrom("node.a.0001.1", "client.c-1.0001.2"),
      sizeBytes: count,
      form: fc.constantFrom("packed" as const, "bytes" as const),
    }),
  },
  { requiredKeys: ["kind", "id", "to", "from", "correlation", "type", "body", "ttlMs"] },
) as fc.Arbitrary<Envelope>;

t.test("the envelope codec", async (t) => {
  t.test("W1: every envelope comes back as it was, through bytes", async (t) => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        const back = envelopeFrom(wireOf(envelope));
        // A claim stands in place of the body.
        const { claim, body } = envelope;
        const value = { ...envelope, body: claim === undefined ? body : undefined };
        t.same(back, { ok: true, value });
        return back.ok;
      }),
    );
  });

  t.test("W2: trailing absent fields are left out and unknown ones are ignored", async (t) => {
    const plain: Envelope = {
      kind: 0,
      id: 1,
      to: "a",
      from: "",
      correlation: 0,
      type: "t.x@1",
      body: undefined,
      ttlMs: 0,
    };
    t.equal(wireOf(plain).length, 6);
    t.equal(wireOf({ ...plain, body: 1 }).length, 7);
    t.equal(wireOf({ ...plain, sequence: 4 }).length, 9);
    const claim = { key: "node.a.1.2", sizeBytes: 300_000, form: "bytes" } as const;
    const full: Envelope = { ...plain, sequence: 1, askChain: ["n/a"], claim, token: 9 };
    const long = [...wireOf(full), "from", ["the", "future"]];
    t.same(envelopeFrom(long), { ok: true, value: full });
    t.same(envelopeFrom([...wireOf(plain), 5, null, null, null, null, null, null, null]), {
      ok: true,
      value: { ...plain, body: 5 },
    });
  });

  t.test(
    "regression W3: what cannot be shown as text is refused like everything else",
    async (t) => {
      const trap = [{ toString: 0 }];
      t.match(envelopeFrom([trap]), { ok: false, error: /^unknown envelope kind/ });
      t.match(parseFrame(pack([trap])), { ok: false, error: /^frame version/ });
      t.match(parseHeartbeat(pack([trap])), { ok: false, error: /^heartbeat version/ });
    },
  );

  t.test("W3: whatever is no envelope is refused in one line", async (t) => {
    const good = [0, 1, "a", "", 0, "t.x@1", 1, 0];
    for (const [at, value] of [
      [0, 99],
      [1, -1],
      [1, 1.5],
      [2, 7],
      [3, null],
      [4, "x"],
      [5, 5],
      [7, Number.NaN],
      [8, "s"],
      [9, 1],
      [10, {}],
      [11, 2],
      [12, [1]],
      [13, ["no key", 1, 0]],
      [13, ["node.a.1.1", -1, 0]],
      [13, ["node.a.1.1", 1, 2]],
      [13, "node.a.1.1"],
    ] as const) {
      const bad: unknown[] = [...good];
      bad[at] = value;
      t.equal(envelopeFrom(bad).ok, false, `position ${at}`);
    }
    const unsigned = [...good, ...Array(6).fill(undefined)];
    for (const signature of [
      1,
      ["i"],
      ["i", "x"],
      ["i", new Uint8Array(63)],
      [1, new Uint8Array(64)],
    ])
      t.equal(envelopeFrom([...unsigned, signature]).ok, false, "the signature");
    t.equal(envelopeFrom([...unsigned, ["i", new Uint8Array(64)]]).ok, true);
    t.equal(envelopeFrom([...good, 1, "", 1, "", Array(33).fill("a")]).ok, false);
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        const read = envelopeFrom(anything);
        return read.ok || !read.error.includes("\n");
      }),
    );
  });
});
