/**
 * What a cell remembers in one word: flags, above them its phase, above that how many handlers are awaited.
 *
 * Owns: the layout. One word instead of six fields keeps an actor small, and answers the question of every
 * message, «may the next one be handled?», with one comparison.
 */
import { Phase, type PhaseNumber } from "../lifecycle.ts";

/** One bit each. */
export const Flag = {
  /** It has a turn, or will have one. */
  scheduled: 1,
  /** The message in `first` is in hand. */
  firstInHand: 2,
  /** A first start has succeeded. */
  hasStarted: 4,
  /** The present generation has its state. */
  hasState: 8,
  /** Its phase is one in which messages are handled. */
  handles: 16,
  /** A message of the runtime waits. */
  hasSystem: 32,
  /** Its phase is one in which messages are refused. */
  refuses: 64,
  /** Its first generation was begun. */
  wasBegun: 128,
  /** The work of the present generation is aborted. */
  aborted: 256,
} as const;

const PHASE_SHIFT = 9;
const PHASE_MASK = 7 << PHASE_SHIFT;
const BUSY_SHIFT = 12;

/** One awaited handler. A word below it belongs to a cell that awaits none. */
export const BUSY: number = 1 << BUSY_SHIFT;
/** Of all that is under this mask, a cell that may handle its next message has only `handles`. */
export const NEXT_MASK: number = Flag.handles | Flag.hasSystem | -BUSY;
/** The word of a cell that has not begun. */
export const FIRST_WORD: number = Phase.starting << PHASE_SHIFT;

/** The phase in a word. */
export function phaseOf(word: number): PhaseNumber {
  return ((word & PHASE_MASK) >> PHASE_SHIFT) as PhaseNumber;
}

/** The word with another phase, and the flags that follow from it. */
export function withPhase(word: number, phase: PhaseNumber): number {
  let next = (word & ~(PHASE_MASK | Flag.handles | Flag.refuses)) | (phase << PHASE_SHIFT);
  if (phase === Phase.running || phase === Phase.draining) next |= Flag.handles;
  if (phase > Phase.waiting) next |= Flag.refuses;
  return next;
}

/** How many handlers, hooks and `init`s are awaited. */
export function busyOf(word: number): number {
  return word >> BUSY_SHIFT;
}
