/**
 * Something on its way to a virtual actor, as it waits in a buffer.
 *
 * Owns: what buffers may do with it. What comes from another node is `arrival.ts` and `question.ts`, what
 * an actor or program of this node sends `parcel.ts`.
 *
 * I1: each is delivered, refused or moved on, once.
 */
import type { Cell } from "../kernel/cell.ts";
import type { Owner } from "../placement/ownership.ts";
import type { Unit } from "../placement/unit.ts";

/** Why it is refused. */
export type RefusalReason = "mailbox-full" | "no-such-actor" | "stopped" | "disconnected";

/** Something on its way. */
export interface Item {
  /** Whom it is for; `undefined` when it only asks about the unit. */
  readonly key: string | undefined;
  /** Whose ownership it is meant for. */
  readonly token: number;
  /** Into the mailbox of an activation; what that refuses is accounted for. */
  deliver(cell: Cell): void;
  /** It is not delivered, and whoever sent it learns of it. */
  refuse(reason: RefusalReason): void;
  /** Another node is the owner, or nobody: its origin sends it again. */
  moveOn(unit: Unit, owner: Owner | undefined): void;
}
