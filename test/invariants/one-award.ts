/**
 * U1: each round of an auction is awarded once, one after the other, and one result is committed.
 *
 * Cost: a record per award; those of an auction are kept, since its outcome may come long after.
 */
import { AuctionCourses } from "./auction-course.ts";
import type { Check, Findings, Invariant } from "./invariant.ts";
import type { RecordOf } from "./record.ts";

/** U1. */
export const oneAward: Invariant = {
  name: "U1",
  promise: "at most one award per round, one committed result",
  check(findings: Findings): Check {
    const courses = new AuctionCourses();
    const settled = new Map<string, RecordOf<"auction.settled">>();
    return {
      on: {
        "auction.opened": (record) => courses.open(record),
        "auction.awarded": (record) => {
          findings.judged();
          const { auction, round } = record;
          const course = courses.of(auction);
          if (course === undefined) {
            findings.violated(`${auction} was awarded and never opened`, record);
            return;
          }
          const { awards, closed } = course;
          const twin = awards.get(round);
          if (twin !== undefined) {
            findings.violated(`round ${round} of ${auction} was awarded twice`, twin, record);
          } else if (closed !== undefined) {
            findings.violated(`${auction} was awarded after it had closed`, closed, record);
          } else if (round !== awards.size + 1) {
            const what = `${auction} went to round ${round} after ${awards.size} awards`;
            findings.violated(what, ...awards.values(), record);
          }
          courses.award(record);
        },
        "auction.closed": (record) => {
          const { auction, outcome } = record;
          const course = courses.of(auction);
          if (course === undefined) return;
          findings.judged();
          if (course.closed !== undefined)
            findings.violated(`${auction} closed twice`, course.closed, record);
          if (outcome === "awarded" && course.awards.size === 0)
            findings.violated(`${auction} closed as awarded without an award`, record);
          course.closed = record;
        },
        "auction.settled": (record) => {
          const { auction, bidder, round } = record;
          if (bidder === undefined) return;
          findings.judged();
          const before = settled.get(auction);
          if (before !== undefined && (before.bidder !== bidder || before.round !== round))
            findings.violated(`two results of ${auction} were committed`, before, record);
          settled.set(auction, record);
        },
      },
    };
  },
};
