/** Why an actor ended, as its watchers and its supervisor learn it. */
import type { Address } from "./address.ts";

/** Why an actor ended. */
export type ExitReason =
  | "normal"
  | "failed"
  | "killed"
  | "intensity"
  | "node-down"
  | "no-such-actor";

/** Delivered to a watcher exactly once per watch. */
export interface Terminated {
  readonly address: Address;
  readonly reason: ExitReason;
}
