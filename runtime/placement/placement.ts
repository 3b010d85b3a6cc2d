/**
 * Where an actor may live.
 *
 * Owns: the three wishes and their form. Which node that is at a given moment is `rendezvous.ts`.
 */

/**
 * `spread` = over all nodes that have its code, by capacity; `role:x` = the same among nodes of role `x`;
 * `local` = where it is first needed, as long as that node lives.
 */
export type Placement = "local" | "spread" | `role:${string}`;

const ROLE = /^role:[A-Za-z0-9_-]{1,64}$/;

/**
 * The placement itself.
 *
 * @throws {TypeError} when it is none
 */
export function checkedPlacement(placement: string): Placement {
  if (placement === "local" || placement === "spread" || ROLE.test(placement)) {
    return placement as Placement;
  }
  const given = JSON.stringify(placement);
  throw new TypeError(`not a placement: ${given} ("spread", "local" or "role:" and a role's name)`);
}

/** The role that a placement asks for; `undefined` for any. */
export function roleIn(placement: Placement): string | undefined {
  return placement.startsWith("role:") ? placement.slice("role:".length) : undefined;
}
