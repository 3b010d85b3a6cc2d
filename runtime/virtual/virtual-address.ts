/**
 * Addresses of virtual actors: `$virtual/<type>/<key>`, which name no node.
 *
 * Owns: the form. `$` leads no node's name, so that such an address is never taken for a place. On the
 * node where the actor is active, its path is the same text.
 *
 * V1: a key is any text of 1 to 256 bytes; two keys never have one address.
 */
import { type Address, addressOf } from "../address.ts";
import type { Protocol } from "../protocol.ts";
import { baseName, checkedRegistrationName } from "../registration.ts";

/** Stands where other addresses name their node; the system's own actor above all activations. */
export const VIRTUAL = "$virtual";

const PREFIX = `${VIRTUAL}/`;
const MOST_BYTES = 256;
const PLAIN = /^[A-Za-z0-9_:@+-][A-Za-z0-9_.:@+-]*$/;
const ESCAPED = /~([0-9A-F]{2})/g;

/** The address of a virtual actor; `key` must have passed {@link checkedKeyOf}. */
export function virtualAddress(type: string, key: string): Address {
  return `${PREFIX}${type}/${PLAIN.test(key) ? key : escaped(key)}`;
}

/**
 * The key itself.
 *
 * @throws {TypeError | RangeError} unless it is well-formed text of 1 to 256 bytes
 */
export function checkedKeyOf(key: string): string {
  if (typeof key !== "string" || /\p{Surrogate}/u.test(key)) {
    throw new TypeError(`a key is well-formed text: ${JSON.stringify(key)}`);
  }
  const bytes = Buffer.byteLength(key);
  if (bytes >= 1 && bytes <= MOST_BYTES) return key;
  throw new RangeError(`a key has 1 to ${MOST_BYTES} bytes: ${bytes}`);
}

/**
 * The address of whoever speaks a protocol under a key, of the type that is named after the protocol
 * unless another is given.
 *
 * @throws {TypeError | RangeError} when the key or the type has another form
 */
export function addressOfKey(
  protocol: Pick<Protocol, "name">,
  key: string,
  type: string = baseName(protocol),
): Address {
  return virtualAddress(checkedRegistrationName(type), checkedKeyOf(key));
}

/** Whether an address, or a path, is that of a virtual actor or of something below one. */
export function isVirtual(address: Address): boolean {
  return address.startsWith(PREFIX);
}

/** The address of a path on `node`; a virtual actor's path is its address wherever it is. */
export function addressHere(node: string, path: string): Address {
  return parseVirtual(path) === undefined ? addressOf(node, path) : path;
}

/** Type and key of a virtual actor's address; `undefined` for any other. */
export function parseVirtual(
  address: Address,
): { readonly type: string; readonly key: string } | undefined {
  if (!isVirtual(address)) return undefined;
  const [, type = "", name = "", ...rest] = address.split("/");
  if (type === "" || name === "" || rest.length > 0) return undefined;
  const key = unescaped(name);
  return key === undefined || virtualAddress(type, key) !== address ? undefined : { type, key };
}

function escaped(key: string): string {
  let name = "";
  for (const byte of Buffer.from(key)) {
    const character = String.fromCharCode(byte);
    const isPlain = byte < 128 && PLAIN.test(name === "" ? character : `x${character}`);
    name += isPlain ? character : `~${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return name;
}

function unescaped(name: string): string | undefined {
  if (!name.includes("~")) return name;
  const binary = name.replace(ESCAPED, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(binary, "latin1"));
  } catch {
    return undefined;
  }
}
