/**
 * Method: which licence's telltale words does the text contain?
 *
 * Owns: the words. Cheap (one look at every word, no text compared) and without a title's luck, but
 * blind to clauses: it names the most frequent licence of a family, so it takes MIT-0 for MIT, 0BSD
 * for ISC and BSD-2-Clause for BSD-3-Clause.
 *
 * M3: the confidence is the share of the licence's words that were found, against that of the
 * runner-up; it never exceeds 0.8, because words out of context prove nothing.
 */

import { type NormalisedText, wordRange } from "../files/normalised-text.ts";
import { type Finding, noFinding } from "./finding.ts";

const TELLTALES: readonly (readonly [licence: string, words: readonly string[]])[] = [
  ["MIT", ["sublicense", "furnished", "noninfringement", "substantial"]],
  ["ISC", ["fee", "disclaims", "tortious", "negligence"]],
  ["BSD-3-Clause", ["redistributions", "binary", "reproduce", "endorse"]],
  ["Apache-2.0", ["apache", "litigation", "perpetual", "licensor", "derivative"]],
  ["BlueOak-1.0.0", ["oak", "excuse", "everyone", "reliability"]],
  ["GPL-3.0-only", ["gnu", "propagate", "convey", "copyleft"]],
  ["GPL-2.0-only", ["gnu", "program", "redistributors", "verbatim"]],
  ["LGPL-2.1-only", ["gnu", "lesser", "library", "relink"]],
  ["MPL-2.0", ["mozilla", "covered", "larger", "incompatible"]],
  ["CC0-1.0", ["affirmer", "waiver", "cc0", "publicity"]],
  ["Unlicense", ["unencumbered", "detriment", "heirs", "relinquishment"]],
  ["Zlib", ["misrepresented", "altered", "plainly", "origin"]],
  ["Python-2.0", ["python", "psf", "licensee", "cnri"]],
  ["Artistic-2.0", ["artistic", "package", "perl", "verbatim"]],
  ["WTFPL", ["fuck", "want", "wtfpl"]],
  ["CC-BY-4.0", ["attribution", "adapted", "licensor", "sharealike"]],
];

const LEAST_SHARE = 0.5;
const MOST_CONFIDENCE = 0.8;

/** Counts telltale words over the whole text. */
export function keyword(text: NormalisedText): Finding {
  const work = { tokensRead: text.words.length, referencesCompared: 0 };
  const present = new Set(text.words);
  const ranked = TELLTALES.map(([licence, words]) => ({
    licence,
    words,
    share: words.filter((word) => present.has(word)).length / words.length,
  })).sort((a, b) => b.share - a.share);
  const [best, second] = ranked;
  if (best === undefined || best.share < LEAST_SHARE) return noFinding(work);
  const lead = best.share - (second?.share ?? 0);
  const seen = text.words.findIndex((word) => best.words.includes(word));
  return {
    licence: best.licence,
    confidence: MOST_CONFIDENCE * best.share * (0.5 + lead / 2),
    evidence: wordRange(text, seen, seen + 1),
    work,
  };
}
