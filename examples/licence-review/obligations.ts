/**
 * What a licence text permits, demands and says about patents, read from its own clauses.
 *
 * Owns: the reading. Its neighbours: `term-patterns.ts` owns the clauses, `questions.ts` turns terms
 * into answers. No licence is recognised here and none is looked up: an unknown licence with a known
 * clause is understood, and a known licence with a clause struck out is not misrepresented.
 *
 * O1: every term carries the bytes of the clause it was read from. O2: one term per kind and text,
 * from the first clause that says it.
 *
 * Cost: each pattern passes over the normalised text at most once.
 */
import { evidenceIn } from "./licence-text.ts";
import { type NormalisedText, rangeOf } from "./normalised-text.ts";
import type { Term, TermKind } from "./term.ts";
import { TERM_PATTERNS } from "./term-patterns.ts";

const KINDS: readonly TermKind[] = Object.keys(TERM_PATTERNS) as TermKind[];

/**
 * Reads the terms of a text.
 *
 * @param path - the file's path relative to the root; it goes into the evidence
 * @returns at most one term per kind, permissions first, then obligations, then patents
 */
export function termsOf(text: NormalisedText, path: string): readonly Term[] {
  const file = { path, text: text.source };
  return KINDS.flatMap((kind) => {
    const match = firstMatch(TERM_PATTERNS[kind], text.text);
    if (match === undefined) return [];
    const range = rangeOf(text, match.index, match.index + match[0].length);
    return [{ kind, evidence: evidenceIn(file, range) }];
  });
}

function firstMatch(patterns: readonly RegExp[], text: string): RegExpExecArray | undefined {
  let first: RegExpExecArray | undefined;
  for (const pattern of patterns) {
    const match = pattern.exec(text);
    if (match !== null && (first === undefined || match.index < first.index)) first = match;
  }
  return first;
}
