/**
 * What a node says of itself to others: its roles, its capacity, its metadata, what of the wire it reads.
 *
 * Owns: their bounds, and reading them back from a lease or a heartbeat. Who carries them is `lease.ts`
 * and `heartbeat.ts`.
 *
 * I1: what is read back is within the bounds, or it is refused: a heartbeat stays small, and whoever
 *     weighs nodes by capacity divides by no zero.
 * I2: a node of an older release, which says nothing of capacity, metadata and the wire, has 1 and none, and
 *     reads what every release does.
 */
import type { MemberTraits } from "../../runtime/ports/membership.ts";
import type { Result } from "../../runtime/result.ts";
import { err, ok } from "../../runtime/result.ts";
import { parseFeatures } from "../wire/wire-features.ts";

/** How much metadata a node may have, the runtime's own included. */
export const MOST_ENTRIES = 32;
const MOST_VALUE_CHARACTERS = 256;
const KEY = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** What holds of a node that says nothing else. */
export const DEFAULT_CAPACITY = 1;

/**
 * A capacity as users give it.
 *
 * @throws {RangeError} when it is no number above 0
 */
export function checkedCapacity(capacity: unknown): number {
  if (isCapacity(capacity)) return capacity;
  throw new RangeError(`capacity must be a number above 0: ${String(capacity)}`);
}

/**
 * Metadata as users give it.
 *
 * @throws {TypeError | RangeError} when it is no map of short strings
 */
export function checkedMetadata(metadata: unknown): Readonly<Record<string, string>> {
  const fault = metadataFault(metadata);
  if (fault === undefined) return { ...(metadata as Readonly<Record<string, string>>) };
  throw new TypeError(`metadata ${fault}`);
}

/** The traits that fields from elsewhere stand for, or in one line why they stand for none. */
export function parseTraits(fields: {
  readonly roles?: unknown;
  readonly capacity?: unknown;
  readonly metadata?: unknown;
  readonly reads?: unknown;
}): Result<MemberTraits, string> {
  const { roles = [], capacity = DEFAULT_CAPACITY, metadata = {} } = fields;
  const reads = parseFeatures(fields.reads);
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === "string"))
    return err("roles are not strings");
  if (!isCapacity(capacity)) return err("capacity is no number above 0");
  const fault = metadataFault(metadata);
  if (fault !== undefined) return err(`metadata ${fault}`);
  return ok({
    roles,
    capacity,
    metadata: metadata as Readonly<Record<string, string>>,
    ...(reads.length === 0 ? {} : { reads }),
  });
}

function isCapacity(capacity: unknown): capacity is number {
  return typeof capacity === "number" && Number.isFinite(capacity) && capacity > 0;
}

function metadataFault(metadata: unknown): string | undefined {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata))
    return "must be a map of strings";
  const entries = Object.entries(metadata);
  if (entries.length > MOST_ENTRIES) return `may have ${MOST_ENTRIES} entries: ${entries.length}`;
  for (const [key, value] of entries) {
    if (!KEY.test(key))
      return `keys are 1 to 64 of letters, digits, "_", "." and "-", a letter first: ${JSON.stringify(key)}`;
    if (typeof value !== "string" || value.length > MOST_VALUE_CHARACTERS)
      return `values are strings of at most ${MOST_VALUE_CHARACTERS} characters: ${key}`;
  }
  return undefined;
}
