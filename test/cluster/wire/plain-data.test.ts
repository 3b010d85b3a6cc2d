/** Holds the check of local messages to the wire: what passes it arrives as the same copy. */
import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { pack, unpack } from "../../../cluster/wire/packing.ts";
import { copierOf } from "../../../runtime/plain-data.ts";

const copied = copierOf(64 * 1_024 * 1_024);

/** Text of any code units: halves of surrogate pairs too. */
const text = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 })
  .map((units) => String.fromCharCode(...units));

/** Plain data, and what a program may take for plain data. */
const anything = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    text,
    fc.string(),
    fc.double(),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
    fc.boolean(),
    fc.constantFrom(null, undefined, -0, Number.NaN, Number.POSITIVE_INFINITY, 2n ** 63n),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array({ maxLength: 8 }),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom<unknown>(Symbol("s"), new Map(), new Set([1]), /x/, new Error("e"), () => 1),
    fc.constantFrom<unknown>(new Float64Array(2), new URL("http://localhost/"), Object(1n)),
    fc.constantFrom<unknown>(
      new Date(8.64e15),
      new Date(-1),
      new Date(Number.NaN),
      new Date(0.5),
      new ArrayBuffer(2),
    ),
    fc.array(tie("value")),
    fc.sparseArray(tie("value"), { maxLength: 5 }),
    fc.dictionary(
      fc.oneof(text, fc.constantFrom("__proto__", "constructor", "toJSON", "then", "")),
      tie("value"),
    ),
  ),
})).value;

/** Byte arrays of whichever class as one. */
function plainBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plainBytes);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plainBytes(field)]));
}

t.test("plain data and the wire", async (t) => {
  t.test("S18: whatever a local check lets pass, the wire carries to the same copy", async (t) => {
    let passed = 0;
    fc.assert(
      fc.property(anything, (value) => {
        const local = copied(value);
        if (!local.ok) return;
        passed++;
        const remote = unpack(pack(value));
        assert.equal(remote.ok, true);
        if (remote.ok) assert.deepStrictEqual(plainBytes(remote.value), plainBytes(local.value));
      }),
      { verbose: 1, numRuns: 5_000 },
    );
    t.ok(passed > 1_000, `${passed} values were compared`);
  });

  t.test("S18: the limits of depth and number are the wire's, or tighter", async (t) => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    const carries = (value: unknown): boolean => {
      try {
        return unpack(pack(value)).ok;
      } catch {
        return false;
      }
    };
    for (const [value, fits] of [
      [nested(32), true],
      [nested(33), false],
      [new Array(65_535).fill(0), true],
      [new Array(65_536).fill(0), false],
      [Object.fromEntries(Array.from({ length: 32_767 }, (_, i) => [i, 0])), true],
      [Object.fromEntries(Array.from({ length: 32_768 }, (_, i) => [i, 0])), false],
    ] as const) {
      t.equal(copied(value).ok, fits);
      t.equal(carries(value), fits);
    }
  });
});
