/**
 * One change of a key, and what the leader has under it: pure.
 *
 * Owns: the headers that make a publish a conditional write, and what stands in a change's way. Its
 * neighbour `nats-key-value.ts` sends changes and finds out what became of them.
 *
 * C1: a delete marker counts as absence: a create over one names the marker's revision.
 */
import type { StoredMsg } from "@nats-io/jetstream";
import { headers, type MsgHdrs } from "nats";
import type { KeyValueEntry } from "../../runtime/ports/key-value.ts";
import { unpack } from "../wire/packing.ts";
import { storeUnavailable } from "./store-failure.ts";

/** A key's last message, as the leader has it. */
export interface Stored {
  readonly revision: number;
  /** Who wrote it. */
  readonly token: string;
  /** Absent in a delete marker. */
  readonly entry: KeyValueEntry | undefined;
}

/** A write, or the deletion of a key when it has no bytes. */
export interface Change {
  readonly key: string;
  readonly bytes: Uint8Array | undefined;
  /** 0 = the key must not exist; `undefined` = any. */
  readonly expected: number | undefined;
  readonly ttlMs: number | undefined;
}

const TOKEN = "Troupe-Write";
const OPERATION = "KV-Operation";
const EXPECTED = "Nats-Expected-Last-Subject-Sequence";
const TTL = "Nats-TTL";

/**
 * What a key's last message says.
 *
 * @throws {TroupeError} `store.unavailable` when its value cannot be read
 */
export function storedIn(key: string, { seq: revision, header, data, time }: StoredMsg): Stored {
  const token = header.get(TOKEN);
  if (header.has(OPERATION) || header.has("Nats-Marker-Reason"))
    return { revision, token, entry: undefined };
  const value = unpack(data);
  if (!value.ok) throw storeUnavailable(`key ${key} holds no readable value: ${value.error}`);
  const entry = { key, value: value.value, revision, atMs: time.getTime() };
  return { revision, token, entry };
}

/**
 * What makes a publish this change.
 *
 * @param token - the writer's own for this write
 */
export function headersOf(change: Change, token: string): MsgHdrs {
  const marks = headers();
  marks.set(TOKEN, token);
  if (change.expected !== undefined) marks.set(EXPECTED, String(change.expected));
  if (change.ttlMs !== undefined)
    marks.set(TTL, `${Math.max(1, Math.ceil(change.ttlMs / 1_000))}s`);
  if (change.bytes === undefined) marks.set(OPERATION, "DEL");
  return marks;
}

/** Whether what is stored lets the change through. */
export function fits(change: Change, stored: Stored | undefined): boolean {
  if (change.expected === undefined) return true;
  if (change.expected === 0) return stored?.entry === undefined;
  return stored?.revision === change.expected;
}

/** The change as it must be sent: over a delete marker, a create names the marker. */
export function over(change: Change, stored: Stored | undefined): Change {
  if (change.expected !== 0 || stored === undefined) return change;
  return { ...change, expected: stored.revision };
}
