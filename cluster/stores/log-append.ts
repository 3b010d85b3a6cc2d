/**
 * Events as they lie in a log's stream, and the headers of an append: pure.
 *
 * Owns: what makes several publishes one append. Its neighbour `nats-event-log.ts` sends them and finds
 * out what became of them.
 *
 * A1: the first message of an append alone says what it expects: the server takes a second expectation
 *     on the same subject within a batch for a contradiction.
 * A2: the headers of a batch are set here: the client's batch publisher leaves out expectations.
 */
import type { StoredMsg } from "@nats-io/jetstream";
import { headers, type MsgHdrs } from "nats";
import { copierOf } from "../../runtime/plain-data.ts";
import type { LogEntry } from "../../runtime/ports/event-log.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { pack, unpack } from "../wire/packing.ts";
import { storeUnavailable } from "./store-failure.ts";

/** The format of an event's message. */
const FORMAT = 1;
const MOST_EVENTS = 1_000;
const MOST_BYTES = 1_000_000;
const TOKEN = "Troupe-Write";
/** How large they are is asked of the packed bytes. */
const copyOf = copierOf(Number.POSITIVE_INFINITY);
const EXPECTED = "Nats-Expected-Last-Subject-Sequence";

/** An append on its way. */
export interface LogAppend {
  /** One for each event. */
  readonly bodies: readonly Uint8Array[];
  /** `undefined` = whatever stands. */
  readonly expected: number | undefined;
  /** Its writer's own for this append. */
  readonly token: string;
}

/**
 * The messages of an append's events.
 *
 * @throws {RangeError} unless there are 1 to 1,000
 * @throws {TypeError} when one is not plain data
 * @throws {TroupeError} `payload.too-large` when they exceed 1,000,000 bytes together
 */
export function packedEvents(log: string, events: readonly unknown[]): readonly Uint8Array[] {
  if (events.length < 1 || events.length > MOST_EVENTS)
    throw new RangeError(`an append holds 1 to ${MOST_EVENTS} events: ${events.length}`);
  const bodies = events.map((event) => pack({ v: FORMAT, event: plain(event) }));
  const sizeBytes = bodies.reduce((sum, { length }) => sum + length, 0);
  if (sizeBytes <= MOST_BYTES) return bodies;
  throw new TroupeError(
    "payload.too-large",
    `the events for log ${log} have ${sizeBytes} bytes together, more than ${MOST_BYTES}`,
    { data: { sizeBytes, mostBytes: MOST_BYTES } },
  );
}

/** Packed as it is, a function would silently become nothing. */
function plain(event: unknown): unknown {
  const copied = copyOf(event);
  if (copied.ok) return copied.value;
  throw new TypeError(`an event cannot be carried: ${copied.error.why}`);
}

/**
 * The headers of one of an append's messages.
 *
 * @param at - from 0
 * @param round - which attempt it is: two attempts are two batches
 */
export function appendHeaders(append: LogAppend, at: number, round: string): MsgHdrs {
  const { bodies, expected, token } = append;
  const marks = headers();
  marks.set(TOKEN, token);
  if (at === 0 && expected !== undefined) marks.set(EXPECTED, String(expected));
  if (bodies.length === 1) return marks;
  marks.set("Nats-Batch-Id", `${token}.${round}`);
  marks.set("Nats-Batch-Sequence", String(at + 1));
  if (at === bodies.length - 1) marks.set("Nats-Batch-Commit", "1");
  return marks;
}

/** Whether a message is of that append. */
export function isOf(append: LogAppend, message: StoredMsg): boolean {
  return message.header.get(TOKEN) === append.token;
}

/**
 * The entry that a message holds.
 *
 * @throws {TroupeError} `store.unavailable` when it cannot be read
 */
export function entryIn(log: string, { seq, data }: StoredMsg): LogEntry {
  const body = unpack(data);
  if (!body.ok) throw unreadable(log, seq, body.error);
  const { value } = body;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw unreadable(log, seq, "it is no map");
  const { v, event } = value as { readonly v?: unknown; readonly event?: unknown };
  if (v !== FORMAT) throw unreadable(log, seq, `it has format version ${String(v)}`);
  return { sequence: seq, event };
}

function unreadable(log: string, sequence: number, why: string): TroupeError {
  return storeUnavailable(`entry ${sequence} of log ${log} is not readable: ${why}`);
}
