/**
 * Who could run what, as this node sees the cluster now.
 *
 * Owns: putting the members and this node's own registrations together. The rules are
 * `placement/hosts.ts` and `placement/rendezvous.ts`.
 *
 * H1: what a node has registered itself counts for it before others have heard of it.
 * H2: a node that is leaving gives itself nothing, and one that has said that it leaves is given nothing.
 *
 * Cost: the members are looked through once per change of them, not per unit.
 */
import { counted, eligible, hostedBy, hostMetadata } from "../placement/hosts.ts";
import type { Placement } from "../placement/placement.ts";
import { chosenFor } from "../placement/rendezvous.ts";
import type { Unit } from "../placement/unit.ts";
import type { Member, Membership } from "../ports/membership.ts";
import type { Registration } from "../registration.ts";
import type { Leavers } from "./leavers.ts";

/** Candidates for the units of a type. */
interface Candidates {
  readonly eligible: readonly Member[];
  readonly counted: readonly Member[];
}

/** The cluster as a place for virtual actors. */
export class Hosting {
  readonly #membership: Membership;
  readonly #registrations: ReadonlyMap<string, Registration>;
  readonly #leavers: Leavers;
  readonly #metadata: Readonly<Record<string, string>>;
  readonly #candidates = new Map<string, Candidates>();
  readonly #placements = new Map<string, Placement | undefined>();
  #isLeaving: boolean = false;

  constructor(
    membership: Membership,
    registrations: ReadonlyMap<string, Registration>,
    leavers: Leavers,
  ) {
    this.#membership = membership;
    this.#registrations = registrations;
    this.#leavers = leavers;
    this.#metadata = hostMetadata(registrations.values());
  }

  /** The members, or those of them that leave, have changed. */
  changed(): void {
    this.#candidates.clear();
    this.#placements.clear();
  }

  /** This node leaves (H2). */
  leave(): void {
    this.#isLeaving = true;
    this.changed();
  }

  /** How the actors of a type are placed; `undefined` when no node is known to run any. */
  placementOf(type: string): Placement | undefined {
    const own = this.#registrations.get(type);
    if (own !== undefined && own.kind !== "spawnable") return own.placement;
    if (!this.#placements.has(type)) this.#placements.set(type, this.#advertised(type));
    return this.#placements.get(type);
  }

  /**
   * Which node is to take a unit that nobody owns.
   *
   * @param silent - those that did not answer: they are passed over when there is another
   */
  chosen(unit: Unit, silent?: ReadonlySet<string>): string | undefined {
    const { self } = this.#membership;
    const { eligible } = this.#candidatesFor(unit);
    if (unit.placement === "local" && eligible.some(({ name }) => name === self.name)) {
      return self.name;
    }
    const others = eligible.filter(({ name }) => silent?.has(name) !== true);
    return chosenFor(unit.id, others.length === 0 ? eligible : others)?.name;
  }

  /** Whom this node should hand a unit of its own to; `undefined` when it should keep it. */
  heirOf(unit: Unit): Member | undefined {
    const { self } = this.#membership;
    const candidates = this.#candidatesFor(unit);
    if (this.#isLeaving) return chosenFor(unit.id, candidates.eligible);
    if (unit.placement === "local") return undefined;
    const best = chosenFor(unit.id, candidates.counted);
    if (best === undefined || best.name === self.name) return undefined;
    return candidates.eligible.find(({ name }) => name === best.name);
  }

  #candidatesFor({ type, placement }: Unit): Candidates {
    const key = `${type} ${placement}`;
    let known = this.#candidates.get(key);
    if (known === undefined) {
      const members = this.#members();
      known = {
        eligible: eligible(members, type, placement),
        counted: counted(members, type, placement),
      };
      this.#candidates.set(key, known);
    }
    return known;
  }

  /** The members, with what this one knows of itself (H1). */
  #members(): readonly Member[] {
    const { self } = this.#membership;
    const members: Member[] = [];
    for (const member of this.#membership.members()) {
      if (member.name !== self.name) {
        if (this.#leavers.departureOf(member) === undefined) members.push(member);
      } else if (!this.#isLeaving && member.phase !== "draining") {
        members.push({ ...member, phase: "up", metadata: this.#metadata });
      }
    }
    return members;
  }

  #advertised(type: string): Placement | undefined {
    const members = this.#membership.members().filter(({ phase }) => phase !== "down");
    for (const member of members.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const placement = hostedBy(member).get(type);
      if (placement !== undefined) return placement;
    }
    return undefined;
  }
}
