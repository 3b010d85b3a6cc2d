/**
 * Blobs in this process's memory: the twin of those in an object store.
 *
 * The rules B1–B4 are the port's (`blob-store.ts`).
 */
import { TroupeError } from "../troupe-error.ts";
import { type BlobStore, contentKey, MOST_BLOB_BYTES } from "./blob-store.ts";
import { type Clock, systemClock } from "./clock.ts";
import { checkedKey } from "./key-filter.ts";
import type { Random } from "./random.ts";
import {
  type Leadership,
  noStoreFaults,
  type Power,
  StoreCalls,
  type StoreFaults,
} from "./store-faults.ts";

/** Options of {@link memoryBlobStore}. */
export interface MemoryBlobStoreOptions {
  /** Default the process's clock. */
  readonly clock?: Clock;
  /** Decides what goes wrong; default one that draws the same each time. */
  readonly random?: Random;
  readonly faults?: Partial<StoreFaults>;
  /** The size of the largest blob, in bytes; default 64 MB. */
  readonly mostBytes?: number;
}

/** Blobs in memory, with their faults. */
export interface MemoryBlobStore extends BlobStore, Leadership, Power {
  readonly faults: StoreFaults;
}

/** Blobs that live as long as the returned object. */
export function memoryBlobStore(options: MemoryBlobStoreOptions = {}): MemoryBlobStore {
  const { clock = systemClock, random, mostBytes = MOST_BLOB_BYTES } = options;
  const faults: StoreFaults = { ...noStoreFaults(), ...options.faults };
  const calls = new StoreCalls("the blob store", faults, { clock, random });
  const blobs = new Map<string, Uint8Array>();
  const set = (key: string, bytes: Uint8Array | undefined): boolean => {
    const before = blobs.get(key);
    if (bytes !== undefined) blobs.set(key, bytes);
    else if (!blobs.delete(key)) return false;
    calls.changed(() => set(key, before));
    return true;
  };
  return {
    mostBytes,
    faults,
    put: async (bytes, key = contentKey(bytes)) => {
      checkedKey(key);
      if (bytes.byteLength > mostBytes) {
        const data = { sizeBytes: bytes.byteLength, mostBytes };
        throw new TroupeError("payload.too-large", "the blob exceeds the store's limit", { data });
      }
      const copy = new Uint8Array(bytes); // `slice` of a Buffer would share its memory
      await calls.write(
        () => set(key, copy),
        () => true,
      );
      return key;
    },
    get: async (key) => {
      checkedKey(key);
      return calls.read(() => blobs.get(key)?.slice());
    },
    delete: async (key) => {
      checkedKey(key);
      return calls.write(
        () => set(key, undefined),
        (removed) => removed,
      );
    },
    loseLeader: (forMs) => calls.loseLeader(forMs, () => {}),
    cutPower: (forMs) => calls.cutPower(forMs, () => {}),
  };
}
