import fc from "fast-check";
import t from "tap";
import { pack, unpack } from "../../cluster/wire/packing.ts";
import { plainCopy, plainParts } from "../../runtime/plain-copy.ts";

const nested = (depth: number): unknown => (depth === 0 ? 1 : { in: nested(depth - 1) });

t.test("Plain copies", async (t) => {
  t.test("P1, P2: is copied as it is, and shares nothing with its original", async (t) => {
    const bytes = Buffer.from([1, 2, 3]);
    const at = new Date(5);
    const value = { a: [1, "two", null, true, 5n], at, bytes, deep: { er: {} }, "": 0 };
    const copy = plainCopy(value) as typeof value;
    t.strictSame(copy, { ...value, bytes: new Uint8Array([1, 2, 3]) });
    bytes[0] = 9;
    at.setTime(6);
    value.deep.er = { more: 1 };
    t.strictSame([copy.bytes[0], copy.at.getTime(), copy.deep], [1, 5, { er: {} }]);
  });

  t.test("P1: whatever JSON can say is copied whole, and the wire carries it", async (t) => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const copy = plainCopy(value);
        t.strictSame(copy, value);
        const carried = unpack(pack(copy));
        return carried.ok;
      }),
      { numRuns: 100 },
    );
  });

  t.test("P1: what toJSON returns stands for its value", async (t) => {
    t.strictSame(plainCopy({ of: { toJSON: () => ({ id: 7 }) } }), { of: { id: 7 } });
    t.throws(() => plainCopy({ toJSON: () => new Map() }), { message: /it is an instance of Map/ });
  });

  t.test("P3: leaves undefined fields out, and keeps places in arrays", async (t) => {
    t.strictSame(Object.keys(plainCopy({ a: undefined, b: 1 }) as object), ["b"]);
    t.strictSame(plainCopy([undefined, 1]), [undefined, 1]);
  });

  t.test("names what is not plain, and where", async (t) => {
    class Account {}
    const cycle: { self?: unknown } = {};
    cycle.self = { back: cycle };
    const cases: readonly (readonly [unknown, string])[] = [
      [{ a: { f: () => {} } }, "a.f is a function"],
      [[1, { s: Symbol("s") }], "[1].s is a symbol"],
      [{ set: new Set() }, "set is an instance of Set"],
      [{ list: [new Account()] }, "list[0] is an instance of Account"],
      [cycle, "self.back is a cycle"],
      [() => {}, "it is a function"],
    ];
    for (const [value, message] of cases) {
      t.throws(() => plainCopy(value), {
        name: "TypeError",
        message: `${message}, which is no plain data`,
      });
    }
    t.doesNotThrow(() => plainCopy(nested(30)));
    t.throws(() => plainCopy(nested(31)), { message: /nested deeper than 30 levels/ });
    const twice = { x: 1 };
    t.strictSame(plainCopy([twice, twice]), [{ x: 1 }, { x: 1 }], "twice is no cycle");
  });

  t.test("in parts, leaves out what is not plain", async (t) => {
    const value = { f: () => {}, m: new Map(), e: new RangeError("no"), ok: [1, () => {}] };
    t.strictSame(plainParts(value), {
      e: { name: "RangeError", message: "no" },
      ok: [1, undefined],
    });
  });

  t.test("regression: a key like __proto__ becomes a field, not a prototype", async (t) => {
    const copy = plainCopy(JSON.parse('{"__proto__": {"admin": true}}')) as { admin?: boolean };
    t.equal(copy.admin, undefined);
    t.ok(Object.hasOwn(copy, "__proto__"));
  });
});
