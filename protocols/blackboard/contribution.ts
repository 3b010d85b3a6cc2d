/**
 * Contributions: what is said on a board, one statement each, never changed afterwards.
 *
 * Owns: the statement's data and whether it may be made. `entry.ts` sums an entry's contributions up,
 * `blackboard.ts` decides when they are committed.
 *
 * C1: a contribution is written once; taking something back is a contribution too (`retract`).
 * C2: its `id` makes it idempotent: the same one committed again changes nothing.
 */
import type { EntryId } from "./entry-id.ts";
import { isEntryId, levelOf } from "./entry-id.ts";

/** What a source says; the board adds who says it. */
export type Draft =
  /** Puts an entry on its level, or joins one that is there: then it counts as support. */
  | ({
      readonly type: "post";
      /** What the entry is about; default the subject of the entry that activated the source. */
      readonly subject?: string;
      readonly value: unknown;
    } & Statement)
  /** Gives an entry that is there another value. */
  | ({ readonly type: "refine"; readonly value: unknown } & Statement)
  | ({ readonly type: "support" | "refute" } & Statement)
  /** Withdraws whatever its author said of the entry. */
  | { readonly type: "retract"; readonly entry: EntryId; readonly note?: string };

/** What every statement but a retraction carries. */
export interface Statement {
  readonly entry: EntryId;
  /** How sure the author is, 0..1. */
  readonly confidence: number;
  /** The entries it rests on; default the one that activated the source. */
  readonly causes?: readonly EntryId[];
  /** Why, for people: one line. */
  readonly note?: string;
}

/** A contribution as it is stored. */
export interface Contribution {
  readonly v: 1;
  /** Unique on its board, and the same when it is offered again. */
  readonly id: string;
  readonly type: Draft["type"];
  readonly entry: EntryId;
  readonly subject: string;
  /** The source's name; of a post from outside, the poster's. */
  readonly author: string;
  /** Present for `post` and `refine`. */
  readonly value?: unknown;
  /** 0..1; 0 for a retraction. */
  readonly confidence: number;
  readonly causes: readonly EntryId[];
  readonly note?: string;
}

/** Whoever speaks, and what stands behind it. */
export interface Speaker {
  readonly author: string;
  /** Levels it may write on; absent = all. */
  readonly writes?: readonly string[];
  /** The entry that activated it. */
  readonly occasion?: { readonly entry: EntryId; readonly subject: string };
}

/** What a draft is checked against. */
export interface BoardFacts {
  readonly hasLevel: (level: string) => boolean;
  /** The subject of an entry that is there. */
  readonly subjectOf: (entry: EntryId) => string | undefined;
}

/**
 * The contribution that a draft makes, or why it may not be made.
 *
 * @param id - see C2
 */
export function contributionOf(
  draft: Draft,
  id: string,
  speaker: Speaker,
  facts: BoardFacts,
): Contribution | { readonly refusal: string } {
  const { entry } = draft;
  if (typeof entry !== "string" || !isEntryId(entry)) {
    return { refusal: `not an entry id: ${String(entry)} (like level.token; see entryId)` };
  }
  const level = levelOf(entry);
  if (!facts.hasLevel(level)) return { refusal: `the board has no level ${level}` };
  if (speaker.writes !== undefined && !speaker.writes.includes(level)) {
    return { refusal: `${speaker.author} may not write on ${level}` };
  }
  const known = facts.subjectOf(entry);
  const fallback = draft.type === "post" ? (draft.subject ?? speaker.occasion?.subject) : undefined;
  const subject = known ?? fallback;
  if (subject === undefined) {
    return {
      refusal:
        draft.type === "post"
          ? `${entry} needs a subject`
          : `there is no entry ${entry} to ${draft.type}`,
    };
  }
  const confidence = draft.type === "retract" ? 0 : draft.confidence;
  if (!(confidence >= 0 && confidence <= 1)) {
    return { refusal: `confidence must be 0 to 1: ${String(confidence)}` };
  }
  const stated = draft.type === "retract" ? undefined : draft.causes;
  const causes = stated ?? (speaker.occasion === undefined ? [] : [speaker.occasion.entry]);
  return {
    v: 1,
    id,
    type: draft.type,
    entry,
    subject,
    author: speaker.author,
    ...(draft.type === "post" || draft.type === "refine" ? { value: draft.value } : {}),
    confidence,
    // An entry cannot be its own ground; a source that refines what activated it would say so.
    causes: causes.filter((cause) => cause !== entry),
    ...(draft.note === undefined ? {} : { note: draft.note }),
  };
}
