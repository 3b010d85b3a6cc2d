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
/** Insufficient resources, and insufficient storage. */
const NO_ROOM: ReadonlySet<number> = new Set([10023, 10047]);
const NO_STREAM = 10059;
/** No suitable peers, and too few servers for so many replicas. */
const NO_PEERS: ReadonlySet<number> = new Set([10005, 10074]);

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

/**
 * Whether a request reached nobody, so that it certainly had no effect: the stream has no leader at this
 * moment, or does not exist.
 */
export function isUnheard(thrown: unknown): boolean {
  // JetStream's client wraps it into an error of a class that it does not export.
  const inner = thrown instanceof Error && !isRequestError(thrown) ? thrown.cause : thrown;
  return isRequestError(inner) && inner.isNoResponders();
}

function isRequestError(thrown: unknown): thrown is InstanceType<typeof errors.RequestError> {
  return thrown instanceof errors.RequestError;
}

/** Whether the stream does not exist. */
export function isGone(thrown: unknown): boolean {
  return thrown instanceof JetStreamApiError && thrown.code === NO_STREAM;
}

/** What was thrown, in one line that names the likely cause where the server's own words do not. */
function reasonOf(cause: unknown): string {
  if (cause instanceof errors.TimeoutError)
    return "no answer in time; a leader may be being elected, or the server's disk be full";
  if (isUnheard(cause)) return "its stream has no leader, or does not exist";
  if (cause instanceof JetStreamApiError) {
    if (NO_ROOM.has(cause.code))
      return `the server has no room (${cause.code}): raise its max_file_store, or remove streams`;
    if (NO_PEERS.has(cause.code))
      return `too few servers for its replicas (${cause.code}): is one of them down?`;
    if (isGone(cause)) return `its stream does not exist any more (${cause.code})`;
  }
  return messageOf(cause);
}

/** The store did not answer; whatever was thrown is kept as the cause. */
export function storeUnavailable(what: string, cause?: unknown): TroupeError {
  const reason = cause === undefined ? "" : `: ${reasonOf(cause)}`;
  return new TroupeError("store.unavailable", `${what}${reason}`, { cause });
}

/** What went wrong, as it is when it says so already; else the store did not answer. */
export function storeFailure(what: string, thrown: unknown): TroupeError {
  return thrown instanceof TroupeError ? thrown : storeUnavailable(what, thrown);
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
