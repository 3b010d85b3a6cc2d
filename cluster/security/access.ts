/**
 * Whom a program that is no node may speak with.
 *
 * Owns: the decision, for the gateway. Which role a program has is proved by the subject it speaks on
 * (`permissions.ts`).
 *
 * A1: an actor whose own name, or whose parent's, begins with `$` is the runtime's; only operators
 *     reach it.
 */
import type { Address } from "../../runtime/address.ts";
import { pathOf } from "../../runtime/address.ts";
import type { IngressRole } from "../wire/node-subject.ts";

/** Whether a program of that role may send to that address. */
export function mayReach(role: IngressRole, to: Address): boolean {
  if (role === "operator") return true;
  return !pathOf(to)
    .split("/")
    .some((name) => name.startsWith("$"));
}
