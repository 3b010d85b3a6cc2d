/**
 * The subjects of reminders, armed and due, and what lies under them.
 *
 * `troupe.v1.<cluster>.rem.at.<type>.<key>.<name>` holds a schedule, whose message the server puts on
 * `troupe.v1.<cluster>.rem.due.<type>.<key>.<name>` when it is due.
 */
import { copierOf } from "../../runtime/plain-data.ts";
import { keyToken } from "../../runtime/ports/key-token.ts";
import type { Reminder, ReminderOf } from "../../runtime/ports/reminders.ts";
import { err, ok, type Result } from "../../runtime/result.ts";
import { pack, unpack } from "../wire/packing.ts";

const ROOT = "troupe.v1";
const FORMAT = 1;
/** How large it is is asked of the packed bytes. */
const copyOf = copierOf(Number.POSITIVE_INFINITY);

/** An occurrence as it is kept. */
export interface Occurrence {
  readonly reminder: Reminder;
  readonly dueMs: number;
}

/** Where a reminder's next occurrence is armed, and where it becomes due. */
export function reminderSubject(
  cluster: string,
  place: "at" | "due",
  { type, key, name }: ReminderOf,
): string {
  const tail = `${keyToken(type)}.${keyToken(key)}.${keyToken(name)}`;
  return `${ROOT}.${cluster}.rem.${place}.${tail}`;
}

/** The due occurrences of a type. */
export function dueSubjects(cluster: string, type: string): string {
  return `${ROOT}.${cluster}.rem.due.${keyToken(type)}.>`;
}

/** Where reminders are armed. */
export function armedSubjects(cluster: string): string {
  return `${ROOT}.${cluster}.rem.at.>`;
}

/** All subjects of a cluster's reminders. */
export function reminderSubjects(cluster: string): string {
  return `${ROOT}.${cluster}.rem.>`;
}

/**
 * The bytes of an occurrence.
 *
 * @throws {TypeError} when the payload is not plain data
 */
export function packedOccurrence({ reminder, dueMs }: Occurrence): Uint8Array {
  // Packed as it is, a function would silently become nothing.
  const copied = copyOf(reminder);
  if (!copied.ok) throw new TypeError(`a reminder cannot be carried: ${copied.error.why}`);
  return pack({ v: FORMAT, reminder: copied.value, dueMs });
}

/** Reads an occurrence; an error says in one line what the bytes are instead. */
export function occurrenceIn(bytes: Uint8Array): Result<Occurrence, string> {
  const map = unpack(bytes);
  if (!map.ok) return map;
  const { v, reminder, dueMs } = (map.value ?? {}) as Partial<Occurrence & { readonly v: unknown }>;
  if (v !== FORMAT) return err(`has format version ${String(v)}`);
  if (typeof dueMs !== "number" || typeof reminder?.operation !== "string")
    return err("is no reminder");
  return ok({ reminder, dueMs });
}
