/**
 * What JetStream's refusals and silences mean to a store.
 *
 * Owns: telling a refusal, which is certain, from a silence, after which nobody knows what happened.
 */
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors, type NatsConnection } from "nats";
import { messageOf, TroupeError } from "../../runtime/troupe-error.ts";

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

/** Headers and protocol around a value. */
const OVERHEAD_BYTES = 4_096;
const DEFAULT_MAX_PAYLOAD_BYTES = 1_048_576;

/**
 * The bytes themselves, when the server takes messages of that size.
 *
 * @throws {TroupeError} `payload.too-large`
 */
export function checkedSize(
  connection: NatsConnection,
  bytes: Uint8Array,
  what: string,
): Uint8Array {
  const mostBytes = (connection.info?.max_payload ?? DEFAULT_MAX_PAYLOAD_BYTES) - OVERHEAD_BYTES;
  if (bytes.length <= mostBytes) return bytes;
  throw new TroupeError(
    "payload.too-large",
    `${what} has ${bytes.length} bytes, more than ${mostBytes}`,
    { data: { sizeBytes: bytes.length, mostBytes } },
  );
}
