import fc from "fast-check";
import t from "tap";
import { spentMicros } from "../../../protocols/market/attempt.ts";
import { type RecordedBid, rankedBids } from "../../../protocols/market/close-rule.ts";
import {
  type AuctionTerms,
  type ContractNet,
  type ContractNetEffect,
  type ContractNetEvent,
  open,
  step,
} from "../../../protocols/market/contract-net.ts";

const TERMS: AuctionTerms = {
  auction: "a1",
  mechanism: "single",
  budgetMicros: 100,
  bidWindowMs: 150,
  confirmMs: 250,
  leaseMs: 1_000,
};

function bid(bidder: string, scoreMicros: number, priceMicros = 10, kind = bidder): RecordedBid {
  return { bidder, kind, priceMicros, scoreMicros };
}

/** Runs events through an auction and collects the effects of each. */
function played(
  terms: AuctionTerms,
  participants: readonly string[],
  events: readonly ContractNetEvent[],
): { readonly state: ContractNet; readonly effects: readonly ContractNetEffect[] } {
  let [state, all] = open(terms, participants);
  for (const event of events) {
    const [next, effects] = step(state, event);
    state = next;
    all = [...all, ...effects];
  }
  return { state, effects: all };
}

function awardsIn(effects: readonly ContractNetEffect[]): readonly string[] {
  return effects.flatMap((effect) =>
    effect.type === "award" ? [`${effect.round}:${effect.bid.bidder}`] : [],
  );
}

const informed = (round: number, bidder: string, valueMicros = 50): ContractNetEvent => ({
  type: "informed",
  round,
  bidder,
  priceMicros: 10,
  valueMicros,
  result: `by ${bidder}`,
});

