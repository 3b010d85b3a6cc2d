/**
 * Whom a program that is no node may speak with.
 *
 * Owns: the decision, for the gateway. Which role a program has is proved by the subject it speaks on
 * (`permissions.ts`).
 *
 * A1: an actor whose own name, or whose parent's, begins with `$` is the runtime's; only operators
 *     reach it. The one exception is what the root supervisor has started, below `$root`.
 */
import type { Address } from "../../runtime/address.ts";
import { pathOf } from "../../runtime/address.ts";
import { ROOT_NAME } from "../../runtime/spawning/root-protocol.ts";
import type { IngressRole } from "../wire/node-subject.ts";

/** Whether a program of that role may send to that address. */
export function mayReach(role: IngressRole, to: Address): boolean {
  const path = pathOf(to);
  if (role === "operator") return true;
  const names = path.split("/");
  const own = names[0] === ROOT_NAME && names.length > 1 ? names.slice(1) : names;
  return !own.some((name) => name.startsWith("$"));
}
