/**
 * U4: the prices paid never exceed the budget, nor what was awarded.
 *
 * Cost: a record per award.
 */
import { AuctionCourses } from "./auction-course.ts";
import type { Check, Findings, Invariant } from "./invariant.ts";
import type { RecordOf } from "./record.ts";

/** U4. */
export const withinBudget: Invariant = {
  name: "U4",
  promise: "Σ price ≤ budget",
  check(findings: Findings): Check {
    const courses = new AuctionCourses();
    const requests = new Map<string, RecordOf<"auction.requested">>();
    return {
      on: {
        "auction.requested": (record) => {
          requests.set(record.auction, record);
        },
        "auction.opened": (record) => courses.open(record),
        "auction.awarded": (record) => {
          courses.award(record);
          const { auction, priceMicros } = record;
          const request = requests.get(auction);
          if (request === undefined) return;
          findings.judged();
          if (priceMicros <= request.budgetMicros) return;
          const sums = `${priceMicros} with a budget of ${request.budgetMicros}`;
          findings.violated(`${auction} was awarded at ${sums}`, request, record);
        },
        "auction.settled": (record) => {
          const { auction, paidMicros } = record;
          findings.judged();
          const request = requests.get(auction);
          if (request !== undefined && paidMicros > request.budgetMicros) {
            const sums = `${paidMicros} with a budget of ${request.budgetMicros}`;
            findings.violated(`${auction} cost ${sums}`, request, record);
          }
          const awards = [...(courses.of(auction)?.awards.values() ?? [])];
          const awardedMicros = awards.reduce((sum, { priceMicros }) => sum + priceMicros, 0);
          if (paidMicros > awardedMicros) {
            const what = `${auction} cost ${paidMicros}, and awards came to ${awardedMicros}`;
            findings.violated(what, ...awards, record);
          }
        },
      },
    };
  },
};
