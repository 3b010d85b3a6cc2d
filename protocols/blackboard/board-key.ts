/**
 * Where things of a board stand in its bucket. The bucket of board `b1` is `board_b1`.
 *
 * | key | value | written |
 * |---|---|---|
 * | `contribution.<entry>.<number>` | a contribution (`contribution.ts`) | once |
 * | `head.<entry>` | {@link StoredHead} | moved by compare-and-set |
 * | `ksar.<source>.<entry>.<version>` | {@link StoredKsar} | once |
 *
 * An entry's name begins with its level, so a level is a prefix that access can be granted by. A
 * contribution, the head that it moves and the record of the activation that made it are committed in
 * one atomic batch: the bucket's stream is the board's log, and nothing is written twice.
 *
 * Owns: the layout and its format version. Readers accept this version only; there is none before it.
 */
import type { Entry } from "./entry.ts";
import type { EntryId } from "./entry-id.ts";

/** An entry's present sum. */
export interface StoredHead extends Entry {
  readonly v: 1;
}

/** What became of an activation. */
export interface StoredKsar {
  readonly v: 1;
  /** `lost` = given up after its last attempt. */
  readonly outcome: "contributed" | "silent" | "lost";
  /** What it really cost, in the board's unit. */
  readonly cost: number;
  /** Why it was lost. */
  readonly reason?: string;
}

/** A key of a board's bucket, taken apart. */
export type BoardKey =
  | { readonly kind: "contribution"; readonly entry: EntryId; readonly number: number }
  | { readonly kind: "head"; readonly entry: EntryId }
  | { readonly kind: "ksar"; readonly ksar: string };

/** The bucket of a board. */
export function bucketOf(board: string): string {
  return `board_${board}`;
}

/** The key of an entry's contribution; numbers start at 1. */
export function contributionKey(entry: EntryId, number: number): string {
  return `contribution.${entry}.${number}`;
}

/** The key of an entry's head. */
export function headKey(entry: EntryId): string {
  return `head.${entry}`;
}

/** The key of an activation's record. */
export function ksarKey(ksar: string): string {
  return `ksar.${ksar}`;
}

/** Takes a key apart; `undefined` when it is none of a board's. */
export function parseBoardKey(key: string): BoardKey | undefined {
  const dot = key.indexOf(".");
  const rest = key.slice(dot + 1);
  switch (key.slice(0, dot)) {
    case "contribution": {
      const last = rest.lastIndexOf(".");
      const number = Number(rest.slice(last + 1));
      if (last < 0 || !Number.isInteger(number)) return undefined;
      return { kind: "contribution", entry: rest.slice(0, last), number };
    }
    case "head":
      return { kind: "head", entry: rest };
    case "ksar":
      return { kind: "ksar", ksar: rest };
    default:
      return undefined;
  }
}