t.test("ContractNet", async (t) => {
  t.test("awards the best bid, and settles with what its bidder informs", async (t) => {
    const { state, effects } = played(
      TERMS,
      [],
      [
        { type: "bid", bid: bid("b", 5) },
        { type: "bid", bid: bid("a", 7) },
        { type: "deadline" },
        { type: "confirmed", round: 1 },
        informed(1, "a"),
      ],
    );
    t.strictSame(awardsIn(effects), ["1:a"]);
    t.equal(state.phase, "closed");
    t.match(state, { outcome: { kind: "awarded", best: { bidder: "a", result: "by a" } } });
    t.strictSame(
      effects.filter((e) => e.type === "reject"),
      [{ type: "reject", bidder: "b" }],
    );
  });

  t.test("closes before the deadline once all known participants were heard", async (t) => {
    const { effects } = played(
      TERMS,
      ["a", "b"],
      [
        { type: "bid", bid: bid("a", 1) },
        { type: "refusal", bidder: "b" },
      ],
    );
    t.strictSame(awardsIn(effects), ["1:a"]);
  });

  t.test("waits for the deadline while nobody is known", async (t) => {
    const { state } = played(TERMS, [], [{ type: "bid", bid: bid("a", 1) }]);
    t.equal(state.phase, "bidding");
  });

  t.test("U2: ignores late bids", async (t) => {
    const { effects } = played(
      TERMS,
      [],
      [
        { type: "bid", bid: bid("a", 1) },
        { type: "deadline" },
        { type: "bid", bid: bid("late", 99) },
        { type: "declined", round: 1, reason: "busy" },
      ],
    );
    t.strictSame(awardsIn(effects), ["1:a"]);
  });

  t.test(
    "takes a bidder's first word: neither a second bid nor a bid after a refusal",
    async (t) => {
      const { state } = played(
        TERMS,
        [],
        [
          { type: "bid", bid: bid("a", 1) },
          { type: "bid", bid: bid("a", 9) },
          { type: "refusal", bidder: "b" },
          { type: "bid", bid: bid("b", 9) },
        ],
      );
      t.match(state, { bids: [bid("a", 1)], refusals: ["b"] });
    },
  );

  t.test("passes over a winner that does not confirm, and withdraws its award", async (t) => {
    const { state, effects } = played(
      TERMS,
      [],
      [
        { type: "bid", bid: bid("a", 2) },
        { type: "bid", bid: bid("b", 1) },
        { type: "deadline" },
        { type: "unconfirmed", round: 1, reason: "timeout" },
        informed(1, "a"),
        { type: "confirmed", round: 2 },
        informed(2, "b"),
      ],
    );
    t.strictSame(awardsIn(effects), ["1:a", "2:b"]);
    t.strictSame(
      effects.filter((e) => e.type === "withdraw"),
      [{ type: "withdraw", round: 1, bidder: "a" }],
    );
    t.match(state, { outcome: { best: { bidder: "b" } } });
  });

  t.test("gives an expired lease to the runner-up without a new call", async (t) => {
    const { effects } = played(
      TERMS,
      [],
      [
        { type: "bid", bid: bid("a", 2) },
        { type: "bid", bid: bid("b", 1) },
        { type: "deadline" },
        { type: "confirmed", round: 1 },
        { type: "lease-expired", round: 1 },
      ],
    );
    t.strictSame(awardsIn(effects), ["1:a", "2:b"]);
    t.equal(effects.filter((e) => e.type === "call").length, 1);
  });

  t.test("U3: takes a result only from the standing award's bidder and round", async (t) => {
    const { state } = played(
      TERMS,
      [],
      [
        { type: "bid", bid: bid("a", 2) },
        { type: "bid", bid: bid("b", 1) },
        { type: "deadline" },
        { type: "failed", round: 1, bidder: "a", priceMicros: 0, reason: "broken" },
        informed(1, "a"),
        informed(2, "a"),
        informed(1, "b"),
      ],
    );
    t.match(state, { phase: "awarding", round: 2, standing: { bidder: "b" } });
  });

  t.test("ends without bids when nobody bids within the budget", async (t) => {
    const { state } = played(TERMS, ["a"], [{ type: "bid", bid: bid("a", 1, 101) }]);
    t.match(state, { phase: "closed", outcome: { kind: "no-bids", refusals: 0 } });
  });

  t.test("is exhausted when every bidder failed", async (t) => {
    const { state } = played(
      TERMS,
      ["a"],
      [
        { type: "bid", bid: bid("a", 1) },
        { type: "declined", round: 1, reason: "busy" },
      ],
    );
    t.match(state, { outcome: { kind: "exhausted", attempts: [{ outcome: "declined" }] } });
  });

  t.test("cancelled while performing, withdraws the award and says so once", async (t) => {
    const { effects, state } = played(
      TERMS,
      ["a"],
      [
        { type: "bid", bid: bid("a", 1) },
        { type: "confirmed", round: 1 },
        { type: "cancelled", reason: "not needed" },
        { type: "cancelled", reason: "again" },
      ],
    );
    t.match(state, { outcome: { kind: "cancelled", reason: "not needed" } });
    t.equal(effects.filter((e) => e.type === "withdraw").length, 1);
    t.equal(effects.filter((e) => e.type === "settle").length, 1);
  });

  t.test("U4: charges at most the bid, whatever the bidder reports", async (t) => {
    const { state } = played(
      TERMS,
      ["a"],
      [
        { type: "bid", bid: bid("a", 1, 10) },
        { type: "informed", round: 1, bidder: "a", priceMicros: 99, valueMicros: 1, result: 1 },
      ],
    );
    t.match(state, { outcome: { best: { priceMicros: 10 } } });
  });

  t.test("a cascade goes on while the next score exceeds the best value", async (t) => {
    const bids: readonly ContractNetEvent[] = [
      { type: "bid", bid: bid("cheap", 90, 1) },
      { type: "bid", bid: bid("dear", 60, 50) },
      { type: "deadline" },
    ];
    const cascade = { ...TERMS, mechanism: "cascade" } as const;
    const sure = played(cascade, [], [...bids, informed(1, "cheap", 61)]);
    t.match(sure.state, { phase: "closed", outcome: { best: { bidder: "cheap" } } });
    const unsure = played(
      cascade,
      [],
      [...bids, informed(1, "cheap", 59), informed(2, "dear", 70)],
    );
    t.match(unsure.state, { phase: "closed", outcome: { best: { bidder: "dear" } } });
    const worse = played(cascade, [], [...bids, informed(1, "cheap", 59), informed(2, "dear", 40)]);
    t.match(worse.state, { phase: "closed", outcome: { best: { bidder: "cheap" } } });
  });

  t.test("a cascade asks one of each kind, but after a failure a sibling", async (t) => {
    const cascade = { ...TERMS, mechanism: "cascade" } as const;
    const bids: readonly ContractNetEvent[] = [
      { type: "bid", bid: bid("k1", 90, 1, "k") },
      { type: "bid", bid: bid("k2", 80, 1, "k") },
      { type: "bid", bid: bid("m1", 70, 1, "m") },
      { type: "deadline" },
    ];
    const told = played(cascade, [], [...bids, informed(1, "k1", 0)]);
    t.strictSame(awardsIn(told.effects), ["1:k1", "2:m1"]);
    const failure = {
      type: "failed",
      round: 1,
      bidder: "k1",
      priceMicros: 0,
      reason: "x",
    } as const;
    t.strictSame(awardsIn(played(cascade, [], [...bids, failure]).effects), ["1:k1", "2:k2"]);
  });
});

