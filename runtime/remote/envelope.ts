/**
 * What travels between nodes: a message with all that its receiver needs.
 *
 * Owns: the fields and their meaning. The wire format is the transport's (`cluster/codec.ts`), the
 * local message is the mailbox's.
 *
 * E1: an envelope is plain data.
 * E2: fields are only ever added, at the end of the wire form; unknown ones are ignored.
 */
import type { Address } from "../address.ts";

/** What an envelope is; the numbers are the wire's. */
export const EnvelopeKind = {
  tell: 0,
  ask: 1,
  reply: 2,
  /** An ask or a stream ended with an error; the body is an `ErrorRecord`. */
  failure: 3,
  /** Opens a stream; the body is the request. */
  open: 4,
  /** A chunk; `sequence` counts from 1. */
  chunk: 5,
  /** The consumer has room for `sequence` more chunks in all. */
  credit: 6,
  /** The end of a stream; the body is the result. */
  end: 7,
  /** The asker or consumer gave up. */
  cancel: 8,
  watch: 9,
  unwatch: 10,
  /** A watched actor ended; the body is an `ExitReason`. */
  terminated: 11,
  /** A message could not be delivered at the far end; the body is a dead letter's reason. */
  undelivered: 12,
  /** A published message; `to` is the topic. */
  topic: 13,
  /**
   * What was sent to a virtual actor comes back unread, since its owner is another node; or an owner
   * says that it has given something. The body is `virtual/moved.ts`'s.
   */
  moved: 14,
  /** Asks who owns a unit, after everything that was sent before; `correlation` names the question. */
  barrier: 15,
  /** Answers a barrier: whatever came before it has been taken in or sent back. */
  passed: 16,
  /** A part of a body that a later envelope claims; `correlation` numbers the body. Links keep it to themselves. */
  part: 17,
  /** Chunks of one stream that follow one another; the body is an array of theirs, `sequence` that of the first. */
  chunks: 18,
} as const;

/** One of {@link EnvelopeKind}. */
export type EnvelopeKindNumber = (typeof EnvelopeKind)[keyof typeof EnvelopeKind];

/** A message between nodes. */
export interface Envelope {
  readonly kind: EnvelopeKindNumber;
  /** Unique per sending node incarnation. */
  readonly id: number;
  /** Path on the receiving node, or the topic; empty for answers, which go by `correlation`. */
  readonly to: string;
  /** Full address of the sender; empty for a program outside any actor. */
  readonly from: Address;
  /** The ask or stream this belongs to, chosen by its opener; 0 for none. */
  readonly correlation: number;
  /** Protocol, operation and version, for example `auction.bid@1`; empty for answers. */
  readonly type: string;
  readonly body: unknown;
  /** Time left until the deadline, in milliseconds, shrinking hop by hop; 0 for none. */
  readonly ttlMs: number;
  /** For chunk, chunks and credit. */
  readonly sequence?: number | undefined;
  readonly traceparent?: string | undefined;
  readonly attempt?: number | undefined;
  readonly idempotencyKey?: string | undefined;
  /** The addresses that wait for this ask, outermost first; at most 32. */
  readonly askChain?: readonly Address[] | undefined;
  /** Where the body is kept that was too large to travel along; `body` is then `undefined`. */
  readonly claim?: Claim | undefined;
  /** To a virtual actor: the token of the owner that it is meant for. */
  readonly token?: number | undefined;
  /** Of a signed operation; see `ports/signatures.ts`. */
  readonly signature?: Signature | undefined;
}

/** Who signed an envelope, besides its sender's name, and the 64 bytes of the signature. */
export interface Signature {
  /** The signing node's. */
  readonly incarnation: string;
  readonly bytes: Uint8Array;
}

/** What a body is fetched by that does not travel in its envelope. */
export interface Claim {
  /** Names its keeper first; unique among all that it keeps. */
  readonly key: string;
  readonly sizeBytes: number;
  /** `bytes` = they are the body itself, not a packed value. */
  readonly form: "packed" | "bytes";
}
