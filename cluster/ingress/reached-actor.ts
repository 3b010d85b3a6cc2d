/**
 * The actor that a client's message is for, as far as the client may reach it.
 *
 * Owns: what is refused before anything runs. Who may reach what is `security/access.ts`.
 *
 * H3: a client reaches the actors of programs; the runtime's own, whose names begin with `$`, are for
 *     operators. What it may not do is refused, and never ran.
 * H4: this node signs what operators send, and nothing that clients send: signed operations are not for
 *     them.
 */
import type { ActorRef } from "../../runtime/actor-ref.ts";
import { parseMessageType } from "../../runtime/kernel/message-type.ts";
import type { Operation, Operations } from "../../runtime/protocol.ts";
import type { Envelope } from "../../runtime/remote/envelope.ts";
import type { System } from "../../runtime/system.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { mayReach } from "../security/access.ts";
import type { IngressRole } from "../wire/node-subject.ts";

/** Any operations: what a client sends is checked where the actor lives. */
export type Untyped = Operations & Record<string, Operation>;

/** Who is meant, and what is asked of it. */
export interface ReachedActor {
  readonly ref: ActorRef<Untyped>;
  readonly operation: string;
}

/**
 * Whom a message is for.
 *
 * @throws {TroupeError} `access.denied`, or `actor.no-handler` when its type names no operation
 * @throws {TypeError} when its address names nobody
 */
export function reachedActor(
  system: System,
  role: IngressRole,
  { to, type }: Pick<Envelope, "to" | "type">,
  kind: Operation["kind"],
): ReachedActor {
  const parsed = parseMessageType(type);
  if (!mayReach(role, to))
    throw new TroupeError(
      "access.denied",
      `a client may not reach ${to}: actors whose names begin with $ are for operators`,
      { outcome: "never-ran", data: { to, role } },
    );
  // Operations that begin with $ are the runtime's own: no protocol of a program declares one.
  if (parsed === undefined || parsed.operation.startsWith("$"))
    throw new TroupeError("actor.no-handler", `${JSON.stringify(type)} names no operation`, {
      outcome: "never-ran",
    });
  const { protocol: name, operation } = parsed;
  const isOperator = role === "operator";
  // Elsewhere the actor's own node refuses, as this one does not sign for clients.
  if (!isOperator && system.takesSigned(to, operation))
    throw new TroupeError(
      "access.denied",
      `a client may not send ${type}: it is taken from nodes and operators only`,
      { outcome: "never-ran", data: { to, role } },
    );
  const of = isOperator ? { kind, signed: true } : { kind };
  const operations = { [operation]: of } as unknown as Untyped;
  return { ref: system.refOf({ name, operations }, to), operation };
}
