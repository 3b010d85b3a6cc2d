/**
 * An actor that lives in a place which may have another tenant after it: an activation.
 *
 * Owns: what its cell and whoever activated it tell one another. Its neighbour `virtual/entry.ts`
 * implements it; a cell without a tenancy ends as `ending.ts` says.
 */
import type { Activation } from "../activation.ts";
import type { ExitReason } from "../exit-reason.ts";
import type { Message } from "./message.ts";

/** What a cell asks and tells when it is an activation. */
export interface Tenancy {
  readonly activation: Activation;
  /** A message still waited when the actor ended; `true` when it is somebody else's business now. */
  leftOver(message: Message, reason: ExitReason): boolean;
  /** A message came when the actor was ending already; `true` as above. */
  cameLate(message: Message): boolean;
  /** The actor has ended; all leftovers were told of. */
  ended(reason: ExitReason): void;
}
