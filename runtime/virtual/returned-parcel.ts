/**
 * A message of this node that came back, as it is sent again.
 *
 * Owns: finding out whose it is. The message itself is `parcel.ts`.
 *
 * I1: what is nobody's any more, or never was this node's, is not sent again.
 */
import { nodeOf } from "../address.ts";
import { EnvelopeKind } from "../remote/envelope.ts";
import type { SentBack } from "./moved.ts";
import { type Contents, isCall, Parcel, type Sender } from "./parcel.ts";
import { parseVirtual, VIRTUAL } from "./virtual-address.ts";

/**
 * The parcel; `undefined` when nobody waits for it (I1).
 *
 * @param node - whom it was sent to
 * @param isSigned - whether this node may sign it again
 */
export function returnedParcel(
  sender: Sender,
  node: string,
  message: SentBack,
  isSigned: boolean,
): Parcel | undefined {
  const { kernel } = sender.calls.postbox;
  const { kind, to, from, correlation, type, body, traceparent, askChain } = message;
  const key = parseVirtual(to)?.key;
  const isOurs = from === "" || nodeOf(from) === VIRTUAL || nodeOf(from) === kernel.node;
  if (key === undefined || !isOurs) return undefined;
  const rest = { address: to, key, type, body, from: from === "" ? undefined : from };
  const traced = { ...rest, traceparent, askChain, isSigned };
  if (kind === EnvelopeKind.tell) {
    const contents: Contents = { ...traced, kind: "tell", reply: undefined, schemas: undefined };
    return new Parcel(sender, contents, kernel.nowMs());
  }
  const call = sender.calls.take(correlation, node);
  if (call === undefined) return undefined;
  const { waiting, schemas } = call;
  if (!isCall(waiting)) return undefined;
  const contents: Contents = { ...traced, kind: waiting.kind, reply: waiting, schemas };
  return new Parcel(sender, contents, kernel.nowMs());
}
