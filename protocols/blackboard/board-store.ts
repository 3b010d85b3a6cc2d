/**
 * Reading a board's bucket: from keys and values to entries and activation records.
 *
 * Owns: the way back from the layout of `board-key.ts`; the way there is `board-batch.ts`.
 *
 * Cost: O(keys).
 */
import type { KeyValueEntry } from "../../runtime/ports/key-value.ts";
import type { StandingEntry } from "./board-batch.ts";
import type { StoredKsar } from "./board-key.ts";
import { parseBoardKey } from "./board-key.ts";
import type { Contribution } from "./contribution.ts";
import { entryOf } from "./entry.ts";
import type { EntryId } from "./entry-id.ts";
import { levelOf } from "./entry-id.ts";
import type { Level } from "./level.ts";

/** What a bucket holds. */
export interface StoredBoard {
  /** In the order in which they were last changed. */
  readonly entries: ReadonlyMap<EntryId, StandingEntry>;
  /** By the activation's key. */
  readonly ksars: ReadonlyMap<string, StoredKsar>;
  /** The highest revision seen. */
  readonly sequence: number;
}

/**
 * What the keys of a bucket say. An entry's sum is computed anew, so a changed merge function counts.
 *
 * @param stored - all entries of the bucket, in order of revision
 * @throws {TypeError} for a value of a format that this version does not read, or of an unknown level
 */
export function readBoard(
  stored: readonly KeyValueEntry[],
  levels: ReadonlyMap<string, Level>,
): StoredBoard {
  const contributions = new Map<EntryId, (Contribution | undefined)[]>();
  const heads = new Map<EntryId, number>();
  const ksars = new Map<string, StoredKsar>();
  let sequence = 0;
  for (const { key, value, revision } of stored) {
    sequence = Math.max(sequence, revision);
    const parsed = parseBoardKey(key);
    if (parsed === undefined) continue;
    if ((value as { readonly v?: unknown }).v !== 1) {
      throw new TypeError(`${key} has a format that this version does not read`);
    }
    switch (parsed.kind) {
      case "contribution": {
        const list = contributions.get(parsed.entry) ?? [];
        list[parsed.number - 1] = value as Contribution;
        contributions.set(parsed.entry, list);
        break;
      }
      case "head":
        heads.set(parsed.entry, revision);
        break;
      case "ksar":
        ksars.set(parsed.ksar, value as StoredKsar);
        break;
    }
  }
  const entries = new Map<EntryId, StandingEntry>();
  for (const [id, revision] of heads) {
    const level = levels.get(levelOf(id));
    if (level === undefined) throw new TypeError(`the board has no level of ${id}`);
    const all = contributions.get(id) ?? [];
    // Read while another owner was writing: what is incomplete is not seen, and writing on it is refused.
    if (!isWhole(all)) continue;
    entries.set(id, { entry: entryOf(level, all), contributions: all, revision });
  }
  return { entries, ksars, sequence };
}

/** Whether there is a first contribution and none is missing before the last. */
function isWhole(all: readonly (Contribution | undefined)[]): all is readonly Contribution[] {
  return all.length > 0 && !all.includes(undefined);
}
