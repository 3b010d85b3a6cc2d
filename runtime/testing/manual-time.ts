/**
 * Time that a test moves, as those see it who wait in a test.
 *
 * Owns: nothing; `manual-clock.ts` and `world-clock.ts` are such time, `probe.ts` waits on it.
 */
import type { Duration } from "../duration.ts";
import type { Clock } from "../ports/clock.ts";

/** Time that stands still until somebody moves it. */
export interface ManualTime {
  /**
   * Moves time on, timer by timer, until `holds` is true or `within` has passed; whatever is ready
   * runs before `holds` is asked. Time stands at the instant at which it came true.
   *
   * @returns what `holds` says at the end
   */
  advanceUntil(holds: () => boolean, within: Duration): Promise<boolean>;
}

/** The time behind a clock, when a test moves it; `undefined` for a clock that runs by itself. */
export function manualTimeOf(clock: Clock): ManualTime | undefined {
  return "advanceUntil" in clock ? (clock as Clock & ManualTime) : undefined;
}
