/**
 * What passes between a board and a knowledge source: an activation, and what the source has to say.
 *
 * Owns: the two messages, plain data. When they are sent is `blackboard.ts`.
 */
import type { Draft } from "./contribution.ts";
import type { Entry } from "./entry.ts";

/** Asks a source to look at an entry. */
export interface Activation {
  readonly board: string;
  /** The activation's key, the same when it is tried again. */
  readonly ksar: string;
  /** 1 at first. */
  readonly attempt: number;
  /** What triggered it. */
  readonly entry: Entry;
  /** Other live entries of the same subject, on levels that the source may see. */
  readonly context: readonly Entry[];
}

/** What a source has to say, maybe nothing. */
export interface Contributed {
  readonly drafts: readonly Draft[];
  /** What the activation really cost, in the board's unit; 0 or more. */
  readonly cost: number;
}
