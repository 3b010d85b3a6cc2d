/**
 * The record of an actor's state in its bucket: pure.
 *
 * Owns: its form, and who may claim it.
 *
 * R1: a record carries the token of its last claimer; a lower one never writes.
 * R2: a record without a state was claimed and never written: the state is the initial one.
 */
import { TroupeError } from "../troupe-error.ts";

/** The format of records. */
const FORMAT = 1;

/** A state as it is stored. */
export interface StateRecord {
  readonly v: typeof FORMAT;
  /** The version of the state. */
  readonly schema: number;
  /** Of the activation that claimed or wrote it last; 0 = none of those ever was. */
  readonly token: number;
  /** Absent until the first write. */
  readonly state?: { readonly value: unknown };
}

/**
 * The record that a stored value is.
 *
 * @throws {TroupeError} `state.unreadable`
 */
export function parseStateRecord(name: string, value: unknown): StateRecord {
  const { v, schema, token, state } = (value ?? {}) as Partial<Record<keyof StateRecord, unknown>>;
  if (v !== FORMAT) throw unreadable(name, `its record has format version ${String(v)}`);
  const isWhole = Number.isInteger(schema) && Number.isInteger(token);
  const holds = state === undefined || (typeof state === "object" && state !== null);
  if (!isWhole || !holds) throw unreadable(name, "its record is none");
  return value as StateRecord;
}

/** A record with a state. */
export function stateRecord(schema: number, token: number, value: unknown): StateRecord {
  return { v: FORMAT, schema, token, state: { value } };
}

/** What a claimer finds: the record to write in place of the one that stands, or that it is too late. */
export type Claim =
  | { readonly kind: "claim"; readonly record: StateRecord }
  | { readonly kind: "late"; readonly token: number };

/**
 * Decides whether a state may be claimed. The state keeps its version: claiming is no writing.
 *
 * @param token - the claimer's; `undefined` = it has none, and the revision alone is the fence
 * @param schema - the version that the claimer writes
 */
export function decideClaim(
  standing: StateRecord | undefined,
  token: number | undefined,
  schema: number,
): Claim {
  const own = token ?? standing?.token ?? 0;
  if (standing === undefined) return { kind: "claim", record: { v: FORMAT, schema, token: own } };
  if (standing.token > own) return { kind: "late", token: standing.token };
  return { kind: "claim", record: { ...standing, token: own } };
}

function unreadable(name: string, why: string): TroupeError {
  return new TroupeError("state.unreadable", `the state of ${name} cannot be read: ${why}`);
}
