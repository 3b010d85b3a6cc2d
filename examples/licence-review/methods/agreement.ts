/**
 * How often the review is right: its answers against what the packages declare.
 *
 * Owns: what is scored, and what counts as agreeing. Its neighbour `declared.ts` reads the truth;
 * nothing that answers may see it.
 *
 * G1: a file is scored when its package declares a valid SPDX expression, whether or not the review
 * found an answer: no answer does not agree.
 * G2: a file agrees when its licence is one of the expression's identifiers, whatever joins them: of
 * `MIT OR Apache-2.0` and of `MIT AND Zlib` a file usually holds one. A file that holds several
 * licences is scored by its first, its own; those of the code it took in do not help it.
 * G3: identifiers that share a text agree (`text-identity.ts`).
 */
import { licencesOf } from "./declared.ts";
import { textIdentity } from "./text-identity.ts";

/** One file's answer and its truth. */
export interface ScoredFile {
  /** SPDX identifier; absent when the review found none. */
  readonly licence?: string | undefined;
  /** The declared expression; absent when the package declares nothing valid. */
  readonly expression?: string | undefined;
}

/** The score over many files. */
export interface Agreement {
  readonly scored: number;
  readonly agreed: number;
  /** 0..1; 0 when nothing was scored. */
  readonly share: number;
}

/** Is this licence one of those the expression names? */
export function agrees(licence: string, expression: string): boolean {
  const found = textIdentity(licence);
  return licencesOf(expression).some((declaredLicence) => textIdentity(declaredLicence) === found);
}

/** Counts how many of the scored files agree. */
export function agreementOf(files: Iterable<ScoredFile>): Agreement {
  let scored = 0;
  let agreed = 0;
  for (const { licence, expression } of files) {
    if (expression === undefined) continue;
    scored++;
    if (licence !== undefined && agrees(licence, expression)) agreed++;
  }
  return { scored, agreed, share: scored === 0 ? 0 : agreed / scored };
}
