/**
 * Entries: what a board holds, each the sum of its contributions.
 *
 * Owns: the sum. Its neighbours: `contribution.ts` the parts, `merge.ts` the arithmetic, `blackboard.ts`
 * the whole.
 *
 * N1: an entry is a function of its level and its contributions; the stored head is a copy of it.
 * N2: it is retracted when nobody who gave it a value still stands by one.
 */
import type { Contribution } from "./contribution.ts";
import type { EntryId } from "./entry-id.ts";
import { levelOf } from "./entry-id.ts";
import type { Level } from "./level.ts";
import { isAgainst, isFor } from "./merge.ts";

/** An entry as sources, goals and readers see it. Plain data. */
export interface Entry {
  readonly id: EntryId;
  readonly level: string;
  /** What it is about. */
  readonly subject: string;
  readonly phase: "live" | "retracted";
  readonly value: unknown;
  /** 0..1; 0 when retracted. */
  readonly confidence: number;
  /** Who gave the value. */
  readonly author: string;
  /** Who speaks for it, sorted. */
  readonly supporters: readonly string[];
  /** Who speaks against it, sorted. */
  readonly opponents: readonly string[];
  /** The entries it rests on, sorted. */
  readonly causes: readonly EntryId[];
  /** How many contributions it is the sum of. */
  readonly contributions: number;
}

/**
 * The entry that contributions add up to.
 *
 * @param contributions - all of one entry, in the order of their numbers; at least one
 */
export function entryOf(level: Level, contributions: readonly Contribution[]): Entry {
  const first = contributions[0];
  if (first === undefined) throw new RangeError("an entry has at least one contribution");
  const live = standing(contributions);
  const known = {
    id: first.entry,
    level: levelOf(first.entry),
    subject: first.subject,
    supporters: distinct(live.filter(isFor).map((one) => one.author)),
    opponents: distinct(live.filter(isAgainst).map((one) => one.author)),
    causes: distinct(live.flatMap((one) => one.causes)),
    contributions: contributions.length,
  };
  if (live.some((one) => one.type === "post" || one.type === "refine")) {
    return { ...known, phase: "live", ...level.merge(live) };
  }
  const { author, value } = contributions.findLast((one) => "value" in one) ?? first;
  return { ...known, phase: "retracted", value, author, confidence: 0 };
}

/** What was not retracted: of each author, what it said after its last retraction. */
function standing(contributions: readonly Contribution[]): readonly Contribution[] {
  const retracted = new Map<string, number>();
  contributions.forEach((one, at) => {
    if (one.type === "retract") retracted.set(one.author, at);
  });
  return contributions.filter((one, at) => at > (retracted.get(one.author) ?? -1));
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted((a, b) => (a < b ? -1 : 1));
}
