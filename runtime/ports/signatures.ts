/**
 * Signatures on messages between nodes, as a port.
 *
 * Owns: proof that an envelope of a signed operation was made by the node that it names, for this one, now.
 * Which operations are signed is their protocol's (`signed` in `protocol.ts`), when a signature is asked
 * for `remote/`'s.
 *
 * G1: what was signed is kind, id, destination, sender, correlation, type, body, attempt and idempotency
 *     key, and both nodes with their incarnations: whoever changes one of them is found out. Time left,
 *     trace and ask chain change on the way and are not.
 * G2: an envelope is accepted once.
 */
import type { Envelope, Signature } from "../remote/envelope.ts";

/** Why a signature does not count. */
export type SignatureFault =
  | "unsigned"
  /** The sender's key is not known: its lease cannot be read, or has none. */
  | "unknown-key"
  /** It was made by a former incarnation of the sender. */
  | "stale"
  /** It is of something else: another message, another receiver, another start of this node. */
  | "wrong"
  | "replayed";

/** Makes and checks signatures; absent where all nodes are parts of one process. */
export interface Signatures {
  /**
   * The signature of an envelope to a node.
   *
   * @returns `undefined` when no such node is up: for whom it is made is part of it
   */
  sign(to: string, envelope: Envelope): Signature | undefined;
  /** Whether a verdict on an envelope of that node needs no more than is known now. */
  isReady(from: string, signature: Signature): boolean;
  /** Finds out what a verdict needs; resolves in bounded time, also when that cannot be had. */
  prepare(from: string, signature: Signature): Promise<void>;
  /** What is wrong with an envelope's signature; `undefined` = nothing, and now it has been used (G2). */
  faultOf(from: string, envelope: Envelope): SignatureFault | undefined;
}
