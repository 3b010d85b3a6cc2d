/**
 * The course of each auction, as its auctioneer told it.
 *
 * Owns: which opening an event belongs to. An auctioneer's memory ends with it: the same auction may be
 * opened again after that, and begins anew.
 */
import type { RecordOf } from "./record.ts";

/** One opening of an auction and what came of it. */
export interface Course {
  readonly opened: RecordOf<"auction.opened">;
  /** The first bid of each bidder before the first award. */
  readonly bids: Map<string, RecordOf<"bid.received">>;
  /** By round. */
  readonly awards: Map<number, RecordOf<"auction.awarded">>;
  closed: RecordOf<"auction.closed"> | undefined;
}

/** See the file's header. */
export class AuctionCourses {
  readonly #courses = new Map<string, Course>();

  open(opened: RecordOf<"auction.opened">): void {
    const course: Course = { opened, bids: new Map(), awards: new Map(), closed: undefined };
    this.#courses.set(opened.auction, course);
  }

  of(auction: string): Course | undefined {
    return this.#courses.get(auction);
  }

  /** Also after its bidding closed: then it does not count. */
  bid(record: RecordOf<"bid.received">): void {
    const course = this.of(record.auction);
    if (course === undefined || course.awards.size > 0 || course.bids.has(record.bidder)) return;
    course.bids.set(record.bidder, record);
  }

  award(record: RecordOf<"auction.awarded">): void {
    this.of(record.auction)?.awards.set(record.round, record);
  }

  values(): Iterable<Course> {
    return this.#courses.values();
  }
}
