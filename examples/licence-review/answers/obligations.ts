/**
 * What a licence text permits, demands and says about patents, read from its own clauses.
 *
 * Owns: the reading. Its neighbours: `term-patterns.ts` owns the clauses, `questions.ts` turns terms
 * into answers. No licence is recognised here and none is looked up: an unknown licence with a known
 * clause is understood, and a known licence with a clause struck out is not misrepresented.
 *
 * O1: every term carries the bytes of the clause it was read from. O2: one term per kind and text,
 * from the first clause that says it. O3: where a README names a further licence whose text the package
 * does not ship ("MIT, except lib/zlib, which is ZLIB"), the terms of that licence's text hold, and the
 * evidence is the place that names it.
 *
 * Cost: each pattern passes over the normalised text at most once.
 */
import { evidenceIn } from "../files/licence-text.ts";
import { type NormalisedText, normalisedText, rangeOf } from "../files/normalised-text.ts";
import type { ReadmeFile } from "../files/package-files.ts";
import { licenceSection } from "../methods/readme.ts";
import { textOf } from "../methods/references.ts";
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

/**
 * Reads the terms that a package is under by naming licences in its README (O3).
 *
 * @param shipped - identifiers whose texts the package has as files: these speak for themselves
 */
export function termsNamedIn(readme: ReadmeFile, shipped: ReadonlySet<string>): readonly Term[] {
  const { names } = licenceSection(readme.text);
  return names
    .filter(({ licence, certainty }) => certainty === 1 && !shipped.has(licence))
    .flatMap(({ licence, evidence }) =>
      termKindsOf(licence).map((kind) => ({ kind, evidence: evidenceIn(readme, evidence) })),
    );
}

/** What the reference text of a licence says. */
export function termKindsOf(licence: string): readonly TermKind[] {
  const text = normalisedText({ text: textOf(licence), encoding: "utf-8" });
  return termsOf(text, licence).map(({ kind }) => kind);
}

function firstMatch(patterns: readonly RegExp[], text: string): RegExpExecArray | undefined {
  let first: RegExpExecArray | undefined;
  for (const pattern of patterns) {
    const match = pattern.exec(text);
    if (match !== null && (first === undefined || match.index < first.index)) first = match;
  }
  return first;
}
