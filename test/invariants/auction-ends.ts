/**
 * U5: an auction ends, and so does the wait of who asked for it.
 *
 * Judged at each `run.quiet`. An auction dies with the life of its auctioneer's node, a wait with the life
 * of who waits.
 *
 * Cost: a record per open auction and request.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import { lifeName, type RecordOf, writerOf } from "./record.ts";

type Begun = RecordOf<"auction.opened"> | RecordOf<"auction.requested">;

/** U5. */
export const auctionEnds: Invariant = {
  name: "U5",
  promise: "an auction ends: awarded, no bids, exhausted or cancelled",
  check(findings: Findings): Check {
    const open = new Map<string, Begun>();
    const requested = new Map<string, Begun>();
    return {
      on: {
        "auction.opened": (record) => {
          findings.judged();
          open.set(record.auction, record);
        },
        "auction.closed": ({ auction }) => {
          open.delete(auction);
        },
        "auction.requested": (record) => {
          findings.judged();
          requested.set(record.auction, record);
        },
        "auction.settled": ({ auction }) => {
          requested.delete(auction);
        },
        "life.ended": ({ of, ofLife }) => {
          const ended = lifeName(of, ofLife);
          for (const begun of [open, requested]) {
            for (const [auction, record] of begun) {
              if (writerOf(record) === ended) begun.delete(auction);
            }
          }
        },
        "run.quiet": (quiet) => {
          for (const [auction, record] of open)
            findings.violated(`${auction} was opened and never closed`, record, quiet);
          for (const [auction, record] of requested)
            findings.violated(`${auction} was requested and never settled`, record, quiet);
          open.clear();
          requested.clear();
        },
      },
    };
  },
};