const BIDDERS = ["a", "b", "c", "d", "e"];
const aBidder = fc.constantFrom(...BIDDERS);
const aRound = fc.integer({ min: 0, max: 6 });
const aPrice = fc.integer({ min: 0, max: 60 });
const aBid = fc.record({
  bidder: aBidder,
  kind: fc.constantFrom("k", "l", "m"),
  priceMicros: aPrice,
  scoreMicros: fc.integer({ min: -20, max: 100 }),
});
const reason = fc.constant("why");
const anEvent: fc.Arbitrary<ContractNetEvent> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("bid" as const), bid: aBid }) },
  fc.record({ type: fc.constant("refusal" as const), bidder: aBidder }),
  fc.record({ type: fc.constant("deadline" as const) }),
  fc.record({ type: fc.constant("confirmed" as const), round: aRound }),
  fc.record({
    type: fc.constantFrom("declined" as const, "unconfirmed" as const),
    round: aRound,
    reason,
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("informed" as const),
      round: aRound,
      bidder: aBidder,
      priceMicros: aPrice,
      valueMicros: fc.integer({ min: 0, max: 100 }),
      result: fc.string(),
    }),
  },
  fc.record({
    type: fc.constant("failed" as const),
    round: aRound,
    bidder: aBidder,
    priceMicros: aPrice,
    reason,
  }),
  fc.record({ type: fc.constant("lease-expired" as const), round: aRound }),
);
const someTerms: fc.Arbitrary<AuctionTerms> = fc.record({
  auction: fc.constant("a1"),
  mechanism: fc.constantFrom("single" as const, "cascade" as const),
  budgetMicros: fc.integer({ min: 0, max: 150 }),
  bidWindowMs: fc.constant(150),
  confirmMs: fc.constant(250),
  leaseMs: fc.constant(1_000),
});

