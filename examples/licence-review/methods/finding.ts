/**
 * What one method makes of one text: the answer, how sure it is, where it saw it, what it cost.
 *
 * Owns: the shape that all methods share and the price of their work. A price is counted, never
 * chosen: the words that were read times the reference texts they were compared with.
 */
import type { ByteRange } from "../files/document.ts";

/** The work behind a finding, counted while it was done. */
export interface Work {
  /** Words of the document that were looked at. */
  readonly tokensRead: number;
  /** Reference texts they were compared with; 0 for methods that compare none. */
  readonly referencesCompared: number;
}

/** A method's answer. */
export interface Finding {
  /** An SPDX identifier; absent when the method recognises nothing. */
  readonly licence?: string;
  /** 0 (a guess) .. 1 (as good as certain); 0 without a licence. */
  readonly confidence: number;
  /** Where in the document the method saw it. */
  readonly evidence?: ByteRange;
  readonly work: Work;
}

/** The price of some work, in units: tokens read × texts compared, where reading alone counts as one. */
export function workUnits({ tokensRead, referencesCompared }: Work): number {
  return tokensRead * Math.max(1, referencesCompared);
}

/** Nothing recognised, at that price. */
export function noFinding(work: Work): Finding {
  return { confidence: 0, work };
}
