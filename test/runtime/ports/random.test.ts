import fc from "fast-check";
import t from "tap";
import { seededRandom, systemRandom } from "../../../runtime/index.ts";

t.test("Random", async (t) => {
  t.test("is a function of its seed", async (t) => {
    const draws = (seed: number): readonly number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 5 }, () => random.next());
    };
    t.same(draws(1), draws(1));
    t.notSame(draws(1), draws(2));
  });

  t.test("a fork depends on seed and label only, not on what was drawn before", async (t) => {
    const fresh = seededRandom(1).fork("a").next();
    const used = seededRandom(1);
    used.next();
    t.equal(used.fork("a").next(), fresh);
    t.not(used.fork("b").next(), fresh);
  });

  t.test("integers stay below their bound, and a bad bound is a RangeError", async (t) => {
    const random = seededRandom(5);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (bound) => {
        const n = random.int(bound);
        return Number.isInteger(n) && n >= 0 && n < bound;
      }),
      { verbose: 1 },
    );
    t.throws(() => random.int(0), RangeError);
    t.throws(() => random.int(2 ** 32 + 1), RangeError);
  });

  t.test("identifiers are 22 characters that do not repeat", async (t) => {
    const random = systemRandom();
    const ids = Array.from({ length: 1_000 }, () => random.id());
    t.equal(new Set(ids).size, 1_000);
    t.ok(ids.every((id) => /^[0-9a-z]{22}$/.test(id)));
  });
});
