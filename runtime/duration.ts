/** Durations as people type them, parsed once at the edge. */

/** Milliseconds, or a number with a unit: `'250ms'`, `'5s'`, `'2m'`, `'1h'`, `'2d'`. */
export type Duration = number | string;

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * The duration in milliseconds.
 *
 * @throws {RangeError} when it is negative, not finite or not of the form above
 */
export function durationMs(duration: Duration): number {
  if (typeof duration === "number") {
    if (Number.isFinite(duration) && duration >= 0) return duration;
  } else {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration);
    const unit = UNITS[match?.[2] ?? ""];
    if (match !== null && unit !== undefined) return Number(match[1]) * unit;
  }
  throw new RangeError(
    `not a duration: ${String(duration)} (use milliseconds or '5s', '2m', '1h')`,
  );
}
