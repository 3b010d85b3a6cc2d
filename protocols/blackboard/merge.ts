/**
 * How the contributions to one entry add up: value and confidence of the whole from the parts.
 *
 * Owns: the merge functions that a level can be declared with.
 *
 * M1: an author counts once for and once against: repeating oneself convinces nobody.
 * M2: `noisyOr` and `strongest` do not depend on the order of contributions, bit for bit; `latest`
 *     does by its nature.
 *
 * Source: noisy-or, Pearl 1988 §4.3.2.
 */
import type { Contribution } from "./contribution.ts";

/** What an entry says, all contributions taken together. */
export interface Merged {
  readonly value: unknown;
  /** 0..1. */
  readonly confidence: number;
  /** Who gave the value. */
  readonly author: string;
}

/**
 * Sums up an entry.
 *
 * @param live - contributions that were not retracted, oldest first; at least one `post`
 */
export type Merge = (live: readonly Contribution[]) => Merged;

/** Independent evidence: each supporter makes it surer, each opponent less sure. */
export const noisyOr: Merge = (live) => {
  const doubt = product(strongestPerAuthor(live.filter(isFor)));
  const credit = product(strongestPerAuthor(live.filter(isAgainst)));
  return { ...leading(live), confidence: (1 - doubt) * credit };
};

/** The surest supporter against the surest opponent; agreement adds nothing. */
export const strongest: Merge = (live) => {
  const best = Math.max(0, ...live.filter(isFor).map((one) => one.confidence));
  const worst = Math.max(0, ...live.filter(isAgainst).map((one) => one.confidence));
  return { ...leading(live), confidence: best * (1 - worst) };
};

/** The last value said, as sure as its author was, less what was said against it since. */
export const latest: Merge = (live) => {
  const at = live.findLastIndex(hasValue);
  const last = live[at];
  if (last === undefined) throw new RangeError("an entry without a value cannot be merged");
  const credit = product(strongestPerAuthor(live.slice(at).filter(isAgainst)));
  return { value: last.value, confidence: last.confidence * credit, author: last.author };
};

/** Whether a contribution speaks for its entry. */
export function isFor(one: Contribution): boolean {
  return one.type === "post" || one.type === "refine" || one.type === "support";
}

/** Whether a contribution speaks against its entry. */
export function isAgainst(one: Contribution): boolean {
  return one.type === "refute";
}

function hasValue(one: Contribution): boolean {
  return one.type === "post" || one.type === "refine";
}

/** The value of the surest; ties go by author, then by the value's text, so that order is irrelevant. */
function leading(live: readonly Contribution[]): {
  readonly value: unknown;
  readonly author: string;
} {
  let best: Contribution | undefined;
  for (const one of live) {
    if (hasValue(one) && (best === undefined || leads(one, best))) best = one;
  }
  if (best === undefined) throw new RangeError("an entry without a value cannot be merged");
  return { value: best.value, author: best.author };
}

function leads(a: Contribution, b: Contribution): boolean {
  if (a.confidence !== b.confidence) return a.confidence > b.confidence;
  if (a.author !== b.author) return a.author < b.author;
  return JSON.stringify(a.value) < JSON.stringify(b.value);
}

function strongestPerAuthor(some: readonly Contribution[]): readonly number[] {
  const byAuthor = new Map<string, number>();
  for (const { author, confidence } of some) {
    byAuthor.set(author, Math.max(confidence, byAuthor.get(author) ?? 0));
  }
  return [...byAuthor.values()];
}

/** The product of the complements, multiplied in order of size so that rounding is the same each time. */
function product(confidences: readonly number[]): number {
  return confidences.toSorted((a, b) => a - b).reduce((left, one) => left * (1 - one), 1);
}
