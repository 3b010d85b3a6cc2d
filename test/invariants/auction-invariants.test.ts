/** U1 to U5 on histories made by hand: one that holds, and one for each way of breaking it. */
import t from "tap";
import { auctionEnds } from "./auction-ends.ts";
import { bidInTime } from "./bid-in-time.ts";
import { breaks, holds, told } from "./chronicle.ts";
import { oneAward } from "./one-award.ts";
import type { Fact } from "./record.ts";
import { resultOfAward } from "./result-of-award.ts";
import { withinBudget } from "./within-budget.ts";

const auction = "sale-1";
const requested = (budgetMicros = 100): Fact => ({
  type: "auction.requested",
  auction,
  budgetMicros,
});
const opened: Fact = { type: "auction.opened", auction, capability: "read@1" };
const bid = (bidder: string, priceMicros: number): Fact => ({
  type: "bid.received",
  auction,
  bidder,
  priceMicros,
});
const awarded = (round: number, bidder: string, priceMicros: number): Fact => ({
  type: "auction.awarded",
  auction,
  bidder,
  priceMicros,
  round,
});
const performed = (round: number, bidder: string): Fact => ({
  type: "auction.performed",
  auction,
  bidder,
  round,
});
const closed = (outcome: string): Fact => ({ type: "auction.closed", auction, outcome });
const settled = (round: number, bidder: string, paidMicros: number): Fact => ({
  type: "auction.settled",
  auction,
  outcome: "awarded",
  bidder,
  round,
  paidMicros,
});
const empty = (outcome: string, paidMicros = 0): Fact => ({
  type: "auction.settled",
  auction,
  outcome,
  paidMicros,
});
const quiet: Fact = { type: "run.quiet" };
const over: Fact = { type: "life.ended", of: "n1", ofLife: "1", how: "killed" };

/** The runner-up brings the result, since the winner fails. */
const sold: readonly Fact[] = [
  requested(),
  opened,
  bid("x", 40),
  bid("y", 50),
  bid("y", 10),
  awarded(1, "x", 40),
  awarded(2, "y", 50),
  performed(2, "y"),
  closed("awarded"),
  settled(2, "y", 90),
  quiet,
];
const unsold: readonly Fact[] = [requested(), opened, closed("no-bids"), empty("no-bids"), quiet];

t.test("U1: a round is awarded once", async (t) => {
  t.test("histories hold of auctions that were sold, were not, and were opened again", async () => {
    holds(oneAward, told(...sold));
    holds(oneAward, told(...unsold));
    holds(oneAward, told(opened, awarded(1, "x", 40), opened, awarded(1, "x", 40)));
    holds(oneAward, told(...sold, settled(2, "y", 90)));
  });
  t.test("a round that is awarded twice breaks it, be it to the same bidder", async () => {
    const what = "round 1 of sale-1 was awarded twice";
    breaks(oneAward, told(opened, awarded(1, "x", 40), awarded(1, "y", 50)), what);
    breaks(oneAward, told(opened, awarded(1, "x", 40), awarded(1, "x", 40)), what);
  });
  t.test("a round that does not follow the one before breaks it", async () => {
    const history = told(opened, awarded(1, "x", 40), awarded(3, "y", 50));
    breaks(oneAward, history, "sale-1 went to round 3 after 1 awards");
    breaks(oneAward, told(opened, awarded(0, "x", 40)), "sale-1 went to round 0 after 0 awards");
  });
  t.test("an award after the close, or of what was never opened, breaks it", async () => {
    const late = told(opened, closed("no-bids"), awarded(1, "x", 40));
    breaks(oneAward, late, "sale-1 was awarded after it had closed");
    breaks(oneAward, told(awarded(1, "x", 40)), "sale-1 was awarded and never opened");
  });
  t.test("a second close, or one without an award, breaks it", async () => {
    breaks(oneAward, told(...sold, closed("awarded")), "sale-1 closed twice");
    const what = "sale-1 closed as awarded without an award";
    breaks(oneAward, told(opened, closed("awarded")), what);
  });
  t.test("a second result breaks it", async () => {
    const what = "two results of sale-1 were committed";
    breaks(oneAward, told(...sold, settled(1, "x", 90)), what);
    breaks(oneAward, told(...sold, settled(1, "y", 90)), what);
  });
});

