/**
 * The children on other nodes that supervisors of this node hold.
 *
 * Owns: which ids are held, so that their hosts can be told, and which nodes carry how many. One child is
 * `seat.ts`, the hosts' side `hosting.ts`.
 *
 * I1: an id is held from before its start is asked for until its end is known or nobody wants it.
 */
import type { MembershipEvent } from "../ports/membership.ts";
import type { Seat } from "./seat.ts";
import type { ExitReport } from "./spawn-protocol.ts";

/** The held ids; see the file's header. */
export class SupervisedElsewhere {
  readonly #seats = new Map<string, Seat>();
  readonly #carried = new Map<string, number>();

  /** From now on `seat` holds `id`, on `node`. */
  hold(id: string, node: string, seat: Seat): void {
    this.#seats.set(id, seat);
    this.#carried.set(node, this.carriedBy(node) + 1);
  }

  /** Nobody holds it any more: its host will end it. */
  release(id: string, node: string): void {
    if (!this.#seats.delete(id)) return;
    const left = this.carriedBy(node) - 1;
    if (left > 0) this.#carried.set(node, left);
    else this.#carried.delete(node);
  }

  /** How many children of this node's supervisors a node carries. */
  carriedBy(node: string): number {
    return this.#carried.get(node) ?? 0;
  }

  /** How many are held. */
  get size(): number {
    return this.#seats.size;
  }

  /** Of `ids` those that nobody holds. */
  unheld(ids: readonly string[]): readonly string[] {
    return ids.filter((id) => !this.#seats.has(id));
  }

  /** A child failed, or ended by itself. */
  exited(report: ExitReport): "taken" | "later" | "unknown" {
    return this.#seats.get(report.id)?.exited(report) ?? "unknown";
  }

  /** The host of these is about to leave. */
  leaving(ids: readonly string[]): void {
    for (const id of ids) this.#seats.get(id)?.hostLeaves(id);
  }

  /** Its host has left, and the child with it. */
  left(id: string): void {
    this.#seats.get(id)?.hostLeft(id);
  }

  /** A node went down, or is about to leave. */
  memberChanged({ member: { name, incarnation, phase } }: MembershipEvent): void {
    if (phase !== "down" && phase !== "draining") return;
    for (const seat of new Set(this.#seats.values())) {
      if (phase === "down") seat.nodeDown(name, incarnation);
      else seat.nodeDrains(name, incarnation);
    }
  }
}
