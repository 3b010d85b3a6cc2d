import fc from "fast-check";
import t from "tap";
import {
  contendersOf,
  type Hypothesis,
  type KnowledgeSourceName,
  settle,
} from "../../../../examples/licence-review/methods/hypothesis.ts";

const says = (source: KnowledgeSourceName, licence: string, confidence: number): Hypothesis => ({
  source,
  licence,
  confidence,
});

t.test("settle", async (t) => {
  t.test("Y4: settles on one source at 0.9, or on two at 0.7", async (t) => {
    t.match(settle([says("clauses", "MIT", 0.9)]), { phase: "settled", licence: "MIT" });
    t.equal(settle([says("clauses", "MIT", 0.8)]).phase, "open");
    t.match(settle([says("clauses", "MIT", 0.7), says("readme", "MIT", 0.7)]), {
      phase: "settled",
      licence: "MIT",
    });
  });

  t.test("Y4: stays open when a rival is close, and names both", async (t) => {
    t.match(settle([says("clauses", "MIT", 0.95), says("similarity", "ISC", 0.93)]), {
      phase: "open",
      reason: "MIT and ISC are too close",
    });
  });

  t.test("says so when nothing was recognised", async (t) => {
    t.match(settle([]), { phase: "open", reason: /no source/u, contenders: [] });
  });

  t.test("Y1: repeating is no evidence", async (t) => {
    const once = settle([says("title", "MIT", 0.6)]);
    t.same(settle([says("title", "MIT", 0.6), says("title", "MIT", 0.6)]), once);
  });

  t.test("Y3: identifiers that share a text support each other", async (t) => {
    const [leader] = contendersOf([
      says("title", "GPL-3.0-or-later", 0.7),
      says("clauses", "GPL-3.0-only", 0.7),
    ]);
    t.same(leader?.sources, ["clauses", "title"]);
  });

  const hypothesis = fc.record({
    source: fc.constantFrom<KnowledgeSourceName>("title", "similarity", "clauses", "readme"),
    licence: fc.constantFrom("MIT", "ISC", "GPL-2.0-only", "GPL-2.0-or-later"),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  });

  t.test("Y2: the order of the hypotheses changes nothing", async (t) => {
    const shuffled = fc
      .array(hypothesis, { maxLength: 10 })
      .chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
      );
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(shuffled, ([list, other]) => {
          return JSON.stringify(settle(list)) === JSON.stringify(settle(other));
        }),
      ),
    );
  });

  t.test("more support for the leader never opens what was settled", async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.array(hypothesis, { maxLength: 8 }), (list) => {
          const before = settle(list);
          if (before.phase === "open") return true;
          const after = settle([...list, says("declared", before.licence, 0.9)]);
          return after.phase === "settled" && after.confidence >= before.confidence;
        }),
      ),
    );
  });
});
