/**
 * Who is in the cluster, as a port.
 *
 * M1: a (name, incarnation) that was `down` never comes back.
 * M2: `suspected`, `degraded` and `draining` only redirect new work; `down` alone moves ownership and
 *     tells watchers.
 */
import type { Cancel } from "./clock.ts";

/** A node as the cluster knows it. */
export interface NodeIdentity {
  readonly name: string;
  /** Grows with every start of a node of that name. */
  readonly incarnation: string;
}

/** `degraded` = its event loop lags; `draining` = takes no new work; `down` is final. */
export type MemberPhase = "up" | "degraded" | "draining" | "suspected" | "down";

/** Whether new work may be given to a node of that phase (M2); what it has in hand it may go on with. */
export function takesNewWork(phase: MemberPhase): boolean {
  return phase === "up";
}

/** Whether the node whose view this is takes new work itself; one that is in no list yet does. */
export function takesNewWorkHere(membership: Membership): boolean {
  return takesNewWork(membership.phaseOf(membership.self) ?? "up");
}

/** What a node says of itself; the same for all its life. */
export interface MemberTraits {
  readonly roles: readonly string[];
  /** Its share of what is placed by weight, relative to others; above 0, usually 1. */
  readonly capacity: number;
  /** Whatever its operator wanted others to know: a zone, a release. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What of the wire it reads beyond what every release does; absent = nothing. */
  readonly reads?: readonly string[];
}

/** A member of the cluster. */
export interface Member extends NodeIdentity, MemberTraits {
  readonly phase: MemberPhase;
  /** Its event loop's lag, in milliseconds, at the last heartbeat. */
  readonly lagMs: number;
}

/** A member changed phase or appeared. */
export interface MembershipEvent {
  readonly member: Member;
  readonly previous: MemberPhase | undefined;
}

/** The view of the cluster from this node. */
export interface Membership {
  readonly self: NodeIdentity;
  /** The newest incarnation of every name heard of, this node and those that are down included. */
  members(): readonly Member[];
  /** `undefined` when this node never heard of that incarnation. */
  phaseOf(node: NodeIdentity): MemberPhase | undefined;
  /** Calls `listener` with every change from now on. */
  subscribe(listener: (event: MembershipEvent) => void): Cancel;
  /**
   * Whether this node may still act: its lease is fresh on its own clock. Absent where nothing can take
   * that away.
   */
  standing?(): boolean;
  /**
   * Asks whoever decides about a node that this one may never have heard of; afterwards `phaseOf` knows.
   * Rejects with `store.unavailable`. Absent where everybody is known at once.
   */
  verify?(node: NodeIdentity): Promise<MemberPhase>;
}
