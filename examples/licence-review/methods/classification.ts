/**
 * The pipeline's first guess at a file's licence: cheap, and honest about its doubt.
 *
 * Owns: how the two cheap methods are put together. Its neighbours are `title.ts` and `keyword.ts`;
 * what the guess leaves in doubt goes to the knowledge sources (`knowledge-source.ts`).
 *
 * C1: two methods that agree make each other surer; two that differ leave the better one's answer in
 * doubt; one alone is as sure as it is, and keywords alone are never sure enough.
 * C2: nothing but the text is looked at: not the package's name, path or declaration.
 */

import type { NormalisedText } from "../files/normalised-text.ts";
import { type Finding, type Work, workUnits } from "./finding.ts";
import { keyword } from "./keyword.ts";
import { title } from "./title.ts";

/** A first guess. */
export interface Classification extends Finding {
  /** Should somebody look closer? */
  readonly unsure: boolean;
  /** Why, in one phrase; empty when it is sure. */
  readonly doubt: string;
}

/** Below this confidence a guess is unsure. */
export const SURE_CONFIDENCE: number = 0.85;

/** Guesses the licence of a text. */
export function firstGuess(text: NormalisedText): Classification {
  return combined(title(text), keyword(text));
}

/** Puts two findings about the same text together (C1). */
export function combined(named: Finding, told: Finding): Classification {
  const work = sumOf(named.work, told.work);
  const [better, other] = named.confidence >= told.confidence ? [named, told] : [told, named];
  const { licence, evidence } = better;
  if (licence === undefined) {
    return { confidence: 0, work, unsure: true, doubt: "nothing was recognised" };
  }
  const seen = evidence === undefined ? {} : { evidence };
  if (other.licence !== undefined && other.licence !== licence) {
    const doubt = `one method says ${licence}, the other ${other.licence}`;
    return { licence, ...seen, confidence: better.confidence / 2, work, unsure: true, doubt };
  }
  const confidence = 1 - (1 - better.confidence) * (1 - other.confidence);
  const unsure = confidence < SURE_CONFIDENCE;
  const doubt = unsure ? `the confidence is only ${confidence.toFixed(2)}` : "";
  return { licence, ...seen, confidence, work, unsure, doubt };
}

/** The sum of two pieces of work over texts that were read one after the other: the units add up. */
function sumOf(a: Work, b: Work): Work {
  const tokensRead = a.tokensRead + b.tokensRead;
  const units = workUnits(a) + workUnits(b);
  return { tokensRead, referencesCompared: tokensRead === 0 ? 0 : units / tokensRead };
}
