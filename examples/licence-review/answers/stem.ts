/**
 * Word stems: what is left of an English word when its endings are gone.
 *
 * Owns: the endings. Coarse on purpose: it only has to bring "modify", "modified" and "modifications"
 * together and keep "public" and "publish" apart.
 *
 * Source: the idea of Porter 1980, with far fewer rules.
 */

const ENDINGS =
  /(?:ications?|ations?|ions?|ings?|ments?|ied|ies|ed|es|ly|ate|ates|ated|ating|[esy])$/u;
const LEAST_STEM = 3;

/** The stem of a lower-case word. */
export function stemOf(word: string): string {
  const spelt = word.replace(/licen[cs]/u, "licens");
  const stem = spelt.replace(ENDINGS, "");
  const kept = stem.length < LEAST_STEM ? spelt : stem;
  // "permitted", "dropping": the consonant was doubled for the ending's sake.
  return kept.replace(/([bdgmnprt])\1$/u, "$1");
}
