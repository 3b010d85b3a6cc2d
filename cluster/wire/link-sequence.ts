/**
 * What a link's sequence numbers mean for a frame that arrives: pure decisions.
 *
 * Owns: in order, again, too early, gone. Its neighbour `link.ts` acts on them.
 */

/** What a frame is to its receiver. */
export type Arrival =
  /** The one that was expected. */
  | "next"
  /** It was delivered before. */
  | "duplicate"
  /** Earlier ones are missing, and the sender still holds them. */
  | "early";

/** A frame's place, and whether frames before it are gone for good. */
export interface Arrived {
  readonly arrival: Arrival;
  /** The frame now expected, before this one is delivered. */
  readonly expected: number;
  /** The sender no longer holds what was expected: it will never come. */
  readonly lost: boolean;
}

/**
 * Judges a frame.
 *
 * @param expected - the next frame in order; 0 when none of this sender's incarnation has come
 * @param linkSeq - the frame's number, from 1
 * @param baseSeq - the first frame that the sender still holds, at most `linkSeq`
 */
export function arrived(expected: number, linkSeq: number, baseSeq: number): Arrived {
  // A receiver that starts anew cannot have lost what its predecessor was sent.
  if (expected === 0) return { arrival: placed(baseSeq, linkSeq), expected: baseSeq, lost: false };
  if (baseSeq > expected)
    return { arrival: placed(baseSeq, linkSeq), expected: baseSeq, lost: true };
  return { arrival: placed(expected, linkSeq), expected, lost: false };
}

function placed(expected: number, linkSeq: number): Arrival {
  if (linkSeq === expected) return "next";
  return linkSeq < expected ? "duplicate" : "early";
}
