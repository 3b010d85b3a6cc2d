/**
 * How a licence text opens: what an auctioneer can say about a file without doing the work.
 *
 * Owns: that one feature. Which bidder is good at which opening is for the market to learn.
 *
 * Cost: at most twelve words are read.
 */
import type { NormalisedText } from "../files/normalised-text.ts";

/** `title`: a licence is named or announced; the others begin with their grant or with something else. */
export type Opening = "title" | "permission" | "redistribution" | "other";

const OPENING_WORDS = 12;

/** The first telling word among the first twelve. */
export function openingOf({ words }: Pick<NormalisedText, "words">): Opening {
  for (const word of words.slice(0, OPENING_WORDS)) {
    if (word === "license" || word === "licensed" || word === "universal") return "title";
    if (word === "permission" || word === "redistribution") return word;
  }
  return "other";
}
