/**
 * Why an entry stands: its contributions, and the same of what they rest on.
 *
 * Owns: walking the causes and printing them. The board is only read.
 *
 * EX1: the walk ends: an entry that is already being explained, or lies deeper than the bound, is named
 *      and not opened.
 *
 * Cost: O(entries shown), at most 256. Source: the explanation of BB1, which answers from the board's
 * own records and not from a story made up afterwards.
 */
import { standingOf } from "./board-reading.ts";
import type { Blackboard } from "./board-state.ts";
import type { Contribution } from "./contribution.ts";
import type { Entry } from "./entry.ts";
import type { EntryId } from "./entry-id.ts";

/** An entry, who said what of it, and what that rests on. Plain data. */
export interface Explanation {
  readonly entry: Entry;
  /** In the order in which they were made. */
  readonly contributions: readonly Contribution[];
  readonly causes: readonly Cause[];
}

/** Something that an entry rests on: explained, or only named. */
export type Cause =
  | { readonly kind: "explained"; readonly explanation: Explanation }
  | { readonly kind: "named"; readonly entry: EntryId };

const MOST_ENTRIES = 256;

/**
 * Explains an entry; `undefined` when it is not on the board.
 *
 * @param depth - how many steps of causes are opened; default 8
 */
export function explain(board: Blackboard, id: EntryId, depth = 8): Explanation | undefined {
  return open(board, id, depth, new Set());
}

function open(
  board: Blackboard,
  id: EntryId,
  depth: number,
  opened: Set<EntryId>,
): Explanation | undefined {
  const standing = standingOf(board, id);
  if (standing === undefined) return undefined;
  opened.add(id);
  const causes = standing.entry.causes.map((cause): Cause => {
    const isOpen = depth > 0 && opened.size < MOST_ENTRIES && !opened.has(cause);
    const explanation = isOpen ? open(board, cause, depth - 1, opened) : undefined;
    if (explanation === undefined) return { kind: "named", entry: cause };
    return { kind: "explained", explanation };
  });
  return { entry: standing.entry, contributions: standing.contributions, causes };
}

/**
 * An explanation as lines for people, indented by depth.
 *
 * @example
 * // settlement.doc-1: "MIT" (0.94)
 * //   board posts it at 0.94: two sources agree
 * //   because of hypothesis.doc-1.MIT: "MIT" (0.94)
 * //     title posts it at 0.70: first line
 */
export function explanationLines(explanation: Explanation): readonly string[] {
  const { entry, contributions, causes } = explanation;
  const lines = [`${entry.id}: ${shown(entry.value)} (${entry.confidence.toFixed(2)})`];
  for (const one of contributions) lines.push(`  ${spoken(one)}`);
  for (const cause of causes) {
    switch (cause.kind) {
      case "named":
        lines.push(`  because of ${cause.entry}`);
        break;
      case "explained": {
        const [first, ...rest] = explanationLines(cause.explanation);
        lines.push(`  because of ${first}`, ...rest.map((line) => `  ${line}`));
        break;
      }
    }
  }
  return lines;
}

function spoken(one: Contribution): string {
  const note = one.note === undefined ? "" : `: ${one.note}`;
  const sure = one.confidence.toFixed(2);
  switch (one.type) {
    case "post":
      return `${one.author} posts ${shown(one.value)} at ${sure}${note}`;
    case "refine":
      return `${one.author} refines it to ${shown(one.value)} at ${sure}${note}`;
    case "support":
      return `${one.author} supports it at ${sure}${note}`;
    case "refute":
      return `${one.author} refutes it at ${sure}${note}`;
    case "retract":
      return `${one.author} retracts${note}`;
  }
}

function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
