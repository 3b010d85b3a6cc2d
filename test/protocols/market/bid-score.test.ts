import fc from "fast-check";
import t from "tap";
import {
  type BidFacts,
  cascadeScore,
  resultValue,
  singleScore,
} from "../../../protocols/market/bid-score.ts";
import { expectedLatencyMs, withWork } from "../../../protocols/market/work-rate.ts";

const known = (right: number, wrong: number) => ({ right, wrong });
const aQuality = fc.record({
  right: fc.double({ min: 0.5, max: 200, noNaN: true }),
  wrong: fc.double({ min: 0.5, max: 200, noNaN: true }),
});
const aBid: fc.Arbitrary<BidFacts> = fc.record({
  priceMicros: fc.integer({ min: 0, max: 2_000 }),
  latencyMs: fc.integer({ min: 0, max: 500 }),
  draw: fc.double({ min: 0, max: 1, noNaN: true }),
  prospects: fc
    .array(fc.tuple(fc.integer({ min: 1, max: 50 }), aQuality), { minLength: 1, maxLength: 6 })
    .map((parts) => {
      const total = parts.reduce((sum, [weight]) => sum + weight, 0);
      return parts.map(([weight, quality], index) => ({
        signal: `${index}`,
        share: weight / total,
        quality,
      }));
    }),
});
const WEIGHTS = { valueMicros: 10_000, microsPerMs: 2 };

t.test("The score of a bid", async (t) => {
  for (const score of [singleScore, cascadeScore]) {
    t.test(`B1: a higher price or latency never raises it (${score.name})`, async () => {
      fc.assert(
        fc.property(aBid, fc.integer({ min: 0, max: 500 }), (bid, more) => {
          const before = score(bid, WEIGHTS);
          const dearer = score({ ...bid, priceMicros: bid.priceMicros + more }, WEIGHTS);
          const slower = score({ ...bid, latencyMs: bid.latencyMs + more }, WEIGHTS);
          return dearer <= before + 1e-6 && slower <= before + 1e-6;
        }),
      );
    });

    t.test(`B1: a better record never lowers it (${score.name})`, async () => {
      fc.assert(
        fc.property(aBid, (bid) => {
          const better = bid.prospects.map((prospect) => ({
            ...prospect,
            quality: known(prospect.quality.right * 2, prospect.quality.wrong / 2),
          }));
          const draw = 0;
          return (
            score({ ...bid, draw, prospects: better }, WEIGHTS) >=
            score({ ...bid, draw }, WEIGHTS) - 1e-6
          );
        }),
      );
    });
  }

  t.test("in a cascade solves E[max(0, X − z)] = cost", async () => {
    fc.assert(
      fc.property(aBid, (bid) => {
        const certain = bid.prospects.map((p) => ({
          share: p.share,
          value: WEIGHTS.valueMicros * (p.quality.right / (p.quality.right + p.quality.wrong)),
        }));
        const z = cascadeScore({ ...bid, draw: 0 }, WEIGHTS);
        const gain = certain.reduce((sum, p) => sum + p.share * Math.max(0, p.value - z), 0);
        return Math.abs(gain - (bid.priceMicros + 2 * bid.latencyMs)) < 1e-3;
      }),
    );
  });

  t.test("ranks a cheap bidder that knows when it is right before a good dear one", async (t) => {
    const cheap = {
      priceMicros: 30,
      latencyMs: 0,
      draw: 0,
      prospects: [
        { signal: "sure", share: 0.6, quality: known(990, 10) },
        { signal: "unsure", share: 0.4, quality: known(500, 500) },
      ],
    };
    const dear = {
      priceMicros: 1_000,
      latencyMs: 0,
      draw: 0,
      prospects: [{ signal: "sure", share: 1, quality: known(970, 30) }],
    };
    const weights = { valueMicros: 25_000 };
    t.ok(cascadeScore(cheap, weights) > cascadeScore(dear, weights), "it is tried first");
    t.ok(resultValue(known(990, 10), weights) > cascadeScore(dear, weights), "sure is enough");
    t.ok(resultValue(known(500, 500), weights) < cascadeScore(dear, weights), "unsure is not");
    t.ok(
      singleScore(dear, weights) > singleScore(cheap, weights),
      "a single award goes to the dear",
    );
  });
});

t.test("Work rates", async (t) => {
  t.test("W1: expect what is outstanding and the bid itself at the learned rate", async (t) => {
    const rates = withWork({}, "b", { priceMicros: 100, tookMs: 50 });
    t.equal(expectedLatencyMs(rates, "b", { priceMicros: 100, outstanding: 2 }), 150);
  });
  t.test("W2: expect an unknown bidder to answer at once", async (t) => {
    t.equal(expectedLatencyMs({}, "b", { priceMicros: 100, outstanding: 2 }), 0);
  });
});
