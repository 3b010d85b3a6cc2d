import fc from "fast-check";
import t from "tap";
import { confidenceOf, rankedIntents, route } from "../../../protocols/hierarchy/routing.ts";

const scores = (...values: readonly number[]) =>
  values.map((score, index) => ({ intent: `i${index}`, score }));

t.test("Routing", async (t) => {
  t.test("delegates what fits one intent well", async (t) => {
    t.strictSame(route(scores(0.1, 0.9, 0)), { kind: "delegate", intent: "i1", confidence: 0.81 });
  });

  t.test("clarifies between intents that fit about equally, the likeliest first", async (t) => {
    const decision = route(scores(0.48, 0.5, 0.1), { delegateAt: 0.5, clarifyAt: 0.2 });
    t.match(decision, { kind: "clarify", intents: ["i1", "i0"] });
  });

  t.test("escalates what fits no intent, and what has no intents", async (t) => {
    t.match(route(scores(0.1, 0.05)), { kind: "escalate", reason: "no-intent-fits" });
    t.match(route([]), { kind: "escalate", confidence: 0 });
  });

  t.test("counts what is no score as none", async (t) => {
    t.match(route(scores(Number.NaN, -3)), { kind: "escalate", confidence: 0 });
    t.equal(confidenceOf(rankedIntents(scores(7))), 1);
  });

  t.test("never delegates below the threshold, and does not depend on the order", async () => {
    const some = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
    fc.assert(
      fc.property(some, fc.double({ min: 0, max: 1, noNaN: true }), (values, delegateAt) => {
        const decision = route(scores(...values), { delegateAt, clarifyAt: 0 });
        const reversed = route(scores(...values).toReversed(), { delegateAt, clarifyAt: 0 });
        return (
          JSON.stringify(decision) === JSON.stringify(reversed) &&
          (decision.kind !== "delegate" || decision.confidence >= delegateAt)
        );
      }),
    );
  });

  t.test("a stronger rival never raises the confidence", async () => {
    const score = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(score, score, score, (best, a, b) => {
        const [low, high] = [Math.min(a, b, best), Math.min(Math.max(a, b), best)];
        return (
          confidenceOf(rankedIntents(scores(best, high))) <=
          confidenceOf(rankedIntents(scores(best, low)))
        );
      }),
    );
  });

  t.test("refuses thresholds out of order", async (t) => {
    t.throws(() => route([], { delegateAt: 0.2, clarifyAt: 0.4 }), RangeError);
    t.throws(() => route([], { delegateAt: 1.2 }), RangeError);
  });
});
