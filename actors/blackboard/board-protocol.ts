/**
 * The message protocols between boards, knowledge sources and those who use a board.
 *
 * Owns: the operations and the topics by which boards and sources of a domain find each other. The
 * behaviours are `blackboard.ts` and `knowledge-source.ts`.
 */
import type { Activation, Contributed } from "../../protocols/blackboard/activation.ts";
import type { Boost } from "../../protocols/blackboard/agenda.ts";
import type {
  BoardStatus,
  RefusedDraft,
  SubjectPage,
} from "../../protocols/blackboard/board-status.ts";
import type { Draft } from "../../protocols/blackboard/contribution.ts";
import type { EntryId } from "../../protocols/blackboard/entry-id.ts";
import type { Explanation } from "../../protocols/blackboard/explanation.ts";
import type { KnowledgeSource } from "../../protocols/blackboard/knowledge-source.ts";
import type { Address } from "../../runtime/address.ts";
import type { Ask, Protocol, Tell } from "../../runtime/protocol.ts";
import { ask, protocol, tell } from "../../runtime/protocol.ts";

/** What somebody outside says on a board. */
export interface Posting {
  readonly author: string;
  readonly drafts: readonly Draft[];
  /** Names the posting, so that offering it again changes nothing; default a new name. */
  readonly id?: string;
}

/** What became of a posting. */
export interface Posted {
  /** Statements that are in the bucket now. */
  readonly accepted: number;
  readonly refused: readonly RefusedDraft[];
}

/** An instance of a source, and what it can do. */
export interface Registration {
  readonly source: KnowledgeSource;
  readonly instance: Address;
}

/** What a board can be asked. */
export type BoardOperations = {
  /** Answered once the accepted statements are in the bucket. */
  readonly post: Ask<Posting, Posted>;
  readonly status: Ask<undefined, BoardStatus>;
  /** Subjects in the order in which they came: `limit` (default 100) from index `from` (default 0). */
  readonly subjects: Ask<{ readonly from?: number; readonly limit?: number }, SubjectPage>;
  /** Why an entry stands; without `explanation` when it is not on the board. */
  readonly explain: Ask<
    { readonly entry: EntryId; readonly depth?: number },
    { readonly explanation?: Explanation }
  >;
  /** Switches a source on: the board goes on from where it was. */
  readonly enable: Ask<{ readonly source: string }, BoardStatus>;
  /** Switches a source off: it is not activated any more. */
  readonly disable: Ask<{ readonly source: string }, BoardStatus>;
  readonly boost: Tell<Boost>;
  /** A source makes itself known. */
  readonly register: Tell<Registration>;
  /** Its own: something came, or a timer fired. */
  readonly wake: Tell<"inbox" | "pass" | "patience" | "announce">;
};

/** The protocol of boards. */
export const Board: Protocol<BoardOperations> = protocol("blackboard@1", {
  post: ask<Posting, Posted>(),
  status: ask<undefined, BoardStatus>(),
  subjects: ask<{ readonly from?: number; readonly limit?: number }, SubjectPage>(),
  explain: ask<
    { readonly entry: EntryId; readonly depth?: number },
    { readonly explanation?: Explanation }
  >(),
  enable: ask<{ readonly source: string }, BoardStatus>(),
  disable: ask<{ readonly source: string }, BoardStatus>(),
  boost: tell<Boost>(),
  register: tell<Registration>(),
  wake: tell<"inbox" | "pass" | "patience" | "announce">(),
});

/** What a knowledge source can be asked. */
export type SourceOperations = {
  /** A board of its domain is there. */
  readonly boardOpened: Tell<{ readonly board: Address }>;
  /** Refused with `source.failed` when the work on it threw. */
  readonly activate: Ask<Activation, Contributed>;
};

/** The protocol of knowledge sources. */
export const Source: Protocol<SourceOperations> = protocol("knowledge-source@1", {
  boardOpened: tell<{ readonly board: Address }>(),
  activate: ask<Activation, Contributed>(),
});

/** The code with which a source refuses an activation that failed; its data says why, in one line. */
export const SOURCE_FAILED = "source.failed";

/** Where boards of a domain say that they are there. */
export function boardsTopic(domain: string): string {
  return `blackboards.${domain}`;
}

/** Where sources of a domain say that they are there. */
export function sourcesTopic(domain: string): string {
  return `knowledge-sources.${domain}`;
}
