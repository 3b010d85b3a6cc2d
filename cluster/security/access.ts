/**
 * Whom a program that is no node may speak with.
 *
 * Owns: the decision, for the gateway. Which role a program has is proved by the subject it speaks on
 * (`permissions.ts`).
 *
 * A1: an actor whose own name, or whose parent's, begins with `$` is the runtime's; only operators
 *     reach it. The one exception is `$root`, which starts registered actors for whoever asks.
 */
import type { Address } from "../../runtime/address.ts";
import { pathOf } from "../../runtime/address.ts";
import { ROOT_NAME } from "../../runtime/spawning/root-actor.ts";
import type { IngressRole } from "../wire/node-subject.ts";

/** Whether a program of that role may send to that address. */
export function mayReach(role: IngressRole, to: Address): boolean {
  const path = pathOf(to);
  if (role === "operator" || path === ROOT_NAME) return true;
  return !path.split("/").some((name) => name.startsWith("$"));
}
