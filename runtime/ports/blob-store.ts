/**
 * Large values, as a port: what is too big for a message, a key or an event goes here, and its key
 * goes in its place (a claim check).
 *
 * B1: without a key of its own a blob is kept under the hash of its bytes: the same bytes are kept
 *     once, under a key that whoever has the bytes can compute.
 * B2: `get` sees every put that was acknowledged before it.
 * B3: bytes are copied: what their owner does to them afterwards changes nothing.
 * B4: what exceeds the limit is refused before anything is stored.
 *
 * Keys have the form of `key-filter.ts`.
 */
import { createHash } from "node:crypto";

/** A store of blobs. All methods reject with `store.unavailable` when it does not answer in time. */
export interface BlobStore {
  /** The size of the largest blob, in bytes. */
  readonly mostBytes: number;
  /**
   * Keeps bytes; what was under the key before is replaced. Repeating it is harmless.
   *
   * @param key - default {@link contentKey} of the bytes
   * @returns the key
   * @throws {TroupeError} `payload.too-large` (B4)
   */
  put(bytes: Uint8Array, key?: string): Promise<string>;
  /** The bytes under a key; the caller owns them. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Removes what is under a key; `false` = there was nothing. */
  delete(key: string): Promise<boolean>;
}

/** How large blobs may be unless a store says otherwise: 64 MB. */
export const MOST_BLOB_BYTES: number = 64 * 1024 * 1024;

/** The key of bytes that have none of their own: `sha256-` and 64 hexadecimal digits. Cost: O(n). */
export function contentKey(bytes: Uint8Array): string {
  return `sha256-${createHash("sha256").update(bytes).digest("hex")}`;
}
