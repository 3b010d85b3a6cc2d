/**
 * What JetStream's refusals and silences mean to a store.
 *
 * Owns: telling a refusal, which is certain, from a silence, after which nobody knows what happened.
 */
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "nats";
import { messageOf, TroupeError } from "../runtime/troupe-error.ts";

/** Wrong last sequence: with and without the present one in its text. */
const WRONG_SEQUENCE: ReadonlySet<number> = new Set([10071, 10164]);
const FULL = 10077;

/** Whether the server refused because the key stands at another revision. */
export function isConflict(thrown: unknown): boolean {
  return thrown instanceof JetStreamApiError && WRONG_SEQUENCE.has(thrown.code);
}

/** Whether the server refused because the subject holds as much as it may. */
export function isFull(thrown: unknown): boolean {
  return thrown instanceof JetStreamApiError && thrown.code === FULL;
}

/**
 * Whether a write may have happened although no acknowledgement came.
 *
 * A request without a responder was delivered to nobody: while a server restarts, JetStream answers so.
 */
export function isInDoubt(thrown: unknown): boolean {
  return (
    thrown instanceof errors.TimeoutError ||
    thrown instanceof errors.ConnectionError ||
    thrown instanceof errors.ClosedConnectionError
  );
}

/** The store did not answer; whatever was thrown is kept as the cause. */
export function storeUnavailable(what: string, cause?: unknown): TroupeError {
  const reason = cause === undefined ? "" : `: ${messageOf(cause)}`;
  return new TroupeError("store.unavailable", `${what}${reason}`, { cause });
}
