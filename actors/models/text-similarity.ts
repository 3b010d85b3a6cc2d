/**
 * How alike texts are, and which sentences matter.
 *
 * Owns: term vectors, cosine similarity, ranking for a query, the choice of central sentences. Its
 * neighbour `term-statistics.ts` owns what a term is and how telling.
 *
 * I1: pure and deterministic; equal scores are broken by the earlier position.
 *
 * Cost: linear in the terms; {@link centralSentences} adds one comparison per sentence and choice.
 * Source: tf-idf cosine (Salton and Buckley 1988), BM25 (Robertson and Zaragoza 2009), centroid
 * summaries (Radev et al. 2004), maximal marginal relevance (Carbonell and Goldstein 1998).
 */
import type { Sentence } from "./sentence.ts";
import {
  contentWordsOf,
  inverseFrequency,
  type TermStatistics,
  termStatistics,
} from "./term-statistics.ts";

/** Weight of each term; length 1 unless empty. */
export type TermVector = ReadonlyMap<string, number>;

/** An element by its index, with how well it fits; higher is better. */
export interface Ranked {
  readonly index: number;
  readonly score: number;
}

/** Fewer content words than this make a heading or a fragment, not a sentence to quote. */
const SHORTEST_SENTENCE_WORDS = 4;
/** How much centrality counts against repeating what is already chosen. */
const RELEVANCE_WEIGHT = 0.7;
const BM25_SATURATION = 1.2;
const BM25_LENGTH_WEIGHT = 0.75;
const NOTHING: TermVector = new Map();

/** The vector of a text: `(1 + ln tf) × idf` per term, scaled to length 1. */
export function termVector(terms: readonly string[], statistics: TermStatistics): TermVector {
  const counts = countsOf(terms);
  const vector = new Map<string, number>();
  for (const [term, count] of counts) {
    vector.set(term, (1 + Math.log(count)) * inverseFrequency(statistics, term));
  }
  return scaled(vector);
}

/** The cosine of two vectors of {@link termVector}; 0 (nothing shared) to 1 (same direction). */
export function cosine(a: TermVector, b: TermVector): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  let sum = 0;
  for (const [term, weight] of small) sum += weight * (large.get(term) ?? 0);
  return Math.min(1, sum);
}

/**
 * Ranks documents for a query, best first; documents that share no term with it are left out.
 *
 * @param documents - the terms of each document
 */
export function rankedForQuery(
  query: readonly string[],
  documents: readonly (readonly string[])[],
): readonly Ranked[] {
  const statistics = termStatistics(documents);
  const meanLength = documents.reduce((sum, terms) => sum + terms.length, 0) / documents.length;
  const wanted = new Set(query);
  const ranked: Ranked[] = [];
  for (const [index, terms] of documents.entries()) {
    const damping =
      1 - BM25_LENGTH_WEIGHT + (BM25_LENGTH_WEIGHT * terms.length) / Math.max(1, meanLength);
    const counts = countsOf(terms);
    let score = 0;
    for (const term of wanted) {
      const count = counts.get(term);
      if (count === undefined) continue;
      const saturated = (count * (BM25_SATURATION + 1)) / (count + BM25_SATURATION * damping);
      score += inverseFrequency(statistics, term) * saturated;
    }
    if (score > 0) ranked.push({ index, score });
  }
  return ranked.sort(bestFirst);
}

/**
 * Chooses the sentences nearest to the text's centre that do not repeat each other.
 *
 * @param limit - at most this many; 1 or more
 * @returns the chosen sentences in the order of the text; fragments only when there is nothing else
 */
export function centralSentences(
  sentences: readonly Sentence[],
  limit: number,
): readonly Sentence[] {
  const terms = sentences.map((sentence) => contentWordsOf(sentence.text));
  const whole = terms.flatMap((words, index) =>
    words.length >= SHORTEST_SENTENCE_WORDS ? [index] : [],
  );
  const candidates = whole.length > 0 ? whole : [...sentences.keys()];
  const statistics = termStatistics(terms);
  const vectors = terms.map((words) => termVector(words, statistics));
  const centre = centroid(vectors);
  const relevance = vectors.map((vector) => cosine(vector, centre));
  const repetition = vectors.map(() => 0);
  const gain = (index: number) =>
    RELEVANCE_WEIGHT * (relevance[index] ?? 0) - (1 - RELEVANCE_WEIGHT) * (repetition[index] ?? 0);

  const chosen: number[] = [];
  while (chosen.length < limit && candidates.length > 0) {
    const [best] = candidates.map((index) => ({ index, score: gain(index) })).sort(bestFirst);
    if (best === undefined) break;
    const { index } = best;
    candidates.splice(candidates.indexOf(index), 1);
    chosen.push(index);
    const taken = vectors[index] ?? NOTHING;
    for (const other of candidates) {
      const alike = cosine(vectors[other] ?? NOTHING, taken);
      repetition[other] = Math.max(repetition[other] ?? 0, alike);
    }
  }
  return chosen.sort((a, b) => a - b).flatMap((index) => sentences[index] ?? []);
}

function countsOf(terms: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

function centroid(vectors: readonly TermVector[]): TermVector {
  const sum = new Map<string, number>();
  for (const vector of vectors) {
    for (const [term, weight] of vector) sum.set(term, (sum.get(term) ?? 0) + weight);
  }
  return scaled(sum);
}

function scaled(vector: Map<string, number>): TermVector {
  let squares = 0;
  for (const weight of vector.values()) squares += weight * weight;
  if (squares === 0) return vector;
  const length = Math.sqrt(squares);
  for (const [term, weight] of vector) vector.set(term, weight / length);
  return vector;
}

function bestFirst(a: Ranked, b: Ranked): number {
  return b.score - a.score || a.index - b.index;
}
