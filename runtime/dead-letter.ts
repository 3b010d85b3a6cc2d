import type { Address } from "./address.ts";

/** Why a message was not delivered. */
export type DeadLetterReason =
  | "mailbox-full"
  | "no-such-actor"
  | "no-handler"
  | "stopped"
  | "expired"
  | "failed"
  | "disconnected"
  | "too-large"
  | "unsupported"
  | "undecodable"
  /** The sender's role may not reach the actor, or its signature is missing or wrong. */
  | "denied";

/** A message that nobody will handle. */
export interface DeadLetter {
  readonly to: Address;
  readonly from: Address;
  /** Protocol and operation, for example `auction.bid@1`. */
  readonly type: string;
  readonly body: unknown;
  readonly reason: DeadLetterReason;
}
