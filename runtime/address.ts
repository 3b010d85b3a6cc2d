/**
 * Where an actor lives: `node/path`, as plain data that any message can carry.
 *
 * The node is one token (it becomes a token of a NATS subject); the path is one or more names
 * joined by `/`. An address names a place: whoever lives there now receives the message.
 */

/** `node/path`, for example `n1/review/desk`. */
export type Address = string;

const NAME = /^[A-Za-z0-9_$~:@+-][A-Za-z0-9_.$~:@+-]{0,127}$/;
const NODE = /^[A-Za-z0-9_-]{1,64}$/;

/** The address of a path on a node. */
export function addressOf(node: string, path: string): Address {
  return `${node}/${path}`;
}

/** The node part of an address. */
export function nodeOf(address: Address): string {
  const slash = address.indexOf("/");
  return slash < 0 ? address : address.slice(0, slash);
}

/** The path part of an address. */
export function pathOf(address: Address): string {
  const slash = address.indexOf("/");
  return slash < 0 ? "" : address.slice(slash + 1);
}

/** Whether the runtime itself answers at a path, as at `$node`; below such a path others may live. */
export function isOfRuntime(path: string): boolean {
  return path.startsWith("$") && !path.includes("/");
}

/**
 * The name itself, when it may name an actor.
 *
 * @throws {TypeError} unless it is 1 to 128 of letters, digits and `_ . $ ~ : @ + -`, not led by a dot
 */
export function checkedName(name: string): string {
  if (NAME.test(name)) return name;
  throw new TypeError(
    `not an actor name: ${JSON.stringify(name)} (1 to 128 of A-Z a-z 0-9 _.$~:@+-)`,
  );
}

/**
 * The name itself, when it may name a node.
 *
 * @throws {TypeError} unless it is 1 to 64 of letters, digits, `_` and `-`
 */
export function checkedNodeName(name: string): string {
  if (NODE.test(name)) return name;
  throw new TypeError(`not a node name: ${JSON.stringify(name)} (1 to 64 of A-Z a-z 0-9 _-)`);
}