t.test("U2: the winner bid in time", async (t) => {
  t.test("a history holds whose winners bid before bidding closed", async () => {
    holds(bidInTime, told(...sold));
  });
  t.test("a winner without a bid breaks it", async () => {
    const history = told(opened, bid("x", 40), awarded(1, "z", 40));
    breaks(bidInTime, history, "z won sale-1 without a bid in time");
  });
  t.test("a winner whose bid came after the first award breaks it", async () => {
    const facts = [opened, bid("x", 40), awarded(1, "x", 40), bid("y", 1), awarded(2, "y", 1)];
    breaks(bidInTime, told(...facts), "y won sale-1 without a bid in time");
  });
  t.test("a winner that bid in an earlier opening alone breaks it", async () => {
    const history = told(opened, bid("x", 40), opened, awarded(1, "x", 40));
    breaks(bidInTime, history, "x won sale-1 without a bid in time");
  });
  t.test("an award at another price than the first bid breaks it", async () => {
    const facts = [opened, bid("x", 40), bid("x", 30), awarded(1, "x", 30)];
    breaks(bidInTime, told(...facts), "x bid for sale-1 at 40 and was awarded at 30");
  });
});

t.test("U3: a result is of an award", async (t) => {
  t.test("a history holds whose result was awarded in its round", async () => {
    holds(resultOfAward, told(...sold));
  });
  t.test("a result of a round that was never awarded breaks it", async () => {
    const what = "x brought the result of round 2 of sale-1, which was never awarded";
    breaks(resultOfAward, told(opened, awarded(1, "x", 40), settled(2, "x", 40)), what);
  });
  t.test("a result of somebody else than was awarded breaks it", async () => {
    const what = "y brought the result of round 1 of sale-1, which was awarded to x";
    breaks(resultOfAward, told(opened, awarded(1, "x", 40), settled(1, "y", 40)), what);
  });
  t.test("work that was not awarded breaks it", async () => {
    const never = "x performed round 1 of sale-1, which was never awarded";
    breaks(resultOfAward, told(opened, performed(1, "x")), never);
    const others = "y performed round 1 of sale-1, which was awarded to x";
    breaks(resultOfAward, told(opened, awarded(1, "x", 40), performed(1, "y")), others);
  });
});

t.test("U4: prices stay within the budget", async (t) => {
  t.test("a history holds that pays no more than was awarded", async () => {
    holds(withinBudget, told(...sold));
    holds(withinBudget, told(...unsold));
  });
  t.test("an award above the budget breaks it", async () => {
    const history = told(requested(30), opened, awarded(1, "x", 40), empty("exhausted"));
    breaks(withinBudget, history, "sale-1 was awarded at 40 with a budget of 30");
  });
  t.test("awards that each fit and are paid above the budget together break it", async () => {
    const facts = [requested(80), opened, awarded(1, "x", 40), awarded(2, "y", 50)];
    breaks(withinBudget, told(...facts, settled(2, "y", 90)), "sale-1 cost 90 with a budget of 80");
  });
  t.test("a price above what was awarded breaks it", async () => {
    const what = "sale-1 cost 41, and awards came to 40";
    breaks(withinBudget, told(requested(), opened, awarded(1, "x", 40), settled(1, "x", 41)), what);
  });
});

t.test("U5: an auction ends", async (t) => {
  t.test("a history holds whose auctions closed, and whose clients know", async () => {
    holds(auctionEnds, told(...sold));
    holds(auctionEnds, told(...unsold));
  });
  t.test("an auction that never closes breaks it", async () => {
    const history = told(opened, bid("x", 40), awarded(1, "x", 40), quiet, quiet);
    breaks(auctionEnds, history, "sale-1 was opened and never closed");
  });
  t.test("a client that is never told breaks it", async () => {
    const history = told(requested(), opened, closed("no-bids"), quiet, quiet);
    breaks(auctionEnds, history, "sale-1 was requested and never settled");
  });
  t.test("an auction dies with its node, and with no other", async () => {
    holds(auctionEnds, told(requested(), opened).by("n2").tell(over, quiet));
    const other: Fact = { type: "life.ended", of: "n1", ofLife: "2", how: "killed" };
    const history = told(opened).by("n2").tell(other, quiet);
    breaks(auctionEnds, history, "sale-1 was opened and never closed");
  });
});
