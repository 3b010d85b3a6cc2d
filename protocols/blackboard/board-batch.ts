/**
 * What a board commits at once: statements and activation records, as writes of the bucket.
 *
 * Owns: turning them into writes with their expectations, and the revisions of what was written. When
 * and what is `blackboard.ts`; the layout is `board-key.ts`.
 *
 * BB-C1: a contribution key and an activation record must not exist yet; a head must stand where it
 *        was read. So a second owner's batch and this one's cannot both be committed.
 */
import type { KeyValueWrite } from "../../runtime/ports/key-value.ts";
import type { StoredHead, StoredKsar } from "./board-key.ts";
import { contributionKey, headKey, ksarKey } from "./board-key.ts";
import type { Contribution } from "./contribution.ts";
import type { Entry } from "./entry.ts";
import { entryOf } from "./entry.ts";
import type { EntryId } from "./entry-id.ts";
import { levelOf } from "./entry-id.ts";
import type { Level } from "./level.ts";

/** Statements that are committed together or not at all. */
export interface Proposal {
  readonly contributions: readonly Contribution[];
  /** The activation that made them, with its record. */
  readonly ksar?: { readonly key: string; readonly record: StoredKsar };
}

/** An entry with all that stands behind it. */
export interface StandingEntry {
  readonly entry: Entry;
  /** By number, from 1. */
  readonly contributions: readonly Contribution[];
  /** Of its head key. */
  readonly revision: number;
}

/** Proposals on their way into the bucket. */
export interface Batch {
  /** Counts from 1. */
  readonly number: number;
  readonly proposals: readonly Proposal[];
  readonly writes: readonly KeyValueWrite[];
  /** The entries as they will stand; their revisions are known once it is committed. */
  readonly moved: readonly {
    readonly standing: Omit<StandingEntry, "revision">;
    readonly at: number;
  }[];
}

/** How many writes a batch holds at most; the store's limit is 1,000, a smaller one keeps it quick. */
const MOST_WRITES = 256;

/** How many statements a proposal holds at most, so that any proposal fits a batch. */
export const MOST_STATEMENTS = 120;

/** How many proposals, from the first, fit a batch; at least one. */
export function fitting(proposals: readonly Proposal[]): number {
  let writes = 0;
  let count = 0;
  for (const proposal of proposals) {
    writes += 2 * proposal.contributions.length + 1;
    if (count > 0 && writes > MOST_WRITES) break;
    count++;
  }
  return count;
}

/** The batch of these proposals over the entries that stand. */
export function batchOf(
  number: number,
  proposals: readonly Proposal[],
  levels: ReadonlyMap<string, Level>,
  standing: ReadonlyMap<EntryId, StandingEntry>,
): Batch {
  const added = new Map<EntryId, Contribution[]>();
  const writes: KeyValueWrite[] = [];
  for (const { contributions, ksar } of proposals) {
    for (const one of contributions) {
      const list = added.get(one.entry);
      if (list === undefined) added.set(one.entry, [one]);
      else list.push(one);
    }
    if (ksar !== undefined) {
      writes.push({ key: ksarKey(ksar.key), value: ksar.record, expected: 0 });
    }
  }
  const moved: { standing: Omit<StandingEntry, "revision">; at: number }[] = [];
  for (const [id, contributions] of added) {
    const before = standing.get(id);
    const all = [...(before?.contributions ?? []), ...contributions];
    const level = levels.get(levelOf(id));
    if (level === undefined) throw new RangeError(`the board has no level of ${id}`);
    contributions.forEach((one, at) => {
      const place = all.length - contributions.length + at + 1;
      writes.push({ key: contributionKey(id, place), value: one, expected: 0 });
    });
    const entry = entryOf(level, all);
    const head: StoredHead = { v: 1, ...entry };
    moved.push({ standing: { entry, contributions: all }, at: writes.length });
    writes.push({ key: headKey(id), value: head, expected: before?.revision ?? 0 });
  }
  return { number, proposals, writes, moved };
}

/**
 * The revision of a batch's write: a batch's revisions are consecutive.
 *
 * @param last - the revision that the commit returned
 */
export function revisionOf(batch: Batch, at: number, last: number): number {
  return last - (batch.writes.length - 1 - at);
}
