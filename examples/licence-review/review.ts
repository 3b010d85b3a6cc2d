/**
 * The review of one file: what the answers to questions are made of.
 *
 * Owns: the record that the steps of the pipeline end in. Plain data.
 */
import type { LicenceDocument } from "./document.ts";
import type { Term } from "./term.ts";

/** One file, reviewed. */
export interface Review {
  readonly document: LicenceDocument;
  /** SPDX identifier; absent when none was found. */
  readonly licence?: string;
  /** 0..1 */
  readonly confidence: number;
  readonly terms: readonly Term[];
}
