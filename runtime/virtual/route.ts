/**
 * What this node knows of a unit that it sends to: where its owner is, and what waits to go there.
 *
 * Owns: the phase and the two queues. What moves it from one phase to the next is `router.ts`.
 *
 * T2: the order of a sender's messages survives a move: in `settling` what comes back from the old owner
 *     gathers apart from what is sent meanwhile, and goes before it.
 */
import type { Owner } from "../placement/ownership.ts";
import type { Unit } from "../placement/unit.ts";
import type { Parcel } from "./parcel.ts";

/**
 * `unknown` = nothing is known and nothing waits; `seeking` = the owner is looked for; `known`;
 * `settling` = the old owner is about to have returned all that it did not take in.
 */
export type RoutePhase = "unknown" | "seeking" | "known" | "settling";

/** How much may wait for an owner. */
const MOST_HELD = 1_024;

/** A route to a unit's owner. */
export class Route {
  readonly unit: Unit;
  phase: RoutePhase = "unknown";
  /** Of a route that is known; while it settles, the old one. */
  owner: Owner | undefined = undefined;
  /** The newest owner that anybody has named. */
  named: Owner | undefined = undefined;
  /** Who was to become the owner and did not answer: perhaps they are dead, and nobody has noticed. */
  readonly silent: Set<string> = new Set();
  /** While it settles: resolves when it has. */
  settled: Promise<void> | undefined = undefined;
  /** When it was last used, on the monotonic clock. */
  usedAtMs = 0;
  /** It is on nobody's list any more: whoever holds it asks for the unit's route anew. */
  isForgotten: boolean = false;
  #returned: Parcel[] = [];
  #held: Parcel[] = [];

  constructor(unit: Unit) {
    this.unit = unit;
  }

  /** Nothing waits. */
  get isEmpty(): boolean {
    return this.#held.length === 0 && this.#returned.length === 0;
  }

  /** Lets a parcel wait; `false` when there is no room, and it was refused. */
  hold(parcel: Parcel): boolean {
    if (this.#held.length < MOST_HELD) {
      this.#held.push(parcel);
      return true;
    }
    parcel.refuse("mailbox-full");
    return false;
  }

  /** Lets parcels wait that were accepted before, behind what waits. */
  keep(parcels: readonly Parcel[]): void {
    this.#held.push(...parcels);
  }

  /** A parcel came back from the old owner. */
  returned(parcel: Parcel): void {
    this.#returned.push(parcel);
  }

  /** Takes out all that waits, in the order of sending. */
  takeAll(): readonly Parcel[] {
    const all = [...this.#returned, ...this.#held];
    this.#returned = [];
    this.#held = [];
    return all;
  }

  /** Takes out what was sent before `beforeMs`, and forgets what nobody waits for. */
  takeStale(beforeMs: number): readonly Parcel[] {
    const stale: Parcel[] = [];
    const stays = (parcel: Parcel): boolean => {
      if (parcel.isOver) return false;
      if (parcel.atMs >= beforeMs) return true;
      stale.push(parcel);
      return false;
    };
    this.#returned = this.#returned.filter(stays);
    this.#held = this.#held.filter(stays);
    return stale;
  }

  /** Notes an owner that somebody named. */
  name(owner: Owner | undefined): void {
    if (owner !== undefined && owner.token > (this.named?.token ?? 0)) this.named = owner;
  }
}
