/**
 * What a node says of itself each second.
 *
 * Owns: the heartbeat's fields and bytes, `[version, incarnation, state, lagMs, roles, capacity, metadata,
 * reads]`. Its neighbour `pulse-worker.ts` sends them, `membership.ts` listens.
 *
 * H1: fields are only appended, and trailing ones that say nothing are left out, so that nodes of two
 *     releases understand one another.
 */
import { Buffer } from "node:buffer";
import type { MemberTraits } from "../../runtime/ports/membership.ts";
import type { Result } from "../../runtime/result.ts";
import { err, ok } from "../../runtime/result.ts";
import { shown } from "../../runtime/shown.ts";
import { pack, unpack } from "../wire/packing.ts";
import { DEFAULT_CAPACITY, parseTraits } from "./member-traits.ts";

/** `leaving` is the last one of a node that stops by itself. */
export type HeartbeatState = "up" | "draining" | "leaving";

/** A heartbeat. */
export interface Heartbeat extends MemberTraits {
  readonly incarnation: string;
  readonly state: HeartbeatState;
  /** How late the main loop was, in milliseconds. */
  readonly lagMs: number;
}

const VERSION = 1;
const STATES: readonly HeartbeatState[] = ["up", "draining", "leaving"];

/** The bytes of a heartbeat. */
export function heartbeatBytes(beat: Heartbeat): Uint8Array {
  const { incarnation, state, lagMs, roles, capacity, metadata } = beat;
  const fields: unknown[] = [VERSION, incarnation, STATES.indexOf(state), lagMs, roles];
  const { reads = [] } = beat;
  if (reads.length > 0) fields.push(capacity, metadata, reads);
  else if (Object.keys(metadata).length > 0) fields.push(capacity, metadata);
  else if (capacity !== DEFAULT_CAPACITY) fields.push(capacity);
  return pack(fields);
}

/** The heartbeat that the bytes stand for, or in one line why they stand for none. */
export function parseHeartbeat(bytes: Uint8Array): Result<Heartbeat, string> {
  const unpacked = unpack(bytes);
  if (!unpacked.ok) return err(unpacked.error);
  if (!Array.isArray(unpacked.value)) return err("a heartbeat is not an array");
  const [version, incarnation, index, lagMs, roles, capacity, metadata, reads] =
    unpacked.value as readonly unknown[];
  if (version !== VERSION) return err(`heartbeat version ${shown(version)}`);
  const state = typeof index === "number" ? STATES[index] : undefined;
  if (typeof incarnation !== "string" || state === undefined || typeof lagMs !== "number")
    return err("a heartbeat's field has another type");
  const traits = parseTraits({ roles, capacity, metadata, reads });
  if (!traits.ok) return err(`a heartbeat's ${traits.error}`);
  return ok({ incarnation, state, lagMs, ...traits.value });
}

/**
 * Reads what nodes say each second, mostly the same.
 *
 * Cost: one comparison of bytes for a beat that is as its sender's last one, and nothing is unpacked.
 */
export class HeartbeatReader {
  readonly #last = new Map<string, { readonly bytes: Uint8Array; readonly beat: Heartbeat }>();

  /** The heartbeat of `name` that the bytes stand for, or in one line why they stand for none. */
  read(name: string, bytes: Uint8Array): Result<Heartbeat, string> {
    const last = this.#last.get(name);
    if (last !== undefined && Buffer.compare(last.bytes, bytes) === 0) return ok(last.beat);
    const parsed = parseHeartbeat(bytes);
    // A copy: the bytes lie in the much larger piece of memory into which the connection was read.
    if (parsed.ok) this.#last.set(name, { bytes: new Uint8Array(bytes), beat: parsed.value });
    return parsed;
  }

  /** A node will say nothing more. */
  forget(name: string): void {
    this.#last.delete(name);
  }
}
