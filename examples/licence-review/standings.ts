/**
 * What the checks said of each kind of bidder, counted for the report.
 *
 * Owns: the counting. What the market itself learned, finer and weighed, is the auctioneer's memory
 * (`protocols/market/learned-quality.ts`).
 */

/** What was learned of one kind of bidder. */
export interface Standing {
  readonly bidder: string;
  /** The share of its checked results that were right, 0..1; 0 when none was checked. */
  readonly quality: number;
  readonly verified: number;
  readonly won: number;
}

interface Count {
  won: number;
  verified: number;
  right: number;
}

/** The running counts. */
export class Standings {
  readonly #counts = new Map<string, Count>();

  /** A result of that kind was taken. */
  won(kind: string): void {
    this.#of(kind).won++;
  }

  /** A result of that kind was checked. */
  checked(kind: string, verdict: "right" | "wrong"): void {
    const count = this.#of(kind);
    count.verified++;
    if (verdict === "right") count.right++;
  }

  /** The counts, by name. */
  all(): readonly Standing[] {
    return [...this.#counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([bidder, { won, verified, right }]) => {
        return { bidder, quality: verified === 0 ? 0 : right / verified, verified, won };
      });
  }

  #of(kind: string): Count {
    let count = this.#counts.get(kind);
    if (count === undefined) {
      count = { won: 0, verified: 0, right: 0 };
      this.#counts.set(kind, count);
    }
    return count;
  }
}
