/**
 * On which node a supervised child lives: pure functions of the members.
 *
 * Owns: what a placement means, and the order in which nodes are tried. Trying them is `seat.ts`; where
 * virtual actors live is decided by their shards and not here.
 *
 * C1: only a node that is up takes a new child: not a lagging, draining or suspected one.
 * C2: of several the one that carries the fewest children for its capacity goes first.
 *
 * Cost: O(n log n) in the members, per start of a child.
 */
import type { Member } from "../ports/membership.ts";

/** Where a child lives: on this node, on any, on one of a role, or on a certain one. */
export type ChildPlacement = "local" | "spread" | `role:${string}` | `node:${string}`;

/**
 * The placement itself, when it is one.
 *
 * @throws {TypeError} unless it is `local`, `spread`, `role:…` or `node:…`
 */
export function checkedPlacement(placement: string): ChildPlacement {
  if (placement === "local" || placement === "spread") return placement;
  if (/^(?:role|node):./u.test(placement)) return placement as ChildPlacement;
  throw new TypeError(
    `placement: ${JSON.stringify(placement)} is none of local, spread, role:NAME, node:NAME`,
  );
}

/** Whether a placement allows a node. */
export function allows(placement: ChildPlacement, member: Member, self: string): boolean {
  if (placement === "spread") return true;
  if (placement === "local") return member.name === self;
  const name = placement.slice(placement.indexOf(":") + 1);
  return placement.startsWith("role:") ? member.roles.includes(name) : member.name === name;
}

/** Whether a node takes new children. */
export function takesChildren(member: Member): boolean {
  return member.phase === "up";
}

/**
 * The nodes that may take a child, the best one first.
 *
 * @param carried - how many children of this node's supervisors a node already carries
 * @param draw - in [0, 1): which of equals goes first
 */
export function rankedNodes(
  members: readonly Member[],
  of: { readonly placement: ChildPlacement; readonly self: string; readonly draw: number },
  carried: (node: string) => number,
): readonly Member[] {
  const able = members
    .filter((member) => takesChildren(member) && allows(of.placement, member, of.self))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const first = Math.floor(of.draw * able.length);
  const turned = [...able.slice(first), ...able.slice(0, first)];
  const loadOf = ({ name, capacity }: Member): number => (carried(name) + 1) / capacity;
  return turned.sort((a, b) => loadOf(a) - loadOf(b));
}
