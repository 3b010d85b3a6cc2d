/**
 * Any text as one token of a key or a subject.
 *
 * T1: no two texts make one token. What is not a letter, a digit, `_` or `-` becomes `=` and two
 *     hexadecimal digits per byte; what is too long for a store is named by its hash.
 */
import { createHash } from "node:crypto";

const LONGEST = 160;

/** The token that a text makes. */
export function keyToken(text: string): string {
  const token = text.replace(/[^A-Za-z0-9_-]/gu, (character) => {
    let bytes = "";
    for (const byte of Buffer.from(character)) bytes += `=${byte.toString(16).padStart(2, "0")}`;
    return bytes;
  });
  if (token.length <= LONGEST) return token;
  // Two equal signs begin no encoded character (T1).
  return `==${createHash("sha256").update(text).digest("hex")}`;
}
