/** A view of a cluster whose members a test brings and takes away; those that are gone are forgotten. */
import type { Cancel } from "../../runtime/ports/clock.ts";
import type {
  Member,
  MemberPhase,
  Membership,
  MembershipEvent,
  NodeIdentity,
} from "../../runtime/ports/membership.ts";

/** The view. */
export class FewMembers implements Membership {
  readonly self: NodeIdentity;
  readonly #members = new Map<string, Member>();
  readonly #listeners = new Set<(event: MembershipEvent) => void>();

  constructor(self: Member) {
    this.self = self;
    this.#members.set(self.name, self);
  }

  members(): readonly Member[] {
    return [...this.#members.values()];
  }

  phaseOf({ name, incarnation }: NodeIdentity): MemberPhase | undefined {
    const member = this.#members.get(name);
    return member?.incarnation === incarnation ? member.phase : undefined;
  }

  subscribe(listener: (event: MembershipEvent) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A member comes, changes or goes. */
  change(member: Member): void {
    const previous = this.#members.get(member.name)?.phase;
    if (member.phase === "down") this.#members.delete(member.name);
    else this.#members.set(member.name, member);
    for (const listener of this.#listeners) listener({ member, previous });
  }
}
