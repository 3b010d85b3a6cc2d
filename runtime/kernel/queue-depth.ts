/**
 * How much waits in the mailboxes of a system, read when somebody asks.
 *
 * Owns: the walk. Nothing is counted while messages come and go: the hot path pays nothing for it.
 *
 * Cost: O(actors) per look.
 */
import type { Cell } from "./cell.ts";
import { queued } from "./queue.ts";

/** What waits in a system's mailboxes. */
export interface QueueDepth {
  readonly actors: number;
  /** User messages that wait, all mailboxes together. */
  readonly queued: number;
  /** The longest mailbox. */
  readonly longest: number;
}

/** What waits below `root`, itself left out. */
export function queueDepthBelow(root: Cell): QueueDepth {
  let actors = 0;
  let waiting = 0;
  let longest = 0;
  const open: Cell[] = [root];
  for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
    if (cell !== root) {
      const length = queued(cell);
      actors++;
      waiting += length;
      longest = Math.max(longest, length);
    }
    // Not by the getter, which would make a list for every actor without children.
    for (const child of cell.ownHoldings?.children?.list() ?? []) open.push(child);
  }
  return { actors, queued: waiting, longest };
}
