/**
 * The one hash of placement: 32 bits of a text, the same on every node and in every language.
 *
 * FNV-1a over the text's UTF-8 bytes, then the finalizer of MurmurHash3, without which similar texts
 * have similar hashes and rendezvous hashing is not balanced. Not for secrets.
 */

const encoder = new TextEncoder();

/** A whole number below 2^32. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of encoder.encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
