/**
 * When silence becomes suspicion: pure decisions about arrival times.
 *
 * Owns: how long a member may be silent. What suspicion leads to is `membership.ts`; that a member is
 * down is decided by its lease alone.
 *
 * D1: a member whose beats stop is suspected within 3 s, a check each 200 to 300 ms included.
 * D2: a regular member is suspected after two beats; an irregular one is given up to half a beat more.
 * D3: the observer's own sleep counts as nobody's silence, and hides none that follows.
 * D4: checks are spread by chance, so that the nodes of a cluster do not all ask the leader about the
 *     same member in the same instant.
 *
 * Source: Jacobson 1988 for the estimate of mean and deviation, as in Bertier et al. 2002.
 */

/** How often a node beats. */
export const BEAT_MS = 1_000;

/**
 * How long a node waits for its next beat: until the wall clock's next whole second, half a period at the
 * least. Beats that fall together wake their hearers once, not once each: with ten nodes that is most of what
 * heartbeats cost.
 *
 * @param wallMs - the time now
 */
export function beatAfter(wallMs: number): number {
  const leftMs = BEAT_MS - (wallMs % BEAT_MS);
  return leftMs < BEAT_MS / 2 ? leftMs + BEAT_MS : leftMs;
}

/** How often silence is checked, on average. */
export const CHECK_MS = 250;
const CHECK_SPREAD = 0.2;

const LATE_MS = 1_250;
const LEAST_SILENCE_MS = 2_000;
const MOST_SILENCE_MS = 2_500;
const MEAN_GAIN = 1 / 8;
const DEVIATION_GAIN = 1 / 4;

/** What is known of a member's beats. */
export interface Rhythm {
  /** The last beat, on the observer's monotonic clock. */
  readonly lastMs: number;
  readonly meanMs: number;
  readonly deviationMs: number;
}

/** The rhythm of a member that appears. */
export function firstBeat(atMs: number): Rhythm {
  return { lastMs: atMs, meanMs: BEAT_MS, deviationMs: 0 };
}

/** The rhythm after another beat. */
export function nextBeat(rhythm: Rhythm, atMs: number): Rhythm {
  // A pause that led to suspicion says nothing about the rhythm afterwards.
  const intervalMs = Math.min(atMs - rhythm.lastMs, MOST_SILENCE_MS);
  const errorMs = intervalMs - rhythm.meanMs;
  return {
    lastMs: atMs,
    meanMs: rhythm.meanMs + errorMs * MEAN_GAIN,
    deviationMs: rhythm.deviationMs + (Math.abs(errorMs) - rhythm.deviationMs) * DEVIATION_GAIN,
  };
}

/**
 * The rhythm when the observer itself slept for `pausedMs`. A beat that came since needs no excuse: what
 * lies ahead of now would hide the next silence.
 */
export function excused(rhythm: Rhythm, pausedMs: number, nowMs: number): Rhythm {
  return { ...rhythm, lastMs: Math.min(rhythm.lastMs + pausedMs, nowMs) };
}

/** Whether the member has been silent for too long. */
export function isSilent(rhythm: Rhythm, nowMs: number): boolean {
  const allowedMs = rhythm.meanMs + BEAT_MS + 4 * rhythm.deviationMs;
  return nowMs - rhythm.lastMs > Math.min(MOST_SILENCE_MS, Math.max(LEAST_SILENCE_MS, allowedMs));
}

/** Whether the member has missed a beat: it is time to find out who is silent, it or the server. */
export function isLate(rhythm: Rhythm, nowMs: number): boolean {
  return nowMs - rhythm.lastMs > LATE_MS;
}

/** When the next check is due; `draw` is at random, 0 to 1. */
export function checkAfter(draw: number): number {
  return CHECK_MS * (1 - CHECK_SPREAD + 2 * CHECK_SPREAD * draw);
}

/** How long the observer slept between two checks, beyond what is usual. */
export function pauseBetween(lastCheckMs: number, nowMs: number): number {
  const lateMs = nowMs - lastCheckMs - CHECK_MS;
  return lateMs > CHECK_MS ? lateMs : 0;
}
