/** Durable tasks under test: a membership told by the test, and events that check D1–D6 as they come. */
import type { Happening } from "../../../runtime/event.ts";
import type { MemberPhase, Membership, NodeIdentity } from "../../../runtime/ports/membership.ts";

/** A membership whose phases a test sets; nodes are `up` unless told otherwise. */
export class ToldMembership implements Membership {
  readonly self: NodeIdentity;
  readonly #phases: Map<string, MemberPhase>;

  constructor(name: string, phases: Map<string, MemberPhase>) {
    this.self = { name, incarnation: "1" };
    this.#phases = phases;
  }

  members(): readonly [] {
    return [];
  }

  phaseOf(node: NodeIdentity): MemberPhase | undefined {
    return this.#phases.get(node.name) ?? "up";
  }

  subscribe(): () => void {
    return () => {};
  }
}

/** Keeps what happened, and waits for it. */
export class Happenings {
  readonly watched = true;
  readonly all: Happening[] = [];

  emit(happening: Happening): void {
    this.all.push(happening);
  }

  of<T extends Happening["type"]>(type: T): Extract<Happening, { readonly type: T }>[] {
    return this.all.filter(
      (happening): happening is Extract<Happening, { readonly type: T }> => happening.type === type,
    );
  }
}
