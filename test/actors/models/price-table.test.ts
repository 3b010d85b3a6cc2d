import { t } from "tap";
import {
  costMicros,
  localPrices,
  parsePriceTable,
  priceOf,
} from "../../../actors/models/price-table.ts";

t.test("price table", async (t) => {
  t.test("E1: local models cost nothing", async (t) => {
    for (const kind of ["builtin", "ollama"] as const) {
      const price = priceOf(localPrices, { kind, name: "any" });
      t.same(price, { inputMicros: 0, outputMicros: 0 });
    }
  });

  t.test("a listed price counts, for a local model too", async (t) => {
    const table = parsePriceTable({
      v: 1,
      asOf: "2026-01-31",
      models: { m: { inputMicros: 500_000, outputMicros: 1_500_000 } },
    });
    const price = priceOf(table, { kind: "ollama", name: "m" });
    t.same(price, { inputMicros: 500_000, outputMicros: 1_500_000 });
    t.same(priceOf(table, { kind: "ollama", name: "toString" }), {
      inputMicros: 0,
      outputMicros: 0,
    });
  });

  t.test("E3: costs are rounded up to whole micro-dollars", async (t) => {
    const price = { inputMicros: 500_000, outputMicros: 1_500_000 };
    t.equal(costMicros(price, { inputTokens: 1_000, outputTokens: 100 }), 650);
    t.equal(costMicros(price, { inputTokens: 1, outputTokens: 0 }), 1);
    t.equal(costMicros(price, { inputTokens: 0, outputTokens: 0 }), 0);
  });

  for (const [value, message] of [
    [[], /is an object/],
    [{ v: 2 }, /version 2 is not supported/],
    [{ v: 1, asOf: "today" }, /YYYY-MM-DD: today/],
    [{ v: 1, asOf: "2026-01-31" }, /models must be an object/],
    [{ v: 1, asOf: "2026-01-31", models: { m: { inputMicros: -1 } } }, /m needs inputMicros.*-1/],
  ] as const) {
    t.test(`refuses ${JSON.stringify(value)}`, async (t) => {
      t.throws(() => parsePriceTable(value), { name: "TypeError", message });
    });
  }
});
