/**
 * Looking for a node that takes a child.
 *
 * Owns: who is asked next, who has refused and why, and what is said when nobody takes it. Asking is
 * `seat.ts`, the order of nodes `child-placement.ts`.
 */
import type { Member } from "../ports/membership.ts";
import { TroupeError } from "../troupe-error.ts";
import { type ChildPlacement, rankedNodes } from "./child-placement.ts";
import type { SpawnRefusal } from "./spawn-protocol.ts";

/** Why a node that could not be asked did not take it: it may be reached later. */
export const UNREACHABLE = "not reached";

/** Who looks, and how loads are known. */
export interface SearchSetting {
  /** The registered name of the child's type. */
  readonly type: string;
  /** The name of its protocol. */
  readonly protocol: string;
  readonly placement: ChildPlacement;
  /** The node that looks. */
  readonly self: string;
  readonly members: () => readonly Member[];
  /** A number from 0 to 1, anew for each look. */
  readonly draw: () => number;
  /** How many children of this node a node carries. */
  readonly carriedBy: (node: string) => number;
}

/** One search; see the file's header. */
export class HostSearch {
  readonly #setting: SearchSetting;
  #able: readonly Member[] = [];
  #refusals: ReadonlyMap<string, string> = new Map();

  constructor(setting: SearchSetting) {
    this.#setting = setting;
  }

  /** Who is to be asked now; `undefined` when all who could take it have refused. */
  next(): Member | undefined {
    const { placement, self, members, draw, carriedBy } = this.#setting;
    const of = { placement, self, draw: draw() };
    this.#able = rankedNodes(members(), of, carriedBy);
    return this.#able.find(({ name }) => !this.#refusals.has(name));
  }

  /** It did not take the child. */
  refused(name: string, why: string): void {
    this.#refusals = new Map([...this.#refusals, [name, why]]);
  }

  /** Time has passed: who has left may come back with other code, and who was not reached may be now. */
  again(): void {
    const isStill = (name: string): boolean => this.#able.some((other) => other.name === name);
    const lasting = [...this.#refusals].filter(
      ([name, why]) => isStill(name) && why !== UNREACHABLE,
    );
    this.#refusals = new Map(lasting);
  }

  /** What is said when nobody takes it. */
  error(): TroupeError {
    const { type, protocol, placement } = this.#setting;
    const asked = [...this.#refusals].map(([name, why]) => `${name} ${why}`);
    const why = asked.length === 0 ? "no such node is up" : asked.join("; ");
    return new TroupeError(
      "placement.none",
      `no node takes ${type} (${protocol}, ${placement}): ${why}`,
      { data: { type, placement, refusals: Object.fromEntries(this.#refusals) } },
    );
  }
}

/** A refusal in a few words. */
export function refusalText(
  refusal: Exclude<SpawnRefusal, { kind: "failed" | "invalid-input" }>,
): string {
  switch (refusal.kind) {
    case "unknown-type":
      return `has no such type, only ${refusal.registered.join(", ") || "none"}`;
    case "other-protocol":
      return `speaks ${refusal.has}`;
    case "draining":
      return "is about to leave";
  }
}
