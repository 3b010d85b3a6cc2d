/**
 * What nodes tell one another when units change hands: the bodies of `moved`, `barrier` and `passed`.
 *
 * Owns: their form, as positional arrays, and reading it; what arrives may be anything.
 */
import type { Address } from "../address.ts";
import type { Owner } from "../placement/ownership.ts";
import { checkedPlacement } from "../placement/placement.ts";
import type { Unit } from "../placement/unit.ts";
import type { NodeIdentity } from "../ports/membership.ts";
import { type Envelope, EnvelopeKind } from "../remote/envelope.ts";
import type { Departure } from "./leavers.ts";

/** A message as it comes back: what its sender needs to send it again. */
export interface SentBack {
  readonly kind: 0 | 1 | 4;
  readonly to: string;
  readonly from: Address;
  readonly correlation: number;
  readonly type: string;
  readonly body: unknown;
  readonly traceparent?: string | undefined;
  readonly askChain?: readonly Address[] | undefined;
}

/**
 * `back` = a message comes back; `given` = the receiver is the owner now; `closing` = the sender takes no
 * more; `leaving` = it has given all. An older release names no incarnation.
 */
export type Moved =
  | {
      readonly type: "back";
      readonly token: number;
      readonly owner: Owner | undefined;
      readonly message: SentBack;
    }
  | { readonly type: "given"; readonly unit: Unit }
  | { readonly type: Departure; readonly incarnation: string | undefined };

/** The body of a message that comes back. */
export function sentBackBody(envelope: Envelope, owner: Owner | undefined): unknown {
  const { kind, to, from, correlation, type, body, traceparent, askChain, token = 0 } = envelope;
  const message = [kind, to, from, correlation, type, body, traceparent, askChain];
  return ["back", token, ownerFields(owner), message];
}

/** The body that tells a node what it has been given. */
export function givenBody({ id, type, placement }: Unit): unknown {
  return ["given", [id, type, placement]];
}

/** The body that says how far its sender is in leaving. */
export function departureBody(departure: Departure, { incarnation }: NodeIdentity): unknown {
  return [departure, incarnation];
}

/** What the body of a `moved` says; `undefined` when it has another form. */
export function parseMoved(body: unknown): Moved | undefined {
  if (!Array.isArray(body)) return undefined;
  const [what, first, second, third] = body as readonly unknown[];
  if (what === "closing" || what === "leaving") {
    return { type: what, incarnation: typeof first === "string" ? first : undefined };
  }
  if (what === "given") {
    const unit = parseUnit(first);
    return unit === undefined ? undefined : { type: "given", unit };
  }
  const message = parseSentBack(third);
  if (what !== "back" || typeof first !== "number" || message === undefined) return undefined;
  return { type: "back", token: first, owner: parseOwner(second), message };
}

/** A unit as it is asked about. */
export function unitFields({ id, type, placement }: Unit): unknown {
  return [id, type, placement];
}

/** The unit that fields stand for; `undefined` when they stand for none. */
export function parseUnit(fields: unknown): Unit | undefined {
  if (!Array.isArray(fields)) return undefined;
  const [id, type, placement] = fields as readonly unknown[];
  if (typeof id !== "string" || typeof type !== "string" || typeof placement !== "string") {
    return undefined;
  }
  try {
    return { id, type, placement: checkedPlacement(placement) };
  } catch {
    return undefined;
  }
}

/** An owner as it travels. */
export function ownerFields(owner: Owner | undefined): unknown {
  return owner === undefined ? null : [owner.node, owner.incarnation, owner.token];
}

/** The owner that fields stand for; `undefined` for none. */
export function parseOwner(fields: unknown): Owner | undefined {
  if (!Array.isArray(fields)) return undefined;
  const [node, incarnation, token] = fields as readonly unknown[];
  if (typeof node !== "string" || typeof incarnation !== "string") return undefined;
  return typeof token === "number" ? { node, incarnation, token } : undefined;
}

function parseSentBack(fields: unknown): SentBack | undefined {
  if (!Array.isArray(fields)) return undefined;
  const [kind, to, from, correlation, type, body, traceparent, askChain] =
    fields as readonly unknown[];
  if (kind !== EnvelopeKind.tell && kind !== EnvelopeKind.ask && kind !== EnvelopeKind.open) {
    return undefined;
  }
  if (typeof to !== "string" || typeof from !== "string" || typeof type !== "string") {
    return undefined;
  }
  if (typeof correlation !== "number") return undefined;
  return {
    kind,
    to,
    from,
    correlation,
    type,
    body,
    ...(typeof traceparent === "string" ? { traceparent } : {}),
    ...(isChain(askChain) ? { askChain } : {}),
  };
}

function isChain(fields: unknown): fields is readonly Address[] {
  return Array.isArray(fields) && fields.every((address) => typeof address === "string");
}
