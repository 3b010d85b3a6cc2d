/**
 * Goals: when a subject is settled, and with what.
 *
 * Owns: the rule's signature. It is code, so it belongs to the board's definition and never travels.
 */
import type { Entry } from "./entry.ts";
import type { EntryId } from "./entry-id.ts";

/** A subject as its goal sees it. */
export interface SubjectView {
  readonly subject: string;
  /** Its entries that are not retracted, in the order in which they came. */
  readonly entries: readonly Entry[];
  /** Nothing more is due at present: what is not settled now stays open until something is added. */
  readonly quiet: boolean;
}

/** What a subject is settled with; becomes an entry of the level `settlement`. */
export interface Settlement {
  readonly value: unknown;
  /** 0..1. */
  readonly confidence: number;
  /** The entries that decided it. */
  readonly causes: readonly EntryId[];
  /** Why, for people: one line. */
  readonly note?: string;
}

/** Settles a subject, or leaves it open. Pure; asked after every change and once when all is quiet. */
export type Goal = (view: SubjectView) => Settlement | undefined;
