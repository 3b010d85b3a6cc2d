import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { MAX_DEPTH, MAX_NODES, pack, unpack } from "../../../cluster/wire/packing.ts";

/** Plain data of every kind that is carried, within the limits. */
const plain = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.string({ unit: "binary" }),
    fc.double().filter((number) => !Object.is(number, -0)), // comes back as 0
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value")),
    fc.dictionary(fc.string().filter(isOrdinary), tie("value"), { noNullPrototype: true }),
  ),
})).value;

function isOrdinary(key: string): boolean {
  return key !== "__proto__";
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

t.test("Packing", async (t) => {
  t.test("P1: whatever plain data is packed comes back equal", async () => {
    fc.assert(
      fc.property(plain, (value) => {
        assert.deepEqual(unpack(pack(value)), { ok: true, value });
      }),
      { verbose: 1, numRuns: 300 },
    );
  });

  t.test("P2: no bytes make unpack throw", async () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        unpack(bytes);
      }),
      { verbose: 1, numRuns: 5_000 },
    );
  });

  t.test("P2: a packed value with a damaged byte never makes unpack throw", async () => {
    fc.assert(
      fc.property(plain, fc.nat(), fc.nat(255), (value, at, byte) => {
        const bytes = Uint8Array.from(pack(value));
        bytes[at % bytes.length] = byte;
        unpack(bytes);
      }),
      { verbose: 1, numRuns: 2_000 },
    );
  });

  t.test("P3: 32 levels are carried and 33 refused, at both ends", async (t) => {
    t.ok(unpack(pack(nested(MAX_DEPTH))).ok);
    t.throws(() => pack(nested(MAX_DEPTH + 1)), {
      name: "TypeError",
      message: "cannot be carried: nested deeper than 32 levels",
    });
    const bomb = new Uint8Array(4_001).fill(0x91);
    bomb[4_000] = 0;
    t.strictSame(unpack(bomb), { ok: false, error: "nested deeper than 32 levels" });
  });

  t.test("P3: 65,536 values are carried and one more is refused", async (t) => {
    t.ok(unpack(pack(new Array(MAX_NODES - 1).fill(0))).ok);
    t.throws(() => pack(new Array(MAX_NODES).fill(0)), /more than 65536 values/);
  });

  t.test("P3: a length that promises more than there is is refused unread", async (t) => {
    for (const head of [0xdd, 0xdf, 0xdb, 0xc6]) {
      t.notOk(unpack(Uint8Array.of(head, 0xff, 0xff, 0xff, 0xff)).ok);
      t.notOk(unpack(Uint8Array.of(head, 0, 0, 0xff, 0xff)).ok);
    }
    t.strictSame(unpack(new Uint8Array()), { ok: false, error: "cut short" });
    t.strictSame(unpack(Uint8Array.of(1, 2)), { ok: false, error: "1 bytes too many" });
  });

  t.test("P3: of the extension types only timestamps and undefined pass", async (t) => {
    t.strictSame(unpack(pack(new Date(1_234_567))), { ok: true, value: new Date(1_234_567) });
    t.strictSame(unpack(pack(undefined)), { ok: true, value: undefined });
    for (const type of [0x01, 0x62, 0x65, 0x69, 0x72, 0x73, 0x74, 0x78, 0xfe]) {
      t.notOk(unpack(Uint8Array.of(0xd4, type, 0)).ok, `fixext 1 of type ${type}`);
      t.notOk(unpack(Uint8Array.of(0xd6, type, 0, 0, 0, 0)).ok, `fixext 4 of type ${type}`);
      t.notOk(unpack(Uint8Array.of(0xc7, 1, type, 0)).ok, `ext 8 of type ${type}`);
      t.notOk(unpack(Uint8Array.of(0xc8, 0, 1, type, 0)).ok, `ext 16 of type ${type}`);
    }
  });

  t.test("P4: an undefined field is absent and an undefined element stays", async (t) => {
    const back = unpack(pack({ a: undefined, b: [undefined, 1], c: { d: undefined } }));
    t.strictSame(back, { ok: true, value: { b: [undefined, 1], c: {} } });
    t.notOk(back.ok && Object.hasOwn(back.value as object, "a"));
  });

  t.test("refuses a cycle, a symbol and a bigint of more than 64 bits", async (t) => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    t.throws(() => pack(cycle), { name: "TypeError" });
    t.throws(() => pack({ s: Symbol("s") }), { name: "TypeError" });
    t.throws(() => pack(2n ** 70n), { name: "TypeError" });
    t.strictSame(unpack(pack({ after: "an error" })), { ok: true, value: { after: "an error" } });
  });

  t.test("does not let a message touch a prototype", async (t) => {
    const back = unpack(pack(JSON.parse('{"__proto__":{"polluted":1}}')));
    t.ok(back.ok);
    t.notOk("polluted" in {});
    if (back.ok) t.equal(Object.getPrototypeOf(back.value), Object.prototype);
  });

  t.test("carries bytes as bytes", async (t) => {
    const back = unpack(pack({ body: Uint8Array.of(1, 2, 255) }));
    t.ok(back.ok);
    if (back.ok) {
      const { body } = back.value as { body: Uint8Array };
      t.strictSame([...body], [1, 2, 255]);
    }
  });
});
