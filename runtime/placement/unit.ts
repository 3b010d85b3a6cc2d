/**
 * What is owned as one: a shard of a type of virtual actors, or one actor that lives where it was first
 * needed.
 *
 * Owns: which unit a key belongs to, and what it is called in the registry.
 *
 * U1: a key belongs to one unit; units of a type with placement `local` hold one key each.
 */
import { hashOf } from "./hash.ts";
import type { Placement } from "./placement.ts";

/** How many shards a type has. */
export const SHARDS = 256;

/** Something that has one owner. */
export interface Unit {
  /** Its key in the registry: `shard.<type>.<n>` or `act.<type>.<key>`. */
  readonly id: string;
  readonly type: string;
  readonly placement: Placement;
}

/** The unit that a key of a type belongs to. */
export function unitOf(
  type: string,
  placement: Placement,
  key: string,
  shards: number = SHARDS,
): Unit {
  const id =
    placement === "local"
      ? `act.${tokenOf(type)}.${Buffer.from(key).toString("base64url")}`
      : `shard.${tokenOf(type)}.${hashOf(key) % shards}`;
  return { id, type, placement };
}

/** The type's name as one token of a key, which knows no dots. */
function tokenOf(type: string): string {
  return type.replaceAll(".", "=");
}
