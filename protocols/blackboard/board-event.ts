/**
 * What happens to a board, and what is to be done for it.
 *
 * Owns: the shapes. `blackboard.ts` goes from the one to the other, `actors/blackboard/blackboard.ts` observes the
 * one and performs the other.
 */
import type { Address } from "../../runtime/address.ts";
import type { KeyValueEntry } from "../../runtime/ports/key-value.ts";
import type { Boost, Ksar } from "./agenda.ts";
import type { Batch } from "./board-batch.ts";
import type { BoardOutcome, RefusedDraft } from "./board-status.ts";
import type { Contribution, Draft } from "./contribution.ts";
import type { Entry } from "./entry.ts";
import type { KnowledgeSource } from "./knowledge-source.ts";

/** What happened to a board. */
export type BoardEvent =
  /** An instance of a source is there; told again, it changes nothing. */
  | { readonly type: "joined"; readonly source: KnowledgeSource; readonly instance: Address }
  | { readonly type: "left"; readonly instance: Address }
  | { readonly type: "switched"; readonly source: string; readonly on: boolean }
  /** The time to wait for sources is over. */
  | { readonly type: "patienceEnded" }
  /** `post` names the posting, so that offering it again changes nothing. */
  | {
      readonly type: "posted";
      readonly post: string;
      readonly author: string;
      readonly drafts: readonly Draft[];
    }
  /** An activation ended; `cost` is what it really cost. What an earlier attempt says is ignored. */
  | {
      readonly type: "contributed";
      readonly ksar: string;
      readonly attempt: number;
      readonly drafts: readonly Draft[];
      readonly cost: number;
    }
  /** An activation failed, or no answer came. */
  | {
      readonly type: "lost";
      readonly ksar: string;
      readonly attempt: number;
      readonly reason: string;
    }
  /** The batch is in the bucket; its last write has `revision`. */
  | { readonly type: "committed"; readonly batch: number; readonly revision: number }
  /** The batch was refused, or its fate is unknown: this is what the bucket holds now. */
  | {
      readonly type: "reread";
      readonly batch: number;
      readonly stored: readonly KeyValueEntry[];
    }
  /** A quiet pass was waited out. */
  | { readonly type: "passed" }
  | { readonly type: "boosted"; readonly boost: Boost };

/** What is to be done for a board. */
export type BoardEffect =
  | { readonly type: "commit"; readonly batch: Batch }
  | {
      readonly type: "activate";
      readonly ksar: Ksar;
      readonly instance: Address;
      readonly entry: Entry;
      /** Other entries of the subject that the source may see. */
      readonly context: readonly Entry[];
    }
  /** An activation is of no use any more. */
  | { readonly type: "withdraw"; readonly ksar: string }
  /** A statement is not accepted; `draft` is its index among those that came with it. */
  | ({ readonly type: "refuse"; readonly author: string; readonly draft: number } & RefusedDraft)
  /** A `post` is in the bucket. */
  | { readonly type: "announce"; readonly level: string; readonly contribution: Contribution }
  /** Wait for sources for a bounded time, then say `patienceEnded`. */
  | { readonly type: "awaitSources" }
  /** Let a moment pass, then say `passed`. */
  | { readonly type: "pass" }
  | { readonly type: "close"; readonly outcome: BoardOutcome };
