/**
 * What can be seen of a board from outside: how it stands, and each subject.
 *
 * Owns: the shapes, plain data. `blackboard.ts` fills them in.
 */
import type { Entry } from "./entry.ts";
import type { EntryId } from "./entry-id.ts";

/** How a board came to rest: all subjects settled, nothing more to do, nothing more affordable. */
export type BoardOutcome = "goal" | "quiescent" | "budget";

/** A board in numbers. */
export interface BoardStatus {
  readonly board: string;
  /** A closed board opens again when something is posted or a source can go on. */
  readonly phase: "working" | "closed";
  /** Present when closed. */
  readonly outcome?: BoardOutcome;
  /** The bucket's revision up to which all is known; 0 at first. */
  readonly sequence: number;
  readonly entries: number;
  readonly contributions: number;
  readonly subjects: number;
  /** Subjects that the goal settled; the others are open. */
  readonly settled: number;
  /** Activations that wait and that run. */
  readonly waiting: number;
  readonly inFlight: number;
  /** Activations that ended, and of these how many were given up. */
  readonly activations: number;
  readonly lost: number;
  /** In the board's unit. */
  readonly spent: number;
  readonly sources: readonly {
    readonly name: string;
    readonly on: boolean;
    readonly instances: number;
  }[];
}

/** What is known of one subject. */
export interface SubjectReport {
  readonly subject: string;
  readonly phase: "settled" | "open";
  /** The settlement's entry; present when settled. */
  readonly settlement?: Entry;
  /** All entries but the settlement, in the order in which they came. */
  readonly entries: readonly Entry[];
}

/** A page of subjects, in the order in which they came. */
export interface SubjectPage {
  readonly subjects: readonly SubjectReport[];
  /** Where the next page starts; absent after the last. */
  readonly next?: number;
}

/** A statement that was not accepted, and why. */
export interface RefusedDraft {
  readonly entry: EntryId;
  readonly reason: string;
}
