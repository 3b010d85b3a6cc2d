/**
 * Method: which reference text is this one most like?
 *
 * Owns: what the likenesses mean. Its neighbour `reference-index.ts` measures them, `references.ts`
 * says against which texts: the twenty common ones (cheap) or all (dear).
 *
 * M1: the confidence falls with the score itself (is it this licence at all?) and with the lead over
 * the runner-up (which of two near texts?). The evidence is the whole text, which is what was
 * compared.
 */

import { type NormalisedText, wordRange } from "../files/normalised-text.ts";
import { type Finding, noFinding } from "./finding.ts";
import type { Likeness, ReferenceIndex } from "./reference-index.ts";

/** Below this score a text is not taken for the reference at all. */
const LEAST_SCORE = 0.35;
/** A lead of this much over the runner-up leaves no doubt between the two. */
const CLEAR_LEAD = 0.08;

/** Compares a text with all references of an index. */
export function similarity(text: NormalisedText, references: ReferenceIndex): Finding {
  const work = { tokensRead: text.words.length, referencesCompared: references.size };
  const [best, second] = references.compare(text.words);
  if (best === undefined || best.score < LEAST_SCORE) return noFinding(work);
  return {
    licence: best.licence,
    confidence: confidenceOf(best, second),
    evidence: wordRange(text, 0, text.words.length),
    work,
  };
}

function confidenceOf(best: Likeness, second: Likeness | undefined): number {
  const score = Math.min(1, best.score);
  const lead = score - (second?.score ?? 0);
  const ahead = Math.min(1, 0.5 + lead / (2 * CLEAR_LEAD));
  // A verbatim copy is told from its nearest relative by a single sentence: what counts then is how
  // much less is missing, not how far apart the two are.
  const missing = 1 - score;
  const nearer = lead === 0 ? 0 : (lead + missing) / (lead + 2 * missing);
  return score * Math.max(ahead, nearer);
}
