/**
 * The membership's in-memory twin: one list, seen by all its members.
 *
 * M1 and M2 of `membership.ts`. Phases change when the owner of the list says so.
 */
import type { Cancel } from "./clock.ts";
import type {
  Member,
  MemberPhase,
  Membership,
  MembershipEvent,
  NodeIdentity,
} from "./membership.ts";

/** The members of a cluster within one process. */
export class MemoryMembers {
  readonly #members = new Map<string, Member>();
  readonly #listeners = new Set<(event: MembershipEvent) => void>();

  /** Adds a node, `up`, and returns its view. */
  join(self: NodeIdentity, roles: readonly string[] = []): Membership {
    const { name, incarnation } = self;
    this.#change({ name, incarnation, roles, phase: "up", lagMs: 0 });
    return {
      self,
      members: () => [...this.#members.values()],
      phaseOf: (node) => this.#members.get(keyOf(node))?.phase,
      subscribe: (listener) => this.#subscribe(listener),
    };
  }

  /**
   * Moves a node to another phase.
   *
   * @throws {RangeError} when there is no such node, or it is down for good
   */
  move(node: NodeIdentity, phase: MemberPhase): void {
    const member = this.#members.get(keyOf(node));
    if (member === undefined) throw new RangeError(`no member ${keyOf(node)}`);
    if (member.phase === "down") throw new RangeError(`${keyOf(node)} is down and stays so`);
    this.#change({ ...member, phase });
  }

  #change(member: Member): void {
    const key = keyOf(member);
    const previous = this.#members.get(key)?.phase;
    this.#members.set(key, member);
    for (const listener of [...this.#listeners]) listener({ member, previous });
  }

  #subscribe(listener: (event: MembershipEvent) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function keyOf(node: NodeIdentity): string {
  return `${node.name}@${node.incarnation}`;
}
