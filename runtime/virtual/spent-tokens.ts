/**
 * The tokens under which something went back to its sender: a unit is not held under one of them again.
 *
 * Owns: remembering them. What goes back, and winning a unit once more for a new token, is `region.ts`.
 *
 * S1: a token that was spent counts as spent for ever.
 * S2: what is remembered is bounded: of the units that were noted first only the highest token of all is
 *     kept, and what is not above it counts as spent. Tokens grow over all units of a cluster, so that a new
 *     one is above it; an old one that was not spent costs its unit one more write.
 */

/** More than the shards of any program; units of one actor each are without number. */
const MOST_UNITS = 4_096;

/** Spent tokens; see the file's header. */
export class SpentTokens {
  /** By unit the newest one, the unit that was noted last at the end. */
  readonly #newest = new Map<string, number>();
  /** Up to which all tokens count as spent (S2). */
  #floor = 0;

  /** How many units are remembered. */
  get size(): number {
    return this.#newest.size;
  }

  /** Something went back under a token. */
  add(unit: string, token: number): void {
    if (this.has(unit, token)) return;
    this.#newest.delete(unit);
    this.#newest.set(unit, token);
    if (this.#newest.size <= MOST_UNITS) return;
    for (const [oldest, spent] of this.#newest) {
      this.#newest.delete(oldest);
      this.#floor = Math.max(this.#floor, spent);
      return;
    }
  }

  /** Whether anything may have gone back under a token. */
  has(unit: string, token: number): boolean {
    return token <= Math.max(this.#floor, this.#newest.get(unit) ?? 0);
  }

  /** A unit has a newer token: it is not found with an older one again. */
  forget(unit: string): void {
    this.#newest.delete(unit);
  }
}
