/**
 * The name of a message on the wire and in events: protocol, operation and version in one.
 *
 * `auction@1` and `bid` make `auction.bid@1`. A dot in an operation's name is written as a colon, which
 * no name may hold: `door@1` and `user.login` make `door.user:login@1`. So the last dot always ends the
 * protocol's name and the way back is unambiguous; with the dot itself this would also be the
 * operation `login` of a protocol `door.user@1`. It also keeps the operation one token of a subject.
 */

/** The message type of an operation of a protocol. */
export function messageTypeOf(protocol: string, operation: string): string {
  const at = protocol.lastIndexOf("@");
  // Whatever an untyped program names must not make a tell throw.
  const given = String(operation);
  const name = given.includes(".") ? given.replaceAll(".", ":") : given;
  return `${protocol.slice(0, at)}.${name}${protocol.slice(at)}`;
}

/** Protocol and operation of a message type; `undefined` when it is none. */
export function parseMessageType(
  type: string,
): { readonly protocol: string; readonly operation: string } | undefined {
  const at = type.lastIndexOf("@");
  const dot = type.lastIndexOf(".", at);
  if (at < 0 || dot < 1 || dot + 1 >= at) return undefined;
  const name = type.slice(dot + 1, at);
  const operation = name.includes(":") ? name.replaceAll(":", ".") : name;
  return { protocol: type.slice(0, dot) + type.slice(at), operation };
}