t.test(
  "Any interleaving of bids, refusals, deadline, confirmations, results and expiry",
  async (t) => {
    t.test("U1: awards each round once, and one award stands at a time", async () => {
      fc.assert(
        fc.property(someTerms, fc.array(anEvent, { maxLength: 40 }), (terms, events) => {
          const rounds = awardsIn(played(terms, [], events).effects).map(
            (award) => award.split(":")[0],
          );
          return new Set(rounds).size === rounds.length && rounds.every((r, i) => r === `${i + 1}`);
        }),
      );
    });

    t.test("U2: awards only bids recorded before bidding closed, each bidder once", async () => {
      fc.assert(
        fc.property(someTerms, fc.array(anEvent, { maxLength: 40 }), (terms, events) => {
          let [state] = open(terms, []);
          const recorded = new Set<string>();
          const awarded = new Set<string>();
          for (const event of events) {
            if (state.phase === "bidding" && event.type === "bid") recorded.add(event.bid.bidder);
            const [next, effects] = step(state, event);
            for (const effect of effects) {
              if (effect.type !== "award") continue;
              if (!recorded.has(effect.bid.bidder) || awarded.has(effect.bid.bidder)) return false;
              awarded.add(effect.bid.bidder);
            }
            state = next;
          }
          return true;
        }),
      );
    });

    t.test(
      "U3: records results only under the round and bidder of the award that stood",
      async () => {
        fc.assert(
          fc.property(someTerms, fc.array(anEvent, { maxLength: 40 }), (terms, events) => {
            const { state, effects } = played(terms, [], events);
            const awards = new Set(awardsIn(effects));
            const attempts =
              state.phase === "closed"
                ? "attempts" in state.outcome
                  ? state.outcome.attempts
                  : []
                : state.phase === "bidding"
                  ? []
                  : state.attempts;
            return attempts.every(({ round, bidder }) => awards.has(`${round}:${bidder}`));
          }),
        );
      },
    );

    t.test("U4: never pays more than the budget, the standing award included", async () => {
      fc.assert(
        fc.property(someTerms, fc.array(anEvent, { maxLength: 40 }), (terms, events) => {
          const { state } = played(terms, [], events);
          switch (state.phase) {
            case "bidding":
              return true;
            case "awarding":
            case "performing":
              return spentMicros(state.attempts) + state.standing.priceMicros <= terms.budgetMicros;
            case "closed":
              return (
                !("attempts" in state.outcome) ||
                spentMicros(state.outcome.attempts) <= terms.budgetMicros
              );
          }
        }),
      );
    });

    t.test("U5: ends once its timers fire, and settles exactly once", async () => {
      fc.assert(
        fc.property(someTerms, fc.array(anEvent, { maxLength: 40 }), (terms, events) => {
          let { state, effects } = played(terms, [], events);
          for (let i = 0; i <= BIDDERS.length + 1 && state.phase !== "closed"; i++) {
            const timer: ContractNetEvent =
              state.phase === "bidding"
                ? { type: "deadline" }
                : state.phase === "awarding"
                  ? { type: "unconfirmed", round: state.round, reason: "timeout" }
                  : { type: "lease-expired", round: state.round };
            const [next, more] = step(state, timer);
            state = next;
            effects = [...effects, ...more];
          }
          return (
            state.phase === "closed" && effects.filter((e) => e.type === "settle").length === 1
          );
        }),
      );
    });

    t.test("every bidder but those awarded is rejected exactly once when it settles", async () => {
      fc.assert(
        fc.property(someTerms, fc.array(anEvent, { maxLength: 40 }), (terms, events) => {
          let [state, effects] = open(terms, []);
          let bidders: readonly string[] = [];
          for (const event of [...events, { type: "cancelled", reason: "end" } as const]) {
            if (state.phase === "bidding") bidders = state.bids.map((one) => one.bidder);
            if (state.phase === "bidding" && event.type === "bid") {
              bidders = [...new Set([...bidders, event.bid.bidder])];
            }
            const [next, more] = step(state, event);
            state = next;
            effects = [...effects, ...more];
          }
          const awarded = new Set(
            awardsIn(effects).map((award) => award.slice(award.indexOf(":") + 1)),
          );
          const rejected = effects.flatMap((e) => (e.type === "reject" ? [e.bidder] : [])).sort();
          // A bidder that refused first is no bidder; the first word stands.
          const refused = new Set<string>();
          const heard = new Set<string>();
          for (const event of events) {
            if (event.type === "refusal" && !heard.has(event.bidder)) refused.add(event.bidder);
            if (event.type === "refusal") heard.add(event.bidder);
            if (event.type === "bid") heard.add(event.bid.bidder);
          }
          const losers = bidders.filter((b) => !awarded.has(b) && !refused.has(b)).sort();
          return rejected.join() === losers.join();
        }),
      );
    });
  },
);

t.test("The close rule", async (t) => {
  t.test("names the same order whatever order the bids arrived in", async () => {
    const record = fc.uniqueArray(aBid, { selector: (one) => one.bidder, maxLength: 5 });
    fc.assert(
      fc.property(
        record.chain((bids) =>
          fc.tuple(fc.constant(bids), fc.shuffledSubarray(bids, { minLength: bids.length })),
        ),
        ([bids, shuffled]) =>
          JSON.stringify(rankedBids(bids, 50)) === JSON.stringify(rankedBids(shuffled, 50)),
      ),
    );
  });

  t.test("breaks ties by price and then by address", async (t) => {
    const bids = [bid("c", 1, 5), bid("b", 1, 4), bid("a", 1, 5)];
    t.strictSame(
      rankedBids(bids, 10).map((one) => one.bidder),
      ["b", "a", "c"],
    );
  });
});
