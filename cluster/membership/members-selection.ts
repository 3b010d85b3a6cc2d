/**
 * A part of the membership view that one can read and follow.
 *
 * Owns: the interface between the view and those who look at a part of it. The view is
 * `membership-view.ts`.
 *
 * I1: a listener hears of a change of what was selected, and of nothing else: most heartbeats change
 *     nothing that anybody selected.
 */
import type { Cancel } from "../../runtime/ports/clock.ts";
import type { Member, Membership } from "../../runtime/ports/membership.ts";

/** What a selector made of the members. */
export interface MembersSelection<T> {
  /** As it is now. */
  get(): T;
  /** Calls `listener` with every other value from now on. */
  subscribe(listener: (selected: T) => void): Cancel;
}

/** A node's membership, parts of which can be followed. */
export interface SelectableMembership extends Membership {
  /**
   * What `selector` makes of the members, now and from now on.
   *
   * @param selector - pure; it is called whenever a member changes
   * @param isEqual - whether two values are the same to a listener; by default they are when they, or all
   *   their elements or fields, are identical. A member that did not change stays the same object.
   *
   * @example
   * const texts = node.membership.select((members) =>
   *   members.filter(({ phase, roles }) => phase === "up" && roles.includes("text")),
   * );
   * texts.subscribe((members) => console.log(members.length));
   */
  select<T>(
    selector: (members: readonly Member[]) => T,
    isEqual?: (a: T, b: T) => boolean,
  ): MembersSelection<T>;
}
