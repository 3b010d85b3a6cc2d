/**
 * Which nodes have said that they leave.
 *
 * Owns: how far each of them is. What follows from it is `hosting.ts`'s and `router.ts`'s.
 *
 * L1: a node that is `closing` still holds what it has, and is given nothing more.
 * L2: to one that is `leaving` nothing is sent: what it could not give away waits for its end.
 * L3: it is told by the nodes themselves, and sooner than the membership does. It counts for the incarnation that
 *     said it.
 */
import type { Membership, NodeIdentity } from "../ports/membership.ts";

/** See L1 and L2. */
export type Departure = "closing" | "leaving";

/** Those that leave; see the file's header. */
export class Leavers {
  readonly #membership: Membership;
  readonly #departures = new Map<string, { incarnation: string; departure: Departure }>();

  constructor(membership: Membership) {
    this.#membership = membership;
  }

  /** A node has said how far it is. */
  note({ name, incarnation }: NodeIdentity, departure: Departure): void {
    if (this.#membership.phaseOf({ name, incarnation }) === "down") return;
    this.#departures.set(name, { incarnation, departure });
  }

  /** How far a node is; `undefined` when it has said nothing. */
  departureOf({ name, incarnation }: NodeIdentity): Departure | undefined {
    const known = this.#departures.get(name);
    return known?.incarnation === incarnation ? known.departure : undefined;
  }

  nodeDown(name: string): void {
    const known = this.#departures.get(name);
    if (known === undefined) return;
    const { incarnation } = known;
    if (this.#membership.phaseOf({ name, incarnation }) === "down") this.#departures.delete(name);
  }
}
