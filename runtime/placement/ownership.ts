/**
 * What a record of ownership says: who owns a unit, and whether that still counts.
 *
 * Owns: the record's form and its reading. Reading and writing it is `virtual/ownership-store.ts`.
 *
 * O1: the fencing token is the revision of the record. O2: a record counts while its owner's incarnation
 *     is not down, and that the lease alone decides.
 */
import type { KeyValueEntry } from "../ports/key-value.ts";
import type { MemberPhase, NodeIdentity } from "../ports/membership.ts";

/** What is written. */
export interface OwnerRecord {
  readonly v: 1;
  readonly node: string;
  readonly incarnation: string;
}

/** Who owns a unit. */
export interface Owner {
  readonly node: string;
  readonly incarnation: string;
  readonly token: number;
}

/**
 * `mine` = this incarnation's; `theirs` = of another that lives; `free` = of one that is down; `unknown` =
 * of one that this node has never heard of.
 */
export type OwnerStanding = "mine" | "theirs" | "free" | "unknown";

/** The record of a node. */
export function recordOf({ name, incarnation }: NodeIdentity): OwnerRecord {
  return { v: 1, node: name, incarnation };
}

/** The owner that an entry names; `undefined` when it has another form. */
export function ownerIn({ value, revision }: KeyValueEntry): Owner | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { v, node, incarnation } = value as Partial<OwnerRecord>;
  if (v !== 1 || typeof node !== "string" || typeof incarnation !== "string") return undefined;
  return { node, incarnation, token: revision };
}

/** How an owner stands. */
export function standingOf(
  owner: Owner,
  self: NodeIdentity,
  phase: MemberPhase | undefined,
): OwnerStanding {
  if (owner.node === self.name) return owner.incarnation === self.incarnation ? "mine" : "free";
  if (phase === undefined) return "unknown";
  return phase === "down" ? "free" : "theirs";
}
