/**
 * How the built-in model answers a task: with what the text itself says, found by term statistics,
 * similarity and patterns. It writes no sentence of its own.
 *
 * Owns: the decision, as a pure function. Its neighbour `builtin-model.ts` owns the call: prompt,
 * JSON form, limits, usage.
 *
 * X1: same task, same answer.
 * X2: every quoted sentence is in the text at the offsets given with it.
 * X3: confidence is a score, comparable within one task only; it is not a calibrated probability.
 */
import { type Candidate, defaultLimits, MOST_SENTENCES, type ModelTask } from "./model-task.ts";
import { type Sentence, sentencesOf } from "./sentence.ts";
import { contentWordsOf, termStatistics, termsOf, wordsOf } from "./term-statistics.ts";
import { centralSentences, cosine, rankedForQuery, termVector } from "./text-similarity.ts";

/** An answer in both of its forms. */
export interface ExtractiveAnswer {
  /** The answer as prose, a label or lines, in the pieces it is streamed in. */
  readonly chunks: readonly string[];
  /** What is known as data; a JSON answer takes the fields that its schema names. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const NOT_SAID = "The text does not say.";

/** Answers a task. An empty text gives an empty summary, no matches, confidence 0. */
export function extractiveAnswer(task: ModelTask): ExtractiveAnswer {
  switch (task.task) {
    case "summarise":
      return summary(task.text, task.limit ?? defaultLimits.summarise);
    case "extract":
      return extract(task.text, task.terms, task.limit ?? defaultLimits.extract);
    case "classify":
      return classification(task.text, task.labels);
    case "answer":
      return answer(task.text, task.question, task.limit ?? defaultLimits.answer);
  }
}

function summary(text: string, limit: number): ExtractiveAnswer {
  const sentences = centralSentences(sentencesOf(text), limit);
  const chunks = prose(sentences);
  return { chunks, fields: { text: chunks.join(""), summary: chunks.join(""), sentences } };
}

function extract(text: string, terms: readonly string[], limit: number): ExtractiveAnswer {
  const phrases = terms.map((term) => ({ term, phrase: phraseOf(wordsOf(term)) }));
  const matches = sentencesOf(text)
    .flatMap((sentence) => {
      const words = phraseOf(wordsOf(sentence.text));
      const hit = phrases.find(({ phrase }) => phrase.trim() !== "" && words.includes(phrase));
      return hit === undefined ? [] : [{ term: hit.term, ...sentence }];
    })
    .slice(0, limit);
  const chunks = matches.map((match, index) => (index === 0 ? match.text : `\n${match.text}`));
  return { chunks, fields: { text: chunks.join(""), matches } };
}

function classification(text: string, labels: readonly Candidate[]): ExtractiveAnswer {
  const features = labels.map(({ label, description }) =>
    termsOf(wordsOf(`${label} ${description}`)),
  );
  const statistics = termStatistics(features);
  // Words that no label uses cannot tell labels apart; kept, they would only shrink every score.
  const known = termsOf(wordsOf(text)).filter((term) => statistics.frequency.has(term));
  const vector = termVector(known, statistics);
  const scores = labels
    .map(({ label }, index) => ({
      label,
      similarity: cosine(vector, termVector(features[index] ?? [], statistics)),
    }))
    .sort((a, b) => b.similarity - a.similarity);
  const best = scores[0]?.similarity ?? 0;
  const next = scores[1]?.similarity ?? 0;
  const label = scores[0]?.label ?? "";
  // How good the match is, less what the second best takes from it: a tie halves it.
  const confidence = rounded(best - next / 2);
  return {
    chunks: [label],
    fields: {
      text: label,
      label,
      confidence,
      scores: scores.map((score) => ({ ...score, similarity: rounded(score.similarity) })),
    },
  };
}

function answer(text: string, question: string, limit: number): ExtractiveAnswer {
  const sentences = sentencesOf(text);
  const query = contentWordsOf(question);
  const ranked = rankedForQuery(
    query,
    sentences.map(({ text: sentence }) => contentWordsOf(sentence)),
  );
  const evidence = ranked
    .slice(0, Math.min(limit, MOST_SENTENCES))
    .map(({ index }) => index)
    .sort((a, b) => a - b)
    .flatMap((index) => sentences[index] ?? []);
  const covered = new Set(evidence.flatMap((sentence) => contentWordsOf(sentence.text)));
  const asked = new Set(query);
  const confidence = rounded(
    asked.size === 0 ? 0 : [...asked].filter((word) => covered.has(word)).length / asked.size,
  );
  const chunks = evidence.length === 0 ? [NOT_SAID] : prose(evidence);
  return {
    chunks,
    fields: { text: chunks.join(""), answer: chunks.join(""), confidence, evidence },
  };
}

function prose(sentences: readonly Sentence[]): readonly string[] {
  return sentences.map((sentence, index) => (index === 0 ? sentence.text : ` ${sentence.text}`));
}

/** Words fenced by spaces, so that a phrase is found only at word borders. */
function phraseOf(words: readonly string[]): string {
  return ` ${words.join(" ")} `;
}

function rounded(share: number): number {
  return Math.round(share * 1_000) / 1_000;
}
