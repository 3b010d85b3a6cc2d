import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { pack, unpack } from "../../../cluster/wire/packing.ts";
import { Fault, WireReader } from "../../../cluster/wire/wire-reader.ts";

const value = fc.anything({
  withBigInt: true,
  withDate: true,
  withSparseArray: true,
  withTypedArray: false,
  withMap: false,
  withSet: false,
  key: fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "a".repeat(40))),
});

/** The values of a message, each with a mark behind it, so that one that reads too much is seen. */
function readAll(bytes: Uint8Array): readonly unknown[] {
  const reader = new WireReader();
  assert.equal(reader.open(bytes), undefined);
  return Array.from({ length: reader.array() ?? 0 }, () => reader.value());
}

/** Byte arrays of whichever class as one. */
function plainBytes(read: unknown): unknown {
  if (read instanceof Uint8Array) return new Uint8Array(read);
  if (Array.isArray(read)) return read.map(plainBytes);
  if (typeof read !== "object" || read === null || read instanceof Date) return read;
  return Object.fromEntries(Object.entries(read).map(([key, field]) => [key, plainBytes(field)]));
}

function hasBytes(text: string): string {
  return text.replaceAll(" ", "");
}

t.test("reading the values of a message", async (t) => {
  t.test("R1: a value is what unpacking its bytes gives, and the next one follows", async () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), (values) => {
        let bytes: Uint8Array;
        try {
          bytes = pack(values.flatMap((each) => [each, 7]));
        } catch {
          return; // it cannot be carried
        }
        const unpacked = unpack(bytes);
        assert.ok(unpacked.ok);
        assert.deepStrictEqual(plainBytes(readAll(bytes)), plainBytes(unpacked.value));
      }),
      { verbose: 1, numRuns: 3_000 },
    );
  });

  t.test("R1: so is whatever passes the scan, from a peer that packs otherwise", async (t) => {
    for (const hex of [
      "ca 40490fdb", // a float of 32 bits
      "d0 80, d1 8000, d2 80000000, d3 8000000000000000, cf ffffffffffffffff",
      "d6ff 00000001, d7ff 0000000400000001, c70cff 00000000ffffffffffffffff",
      "82 01 02 a161 03, 81 d901 62 04, 81 cb3ff8000000000000 05", // keys of numbers
      "81 d909 5f5f70726f746f5f5f 01, 81 a9 5f5f70726f746f5f5f 81a178 01", // __proto__
      "d901 61, da0001 61, db00000001 61, a2c328, a3eda080", // long heads, and what is no UTF-8
      "dc0001 c0, dd00000001 c0, de0001 a161 c0, df00000001 a161 c0",
      "c403 010203, c50003 010203, c600000003 010203",
      "cc01, cd0001, ce00000001, 91 91 ca 40490fdb",
    ]) {
      const values = hasBytes(hex).split(",");
      const head = Buffer.from([0x90 | values.length]);
      const bytes = Buffer.concat([head, Buffer.from(values.join(""), "hex")]);
      const unpacked = unpack(bytes);
      if (!unpacked.ok) throw new Error(`${hex}: ${unpacked.error}`);
      t.strictSame(plainBytes(readAll(bytes)), plainBytes(unpacked.value), hex);
    }
    t.notOk("x" in {});
  });

  t.test("R1: no bytes make reading throw", async () => {
    const reader = new WireReader();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        if (reader.open(bytes) === undefined) reader.value();
      }),
      { verbose: 1, numRuns: 10_000 },
    );
  });

  t.test("R2: behind what cannot be decoded the next value is read", async (t) => {
    const [fault, next] = readAll(Buffer.from("9281800107", "hex")); // a map with a map for a key
    t.ok(fault instanceof Fault);
    t.equal(next, 7);
  });

  t.test("R3: texts of one look are told apart, in UTF-8 and in Latin-1", async (t) => {
    const reader = new WireReader();
    const known = (text: string): unknown => {
      reader.open(pack(text));
      return reader.known();
    };
    // Alike in length, ends and middle, or in the bytes of one and the characters of the other.
    const alike = ["node/a1b/c", "node/a2b/c", "é", "Ã©", "Ã", "node/a1b/c", "", "x".repeat(200)];
    for (let round = 0; round < 3; round++) for (const text of alike) t.equal(known(text), text);
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => known(text) === text));
  });
});
