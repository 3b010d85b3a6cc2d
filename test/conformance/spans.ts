/**
 * The spans of time of a conformance run, all multiples of one unit.
 *
 * Owns: that what is due is due during a wait, whichever clock says so: a server's sweeps are late by up to a
 * second, and a busy machine's commands take their time. With the unit U a round takes at most 1 U and a wait
 * 5.2 to 5.6 U.
 *
 * S1: what lives 2 U, is put back for 3 U or is armed for 3 U hence outlives its round, and ends in the wait.
 * S2: an ack wait of 8 U outlives the next round (1 + 5.6 + 1 U) and ends in the wait after it (10.4 U).
 * S3: an occurrence is due at 3 to 5 U; left alone for 5 U, it comes again in the second wait.
 */

/** The spans of one run. */
export interface Spans {
  readonly roundMs: number;
  readonly waitMs: number;
  readonly longestWaitMs: number;
  readonly lifeMs: number;
  readonly delayMs: number;
  readonly ackWaitMs: number;
  readonly reminderAckWaitMs: number;
}

/** Spans of a unit; 500 is the shortest, since a server counts lives in seconds. */
export function spansOf(unitMs: number): Spans {
  return {
    roundMs: unitMs,
    waitMs: 5.2 * unitMs,
    longestWaitMs: 5.6 * unitMs,
    lifeMs: 2 * unitMs,
    delayMs: 3 * unitMs,
    ackWaitMs: 8 * unitMs,
    reminderAckWaitMs: 5 * unitMs,
  };
}
