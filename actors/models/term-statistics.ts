/**
 * Words of a text and how telling each is among a set of texts.
 *
 * Owns: what a token, a word and a term are, and document frequencies. Its neighbour
 * `text-similarity.ts` owns what is computed from them.
 *
 * I1: everything here is a pure function of its text: same text, same terms, on every machine.
 * I2: words are runs of letters and digits, so scripts written without spaces count as one word.
 *
 * Cost: one pass over the text. Source: inverse document frequency after Spärck Jones 1972, in the
 * form of Robertson and Zaragoza 2009 §3.
 */

const TOKENS = /[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu;
const WORDS = /[\p{L}\p{N}]+/gu;

/** Function words: they say how a sentence is built, not what it is about. */
const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  (
    "a about after all also am an and any are as at be been being but by can could did do does for " +
    "from had has have he her him his how i if in into is it its may me might must my no not of on " +
    "or our shall she should so some such than that the their them then there these they this those " +
    "to under up upon us was we were what when where which while who whom whose why will with would " +
    "you your"
  ).split(" "),
);

/** How often terms occur over a set of documents. */
export interface TermStatistics {
  /** Documents counted; 0 or more. */
  readonly documents: number;
  /** Documents that contain each term. */
  readonly frequency: ReadonlyMap<string, number>;
}

/** The built-in model's token count: words plus single punctuation marks; white space is free. */
export function tokenCount(text: string): number {
  let count = 0;
  TOKENS.lastIndex = 0;
  while (TOKENS.test(text)) count++;
  return count;
}

/** The words of a text in order, in lower case and without a plural `s`. */
export function wordsOf(text: string): readonly string[] {
  const words = text.normalize("NFKC").toLowerCase().match(WORDS) ?? [];
  return words.map(singular);
}

/** The words of a text that say what it is about: {@link wordsOf} without function words. */
export function contentWordsOf(text: string): readonly string[] {
  return wordsOf(text).filter((word) => !FUNCTION_WORDS.has(word));
}

/** Words and pairs of neighbouring words: pairs tell apart texts that share a vocabulary. */
export function termsOf(words: readonly string[]): readonly string[] {
  const terms = [...words];
  for (let i = 1; i < words.length; i++) terms.push(`${words[i - 1]} ${words[i]}`);
  return terms;
}

/** Counts in how many of the documents each term occurs. */
export function termStatistics(documents: readonly (readonly string[])[]): TermStatistics {
  const frequency = new Map<string, number>();
  for (const terms of documents) {
    for (const term of new Set(terms)) frequency.set(term, (frequency.get(term) ?? 0) + 1);
  }
  return { documents: documents.length, frequency };
}

/** How telling a term is: near 0 when every document has it, more the fewer do. Always positive. */
export function inverseFrequency(statistics: TermStatistics, term: string): number {
  const containing = statistics.frequency.get(term) ?? 0;
  return Math.log(1 + (statistics.documents - containing + 0.5) / (containing + 0.5));
}

/** Folds the regular English plural; words as short as `gas` and endings such as `class`, `is`, `us` stay. */
function singular(word: string): string {
  if (word.length < 4 || !word.endsWith("s") || /(?:ss|us|is)$/.test(word)) return word;
  return word.slice(0, -1);
}
