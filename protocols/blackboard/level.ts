/**
 * Levels: the kinds of entries on a board, from what is given to what is concluded.
 *
 * Owns: a level's declaration. How contributions add up is `merge.ts`.
 *
 * Source: the levels of abstraction of Hearsay-II (Erman et al. 1980).
 */
import type { Merge } from "./merge.ts";
import { latest } from "./merge.ts";

/** A kind of entries. */
export interface Level {
  /** One token of letters, digits, `_` and `-`; the first token of its entries' names. */
  readonly name: string;
  readonly merge: Merge;
}

/** The board's own level: one entry per settled subject, written by the board alone. */
export const settlement: Level = { name: "settlement", merge: latest };

/**
 * Levels by name, {@link settlement} included.
 *
 * @throws {TypeError} when a name has another form, is there twice or is `settlement`
 */
export function levelsByName(levels: readonly Level[]): ReadonlyMap<string, Level> {
  const byName = new Map([[settlement.name, settlement]]);
  for (const level of levels) {
    if (!/^[A-Za-z0-9_-]+$/.test(level.name)) {
      throw new TypeError(`not a level's name: ${JSON.stringify(level.name)} (one token)`);
    }
    if (byName.has(level.name)) {
      throw new TypeError(`the level ${level.name} is there twice, or is the board's own`);
    }
    byName.set(level.name, level);
  }
  return byName;
}
