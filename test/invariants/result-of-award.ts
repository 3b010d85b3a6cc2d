/**
 * U3: the result that is committed is of an award: of that round, to that bidder.
 *
 * Where bidders tell what they performed, that too was awarded to them in that round.
 *
 * Cost: a record per award.
 */
import { AuctionCourses } from "./auction-course.ts";
import type { Check, Findings, Invariant } from "./invariant.ts";
import type { HistoryRecord } from "./record.ts";

/** U3. */
export const resultOfAward: Invariant = {
  name: "U3",
  promise: "the token of the result is the round of an award",
  check(findings: Findings): Check {
    const courses = new AuctionCourses();
    const judge = (
      what: string,
      { auction, bidder, round }: { auction: string; bidder: string; round: number },
      record: HistoryRecord,
    ): void => {
      findings.judged();
      const award = courses.of(auction)?.awards.get(round);
      const whose = `${bidder} ${what} round ${round} of ${auction}`;
      if (award === undefined) findings.violated(`${whose}, which was never awarded`, record);
      else if (award.bidder !== bidder)
        findings.violated(`${whose}, which was awarded to ${award.bidder}`, award, record);
    };
    return {
      on: {
        "auction.opened": (record) => courses.open(record),
        "auction.awarded": (record) => courses.award(record),
        "auction.performed": (record) => judge("performed", record, record),
        "auction.settled": (record) => {
          const { auction, bidder, round } = record;
          if (bidder === undefined || round === undefined) return;
          judge("brought the result of", { auction, bidder, round }, record);
        },
      },
    };
  },
};
