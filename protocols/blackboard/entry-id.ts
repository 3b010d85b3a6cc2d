/**
 * Names of entries: the level, then tokens of the poster's choice, joined by dots:
 * `hypothesis.doc-12.Apache-2=2E0`.
 *
 * Owns: the form of a name and how arbitrary text becomes a token of it. `board-key.ts` makes keys of
 * the bucket out of it, so a name uses the characters of keys only.
 */

/** The name of an entry; its first token is its level. */
export type EntryId = string;

const ID = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_=-]+)+$/;
const PLAIN = /^[A-Za-z0-9_-]$/;

/**
 * The name of an entry on `level`. Each token may be any text: what a key cannot carry becomes `=`
 * and two hexadecimal digits per byte.
 *
 * @example
 * entryId("hypothesis", "doc-12", "GPL-2.0+"); // hypothesis.doc-12.GPL-2=2E0=2B
 */
export function entryId(level: string, ...tokens: readonly string[]): EntryId {
  return [level, ...tokens.map(tokenOf)].join(".");
}

/** Whether `id` has the form of an entry's name. */
export function isEntryId(id: string): boolean {
  return ID.test(id);
}

/** The level of an entry: its name's first token. */
export function levelOf(id: EntryId): string {
  return id.slice(0, id.indexOf("."));
}

function tokenOf(text: string): string {
  if (text === "") return "=";
  let token = "";
  for (const char of text) token += PLAIN.test(char) ? char : escaped(char);
  return token;
}

function escaped(char: string): string {
  let token = "";
  for (const byte of new TextEncoder().encode(char)) {
    token += `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return token;
}
