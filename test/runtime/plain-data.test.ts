import t from "tap";
import { copierOf } from "../../runtime/plain-data.ts";

const copied = copierOf(1_000_000);

/** Why a value cannot be a message. */
function why(value: unknown): string {
  const result = copied(value);
  return result.ok ? "it can" : `${result.error.code}: ${result.error.why}`;
}

t.test("plain data", async (t) => {
  t.test("D1: everything that MessagePack carries is copied", async (t) => {
    const date = new Date(5);
    const values = [
      null,
      true,
      "ä",
      1.5,
      -1,
      2n ** 63n,
      date,
      Uint8Array.of(1, 2),
      [[1], { a: {} }],
    ];
    for (const value of values) t.strictSame(copied(value), { ok: true, value });
    t.same(copied(Buffer.from([7])), { ok: true, value: Uint8Array.of(7) });
    t.same(copied(Object.assign(Object.create(null), { a: 1 })), { ok: true, value: { a: 1 } });
  });

  t.test("D2: an undefined field is left out, an undefined or missing element stays", async (t) => {
    // biome-ignore lint/suspicious/noSparseArray: what this is about
    const result = copied({ a: undefined, b: [undefined, , 1] });
    t.strictSame(result, { ok: true, value: { b: [undefined, undefined, 1] } });
    t.notOk(result.ok && Object.hasOwn(result.value as object, "a"));
  });

  t.test("D2: what would arrive as something else is refused, naming where it is", async (t) => {
    class Money {}
    const cases: readonly (readonly [unknown, string])[] = [
      [() => 1, "it is a function"],
      [{ a: [Symbol("s")] }, "it.a[0] is a symbol"],
      [
        { price: new Money() },
        "it.price is an instance of Money, which would arrive as a bare object",
      ],
      [new Map(), "it is an instance of Map, which would arrive as a bare object"],
      [{ at: new Date(Number.NaN) }, "it.at is no valid date"],
      [["\ud800"], "it[0] holds half a character"],
      [{ "\udfff": 1 }, "a field's name of it holds half a character"],
      [JSON.parse('{"__proto__":1}'), "it has a field __proto__"],
      [{ toJSON: 1 }, "it has a field toJSON"],
      [2n ** 64n, "it is a bigint of more than 64 bits"],
    ];
    for (const [value, reason] of cases) t.equal(why(value), `ask.undecodable: ${reason}`);
  });

  t.test("D2: a getter that throws makes no caller throw", async (t) => {
    const hostile = {
      get field(): never {
        throw new Error("not today");
      },
    };
    t.equal(why(hostile), "ask.undecodable: not today");
  });

  t.test("D3: 32 levels and 65,536 values are carried, a cycle is not", async (t) => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
    t.equal(why(nested(32)), "it can");
    t.match(why(nested(33)), /nested deeper than 32 levels, or a cycle/);
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    t.match(why(cycle), /or a cycle/);
    t.equal(why(new Array(65_535).fill(0)), "it can");
    t.match(why(new Array(65_536).fill(0)), /more than 65536 values/);
  });

  t.test("D4: a copy shares nothing with its original", async (t) => {
    const original = { list: [{ n: 1 }], bytes: Uint8Array.of(1), date: new Date(1) };
    const result = copied(original);
    original.list.push({ n: 2 });
    original.bytes[0] = 9;
    original.date.setTime(9);
    t.same(result, {
      ok: true,
      value: { list: [{ n: 1 }], bytes: Uint8Array.of(1), date: new Date(1) },
    });
  });

  t.test("S18: what is larger than the limit is too large", async (t) => {
    const small = copierOf(1_000);
    t.equal(small("x".repeat(990)).ok, true);
    t.match(small("x".repeat(1_001)), { ok: false, error: { code: "payload.too-large" } });
    t.match(small({ a: [new Uint8Array(2_000)] }), { error: { code: "payload.too-large" } });
  });
});
