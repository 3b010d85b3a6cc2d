/**
 * Whether a gateway greets clients: a pure decision about who is in the cluster.
 *
 * I1: a gateway that lags greets nobody while there is another that does not (S21); the last one greets
 *     on, since a late answer is better than none.
 * I2: one that drains greets nobody.
 */
import type { Member, NodeIdentity } from "../../runtime/ports/membership.ts";
import { takesNewWork } from "../../runtime/ports/membership.ts";

/** The role that takes what programs that are no nodes send. */
export const GATEWAY_ROLE = "gateway";

/** Whether the gateway `self` greets clients now. */
export function greetsClients(members: readonly Member[], self: NodeIdentity): boolean {
  const own = members.find(({ name }) => name === self.name);
  if (own === undefined || takesNewWork(own.phase)) return true;
  if (own.phase === "draining" || own.phase === "down") return false;
  return !members.some(({ phase, roles }) => takesNewWork(phase) && roles.includes(GATEWAY_ROLE));
}
