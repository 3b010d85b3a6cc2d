import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { MAX_NODES, pack } from "../../../cluster/wire/packing.ts";
import { WireWriter } from "../../../cluster/wire/wire-writer.ts";

const ODD_NAME = fc.constantFrom("constructor", "toJSON", "hasOwnProperty", "then", "__proto__");

/** Plain data of every kind, what is rare among it included. */
const plain = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.string({ maxLength: 300 }),
    fc.double(),
    fc.maxSafeInteger(),
    fc.integer({ min: -70_000, max: 70_000 }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.date(),
    fc.uint8Array({ maxLength: 300 }),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie("value")),
    fc.sparseArray(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.string(), ODD_NAME), tie("value")),
  ),
})).value;

function written(value: unknown, depth = 0): Uint8Array {
  const writer = new WireWriter();
  writer.begin();
  writer.value(value, depth);
  return writer.end();
}

function nested(levels: number, innermost: unknown = 1): unknown {
  let value = innermost;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

t.test("writing the values of a message", async (t) => {
  t.test("B1: plain data gets the bytes that packing gives it", async () => {
    fc.assert(
      fc.property(plain, (value) => {
        let packed: Uint8Array;
        try {
          packed = pack(value);
        } catch {
          assert.throws(() => written(value), TypeError);
          return;
        }
        assert.deepEqual(Buffer.from(written(value)), Buffer.from(packed));
      }),
      { verbose: 1, numRuns: 2_000 },
    );
  });

  t.test("B1: so do texts, bytes, arrays and objects at the bounds of their heads", async (t) => {
    for (const size of [15, 16, 31, 32, 47, 48, 63, 64, 127, 128, 255, 256, 65_535, 65_536]) {
      for (const value of [
        "x".repeat(size),
        "é".repeat(size),
        `${"x".repeat(size - 1)}€`,
        new Uint8Array(size).fill(7),
        size,
        -size,
      ])
        t.ok(Buffer.from(written(value)).equals(pack(value)), `${typeof value} of ${size}`);
      if (size > 10_000) continue;
      const array = new Array(size).fill(size);
      const object = Object.fromEntries(array.map((value, at) => [`field ${at}`, value]));
      t.ok(Buffer.from(written(array)).equals(pack(array)), `array of ${size}`);
      t.ok(Buffer.from(written(object)).equals(pack(object)), `object of ${size}`);
    }
  });

  t.test(
    "B2: what is too deep, too much or endless is refused as packing refuses it",
    async (t) => {
      const deep = {
        name: "TypeError",
        message: "cannot be carried: nested deeper than 32 levels",
      };
      t.ok(written(nested(29), 3));
      t.throws(() => written(nested(30), 3), deep);
      const cycle: { self?: unknown; both?: readonly unknown[] } = {};
      cycle.self = cycle;
      t.throws(() => written(cycle), deep);
      cycle.both = [cycle, cycle];
      t.throws(() => written([cycle, cycle, cycle]), { name: "TypeError" });
      t.ok(written(new Array(MAX_NODES - 1).fill(0)));
      t.throws(() => written(new Array(MAX_NODES).fill(0)), /more than 65536 values/);
      t.throws(
        () => written([new Date(0), ...new Array(MAX_NODES - 1).fill(0)]),
        /more than 65536/,
      );
      for (const bad of [Symbol("s"), [2n ** 70n], { a: [Symbol("s")] }])
        t.throws(() => written(bad), { name: "TypeError" });
      // What is rare is packed apart, and still counts as deep as it stands.
      t.ok(written(nested(31, new Map([["a", 1]]))));
      t.throws(() => written(nested(32, new Map([["a", 1]]))), deep);
    },
  );

  t.test("B3: a message stays as it was, whatever is written after it", async (t) => {
    const writer = new WireWriter();
    const messages = Array.from({ length: 400 }, (_, at) => {
      writer.begin();
      // Some end in the buffer that they began in, some outgrow it, and some are given up.
      const body = new Uint8Array((at * 997) % 150_000).fill(at);
      if (at % 7 === 0) {
        t.throws(() => writer.value([body, Symbol("s")], 0));
        writer.begin();
      }
      writer.value([at, body], 0);
      return { bytes: writer.end(), value: [at, body] };
    });
    for (const { bytes, value } of messages) t.ok(Buffer.from(bytes).equals(pack(value)));
  });
});
