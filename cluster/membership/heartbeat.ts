/**
 * What a node says of itself each second.
 *
 * Owns: the heartbeat's fields and bytes, `[version, incarnation, state, lagMs, roles]`. Its neighbour
 * `pulse-worker.ts` sends them, `membership.ts` listens.
 */
import type { Result } from "../../runtime/result.ts";
import { err, ok } from "../../runtime/result.ts";
import { pack, unpack } from "../wire/packing.ts";

/** `leaving` is the last one of a node that stops by itself. */
export type HeartbeatState = "up" | "draining" | "leaving";

/** A heartbeat. */
export interface Heartbeat {
  readonly incarnation: string;
  readonly state: HeartbeatState;
  /** How late the main loop was, in milliseconds. */
  readonly lagMs: number;
  readonly roles: readonly string[];
}

const VERSION = 1;
const STATES: readonly HeartbeatState[] = ["up", "draining", "leaving"];

/** The bytes of a heartbeat. */
export function heartbeatBytes({ incarnation, state, lagMs, roles }: Heartbeat): Uint8Array {
  return pack([VERSION, incarnation, STATES.indexOf(state), lagMs, roles]);
}

/** The heartbeat that the bytes stand for, or in one line why they stand for none. */
export function parseHeartbeat(bytes: Uint8Array): Result<Heartbeat, string> {
  const unpacked = unpack(bytes);
  if (!unpacked.ok) return err(unpacked.error);
  if (!Array.isArray(unpacked.value)) return err("a heartbeat is not an array");
  const [version, incarnation, index, lagMs, roles] = unpacked.value as readonly unknown[];
  if (version !== VERSION) return err(`heartbeat version ${String(version)}`);
  const state = typeof index === "number" ? STATES[index] : undefined;
  if (typeof incarnation !== "string" || state === undefined || typeof lagMs !== "number")
    return err("a heartbeat's field has another type");
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === "string"))
    return err("a heartbeat's roles are not strings");
  return ok({ incarnation, state, lagMs, roles });
}
