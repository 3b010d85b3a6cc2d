/**
 * Waiting for servers that are electing a leader.
 *
 * Owns: which refusals say so, and how long to wait. {@link afterElection} is for what may be repeated
 * whatever became of it: asking, listing, and making what is there already; {@link untilHeard} for all else.
 */
import { JetStreamApiError } from "@nats-io/jetstream";
import type { Clock } from "../../runtime/ports/clock.ts";
import { isUnheard } from "./store-failure.ts";

/** An election takes 4 to 9 s. */
export const ELECTION_MS = 12_000;

/** How long to wait before sending what nobody has heard again. */
export const HEARD_AGAIN_MS = 250;

/**
 * "JetStream system temporarily unavailable", and the same of a stream's or a consumer's leader; "no suitable
 * peers" too: a leader that was elected just now has not heard of all the others yet.
 */
const NO_LEADER: ReadonlySet<number> = new Set([10005, 10008, 10009]);

/** Makes the attempt, again and again while servers say that they have no leader, up to 12 s. */
export async function afterElection<T>(clock: Clock, attempt: () => Promise<T>): Promise<T> {
  const untilMs = clock.monotonicMs() + ELECTION_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (thrown) {
      if (!isLeaderless(thrown) || clock.monotonicMs() >= untilMs) throw thrown;
      await new Promise<void>((resolve) => clock.after(HEARD_AGAIN_MS, resolve));
    }
  }
}

/**
 * Makes the attempt, again and again for as long as nobody is there to hear it, until `untilMs`.
 *
 * @param attempt - is told how many were made before
 */
export async function untilHeard<T>(
  clock: Clock,
  untilMs: number,
  attempt: (tries: number) => Promise<T>,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt(tries);
    } catch (thrown) {
      if (!isUnheard(thrown) || clock.monotonicMs() + HEARD_AGAIN_MS >= untilMs) throw thrown;
      await new Promise<void>((resolve) => clock.after(HEARD_AGAIN_MS, resolve));
    }
  }
}

function isLeaderless(thrown: unknown): boolean {
  if (thrown instanceof JetStreamApiError) return NO_LEADER.has(thrown.code);
  return isUnheard(thrown);
}
