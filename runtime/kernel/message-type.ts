/**
 * The name of a message on the wire and in events: protocol, operation and version in one.
 *
 * `auction@1` and `bid` make `auction.bid@1`; an operation's name holds no dot, so that the way back
 * is unambiguous.
 */

/** The message type of an operation of a protocol. */
export function messageTypeOf(protocol: string, operation: string): string {
  const at = protocol.lastIndexOf("@");
  return `${protocol.slice(0, at)}.${operation}${protocol.slice(at)}`;
}

/** Protocol and operation of a message type; `undefined` when it is none. */
export function parseMessageType(
  type: string,
): { readonly protocol: string; readonly operation: string } | undefined {
  const at = type.lastIndexOf("@");
  const dot = type.lastIndexOf(".", at);
  if (at < 0 || dot < 1 || dot + 1 >= at) return undefined;
  return { protocol: type.slice(0, dot) + type.slice(at), operation: type.slice(dot + 1, at) };
}
