/** All invariants together: on drawn histories that break none, and with one change that breaks one. */
import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { seededRandom } from "../../runtime/ports/random.ts";
import { invariants } from "./invariants.ts";
import { judge, violationsOf } from "./judge.ts";
import { legalHistory } from "./legal-history.ts";
import { type ThreadKind, threadKinds } from "./legal-threads.ts";
import { mutations } from "./mutations.ts";

const someThreads = fc.array(fc.constantFrom(...threadKinds), { maxLength: 5 });

t.test("The invariants", async (t) => {
  t.test("are those of the guarantees, each once", async () => {
    const names =
      "T1 T2 T3 A1 A2 A3 A4 D1 D2 D3 D4 D5 D6 V1 V2 V3 S1 S2 S3 S4 U1 U2 U3 U4 U5 B1 B2";
    assert.deepEqual(
      invariants.map(({ name }) => name),
      names.split(" "),
    );
  });

  t.test("are kept by every legal history", async () => {
    const draw = fc.record({ seed: fc.integer(), threads: someThreads });
    fc.assert(
      fc.property(draw, (drawn) => {
        assert.deepEqual(violationsOf(legalHistory(drawn), invariants), []);
      }),
      { numRuns: 300 },
    );
  });

  t.test("all judge something in a history of every kind of thread", async () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const idle = judge(legalHistory({ seed, threads: threadKinds }), invariants)
          .filter(({ judged }) => judged === 0)
          .map(({ invariant }) => invariant);
        assert.deepEqual(idle, []);
      }),
      { numRuns: 50 },
    );
  });

  t.test("are each broken by a mutation", async () => {
    const broken = new Set(mutations.map(({ breaks }) => breaks));
    const unbroken = invariants.map(({ name }) => name).filter((name) => !broken.has(name));
    assert.deepEqual(unbroken, []);
  });
});

t.test("One change to a legal history is found", async (t) => {
  for (const mutation of mutations) {
    t.test(`${mutation.breaks}: ${mutation.name}`, async () => {
      const invariant = invariants.filter(({ name }) => name === mutation.breaks);
      let made = 0;
      const draw = fc.record({ seed: fc.integer(), threads: someThreads });
      fc.assert(
        fc.property(draw, ({ seed, threads }) => {
          const kinds: readonly ThreadKind[] = [mutation.in, ...threads];
          const history = legalHistory({ seed, threads: kinds });
          const changed = mutation.make(history, seededRandom(seed).fork("mutation"));
          if (changed === undefined) return;
          made++;
          assert.notEqual(violationsOf(changed, invariant).length, 0);
        }),
        { numRuns: 100 },
      );
      assert.ok(made >= 20, `the mutation was made in ${made} of 100 histories`);
    });
  }
});
