/**
 * U2: who is awarded had bid before bidding closed, at that price.
 *
 * Bidding closes with the first award; of one bidder's bids the first counts.
 *
 * Cost: a record per bid and award.
 */
import { AuctionCourses } from "./auction-course.ts";
import type { Check, Findings, Invariant } from "./invariant.ts";

/** U2. */
export const bidInTime: Invariant = {
  name: "U2",
  promise: "the winner bid in time",
  check(findings: Findings): Check {
    const courses = new AuctionCourses();
    return {
      on: {
        "auction.opened": (record) => courses.open(record),
        "bid.received": (record) => courses.bid(record),
        "auction.awarded": (record) => {
          findings.judged();
          const { auction, bidder, priceMicros } = record;
          const course = courses.of(auction);
          const bid = course?.bids.get(bidder);
          courses.award(record);
          if (course === undefined || bid === undefined) {
            findings.violated(`${bidder} won ${auction} without a bid in time`, record);
          } else if (bid.priceMicros !== priceMicros) {
            const prices = `${bid.priceMicros} and was awarded at ${priceMicros}`;
            findings.violated(`${bidder} bid for ${auction} at ${prices}`, bid, record);
          }
        },
      },
    };
  },
};
