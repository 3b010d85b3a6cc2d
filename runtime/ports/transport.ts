/**
 * Links to other nodes, as a port.
 *
 * Owns: carrying envelopes between nodes and publishing to topics. Who is alive is `membership.ts`.
 *
 * X1: envelopes of one sender node reach one receiver node in order, at most once.
 * X2: `send` returns `false` when the bounded outbox refuses; what it accepted and later had to drop
 *     is handed back through `undelivered`, never lost silently.
 * X3: a gap in a link's sequence is reported through `lost`, so that nothing waits for what is gone.
 */
import type { Envelope } from "../remote/envelope.ts";

/** Why an accepted envelope was dropped before it left; `unsupported` = the other release could not read it. */
export type UndeliveredReason =
  | "disconnected"
  | "overflow"
  | "too-large"
  | "undecodable"
  | "unsupported";

/** What a system does with what arrives. */
export interface TransportSink {
  /** `from` is the node that the wire itself vouches for. */
  received(from: string, envelope: Envelope): void;
  /** An accepted envelope was dropped before it left. */
  undelivered(to: string, envelope: Envelope, reason: UndeliveredReason): void;
  /** An envelope arrived in its turn, but its body, kept elsewhere, cannot be had. */
  unreadable(from: string, envelope: Envelope, why: string): void;
  /** Some frames from `node` are gone: whatever awaits an answer from it must not wait longer. */
  lost(node: string): void;
}

/** Carries envelopes to and from other nodes. */
export interface Transport {
  /** This node's name. */
  readonly node: string;
  /** The size of the largest body that it carries, in bytes; absent where there is no limit. */
  readonly mostBodyBytes?: number;
  /** Sets the one receiver; envelopes that came earlier are held back until then. */
  attach(sink: TransportSink): void;
  /** Hands an envelope to the link; `false` when its outbox is full. Never throws. */
  send(to: string, envelope: Envelope): boolean;
  /** Publishes to all subscribed nodes, this one included; `false` when refused. */
  publish(topic: string, envelope: Envelope): boolean;
  /** Declares this node's interest in a topic; counted, so that each call has its `unsubscribe`. */
  subscribe(topic: string): void;
  /** Undoes one `subscribe`; the last one ends it. */
  unsubscribe(topic: string): void;
  /** Somebody at the other end finds virtual actors: they are sent to as if `$virtual` were a node. */
  readonly findsVirtual?: true;
}
