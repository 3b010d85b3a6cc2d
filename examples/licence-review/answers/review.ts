/**
 * The review of one file: what the answers to questions are made of.
 *
 * Owns: the record that the steps of the pipeline end in, and which of a file's and a README's terms go
 * into it. Its neighbour `obligations.ts` reads the terms.
 */
import type { LicenceDocument } from "../files/document.ts";
import type { NormalisedText } from "../files/normalised-text.ts";
import type { ReadmeFile } from "../files/package-files.ts";
import { termsNamedIn, termsOf } from "./obligations.ts";
import type { Term } from "./term.ts";

/** One file, reviewed. Plain data. */
export interface Review {
  readonly document: LicenceDocument;
  /** SPDX identifier; absent when none was found. */
  readonly licence?: string;
  /** 0..1 */
  readonly confidence: number;
  readonly terms: readonly Term[];
}

/** What the terms of a review are read from. */
export interface TermSources {
  readonly text: NormalisedText;
  /** The package's README; leave it out for bundled code, of which it does not speak. */
  readonly readme?: ReadmeFile | undefined;
  /** Identifiers that the package's licence files were found to hold. */
  readonly shipped: readonly string[];
}

/** The terms that a document's package is under: those of the text, then those of licences named only. */
export function reviewedTerms(document: LicenceDocument, sources: TermSources): readonly Term[] {
  const own = termsOf(sources.text, document.path);
  if (document.scope === "bundled" || sources.readme === undefined) return own;
  const known = new Set(own.map(({ kind }) => kind));
  const named = termsNamedIn(sources.readme, new Set(sources.shipped));
  return [...own, ...named.filter(({ kind }) => !known.has(kind))];
}
