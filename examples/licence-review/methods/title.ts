/**
 * Method: what does the text call itself in its first lines?
 *
 * Owns: how far it reads and what a name is worth. Its neighbour `licence-name.ts` owns the names.
 * The cheapest method: it reads at most sixty words and compares no text; it says nothing about the
 * many files that begin with the grant.
 *
 * M2: a name in the first words is the title; the later it comes, the more likely it is a mention.
 * Two different names in the head halve the confidence.
 */

import { type NormalisedText, rangeOf, wordAt } from "../files/normalised-text.ts";
import { type Finding, noFinding } from "./finding.ts";
import { namesIn } from "./licence-name.ts";

/** How many words are read at most. */
export const HEAD_WORDS = 60;
const TITLE_WORDS = 12;

/** Reads the head of a text for the name of a licence. */
export function title(text: NormalisedText): Finding {
  const tokensRead = Math.min(HEAD_WORDS, text.words.length);
  const work = { tokensRead, referencesCompared: 0 };
  const headEnd = text.wordStarts[tokensRead] ?? text.text.length;
  const names = namesIn(text.text.slice(0, headEnd));
  const first = names[0];
  if (first === undefined) return noFinding(work);
  const word = wordAt(text.wordStarts, first.start);
  const early = word < TITLE_WORDS ? 1 : 1 - (word - TITLE_WORDS) / HEAD_WORDS;
  const alone = names.every(({ licence }) => licence === first.licence) ? 1 : 0.5;
  return {
    licence: first.licence,
    confidence: 0.95 * early * alone * first.certainty,
    evidence: rangeOf(text, first.start, first.end),
    work,
  };
}
