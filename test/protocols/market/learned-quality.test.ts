import fc from "fast-check";
import t from "tap";
import { deviationOf, meanOf, quantileOf } from "../../../protocols/market/beta.ts";
import {
  emptyQualityTable,
  prospectsOf,
  type QualityTable,
  qualityOf,
  signalOf,
  type Track,
  withOutcome,
  withResult,
} from "../../../protocols/market/learned-quality.ts";

const ANN: Track = { kind: "title", bidder: "n1/ann", feature: "" };
const BEN: Track = { kind: "title", bidder: "n2/ben", feature: "" };
const SURE = signalOf(0.99);
const UNSURE = signalOf(0.4);

function verified(table: QualityTable, track: Track, right: number, wrong: number, signal = SURE) {
  let next = table;
  for (let i = 0; i < right; i++) next = withOutcome(next, track, signal, "right");
  for (let i = 0; i < wrong; i++) next = withOutcome(next, track, signal, "wrong");
  return next;
}

const mean = (table: QualityTable, track: Track, signal = SURE): number =>
  meanOf(qualityOf(table, track, signal));

t.test("QualityTable", async (t) => {
  t.test("L1: the empty table knows nothing", async (t) => {
    t.strictSame(qualityOf(emptyQualityTable, ANN, SURE), { right: 0.5, wrong: 0.5 });
  });

  t.test("L2: results that nobody verified move no estimate", async (t) => {
    let table = emptyQualityTable;
    for (let i = 0; i < 50; i++) table = withResult(table, ANN, SURE);
    t.equal(mean(table, ANN), 0.5);
  });

  t.test("L2: comes near the share that was right", async (t) => {
    const table = verified(emptyQualityTable, ANN, 90, 10);
    t.ok(Math.abs(mean(table, ANN) - 0.9) < 0.01, `${mean(table, ANN)}`);
  });

  t.test(
    "keeps groups of stated confidence apart, so that a claim is worth its record",
    async (t) => {
      const table = verified(verified(emptyQualityTable, ANN, 40, 0), ANN, 5, 35, UNSURE);
      t.ok(mean(table, ANN) > 0.95);
      t.ok(mean(table, ANN, UNSURE) < 0.2);
    },
  );

  t.test(
    "lets a new bidder start with the experience of its kind, and then outgrow it",
    async (t) => {
      const known = verified(emptyQualityTable, ANN, 60, 0);
      t.ok(mean(known, BEN) > 0.95, "its kind is good");
      const grown = verified(known, BEN, 0, 60);
      t.ok(mean(grown, BEN) < 0.35, "it is not");
      t.ok(mean(grown, ANN) > 0.65, "and its sibling is not condemned with it");
    },
  );

  t.test("counts nothing twice: a bidder alone in its kind has its own record only", async (t) => {
    const quality = qualityOf(verified(emptyQualityTable, ANN, 10, 0), ANN, SURE);
    t.ok(Math.abs(quality.right + quality.wrong - 11) < 0.1, JSON.stringify(quality));
  });

  t.test("L3: forgets: an old outcome counts half after a half-life", async (t) => {
    const forgetting = { halfLife: 10 };
    let table = withOutcome(emptyQualityTable, ANN, SURE, "right", forgetting);
    for (let i = 0; i < 10; i++) {
      table = withOutcome(table, { ...BEN, kind: "other" }, SURE, "right", forgetting);
    }
    t.ok(Math.abs(qualityOf(table, ANN, SURE, forgetting).right - 1) < 1e-9);
  });

  t.test("L4: stays within its capacity and keeps what has most evidence", async (t) => {
    const forgetting = { capacity: 20 };
    let table = verified(emptyQualityTable, ANN, 30, 0);
    for (let i = 0; i < 200; i++) {
      const stranger = { kind: `k${i}`, bidder: `n1/s${i}`, feature: "" };
      table = withOutcome(table, stranger, SURE, "right", forgetting);
    }
    t.ok(Object.keys(table.groups).length <= 20);
    t.ok(qualityOf(table, ANN, SURE).right > 20);
  });

  t.test("prospects: shares sum to 1, and always leave room for a surprise", async () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(ANN, BEN), fc.double({ min: 0, max: 1, noNaN: true }))),
        (results) => {
          let table = emptyQualityTable;
          for (const [track, confidence] of results) {
            table = withResult(table, track, signalOf(confidence));
          }
          const prospects = prospectsOf(table, ANN);
          const sum = prospects.reduce((total, { share }) => total + share, 0);
          return Math.abs(sum - 1) < 1e-9 && (prospects.at(-1)?.share ?? 0) > 0;
        },
      ),
    );
  });

  t.test("features keep tasks apart and share what their kind knows", async (t) => {
    const short = { ...ANN, feature: "short" };
    const long = { ...ANN, feature: "long" };
    const table = verified(verified(emptyQualityTable, short, 40, 0), long, 0, 40);
    t.ok(mean(table, short) > 0.7);
    t.ok(mean(table, long) < 0.3);
  });
});

t.test("Beta", async (t) => {
  t.test("its quantiles lie in 0..1, rise with the share and pass through the mean", async () => {
    const aBeta = fc.record({
      right: fc.double({ min: 0.5, max: 500, noNaN: true }),
      wrong: fc.double({ min: 0.5, max: 500, noNaN: true }),
    });
    fc.assert(
      fc.property(aBeta, fc.double({ min: 0, max: 1, noNaN: true }), (beta, share) => {
        const at = quantileOf(beta, share);
        return (
          at >= 0 &&
          at <= 1 &&
          quantileOf(beta, share / 2) <= at &&
          Math.abs(quantileOf(beta, 0.5) - meanOf(beta)) < 1e-12
        );
      }),
    );
  });

  t.test("its deviation shrinks with evidence", async (t) => {
    t.ok(deviationOf({ right: 50, wrong: 5 }) < deviationOf({ right: 10, wrong: 1 }));
  });
});
