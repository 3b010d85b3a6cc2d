/**
 * Blobs in a NATS object store: the twin of `runtime/ports/memory-blob-store.ts`.
 *
 * Owns: one object store, and that no call of it waits without end. What goes there instead of on a
 * link is `wire/claim.ts`'s business.
 *
 * The rules B1–B4 are the port's (`blob-store.ts`). O1: an object is cut into chunks of 128 KB, or of
 *     what the server takes in one message if that is less, each acknowledged before the next.
 * O2: a read that gets nothing for a while, or not the bytes of the digest, is begun again when the
 *     object was replaced meanwhile; else it fails. The client's own read waits for ever when chunks
 *     are gone.
 * O3: what was deleted leaves nothing behind; the client's own `delete` keeps a note per name.
 *
 * The layout is that of NATS object stores, so that the `nats object` tool can read them: the stream
 * `OBJ_TROUPE_<cluster>_<bucket>`. It is created at the first use, by whoever comes first; whoever comes
 * later takes it as it is.
 *
 * Cost: a put is one read, a publish per chunk and one more; a get one read and one short-lived consumer.
 */
import { type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { type ObjectStore, Objm, StorageType } from "@nats-io/obj";
import { type NatsConnection, nanos } from "nats";
import type { BlobStore } from "../../runtime/ports/blob-store.ts";
import { contentKey, MOST_BLOB_BYTES } from "../../runtime/ports/blob-store.ts";
import { type Clock, systemClock } from "../../runtime/ports/clock.ts";
import { checkedBucket, checkedKey } from "../../runtime/ports/key-filter.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { storeUnavailable } from "./store-failure.ts";
import { objectStream, objectSubject, storeName } from "./store-name.ts";

/** Options of {@link natsBlobStore}. */
export interface NatsBlobStoreOptions {
  readonly cluster: string;
  /** Which of the cluster's object stores; default `blobs`. */
  readonly bucket?: string;
  /** How long a blob is kept, in milliseconds; without it until it is deleted. */
  readonly ttlMs?: number;
  /** The size of the largest blob, in bytes; default 64 MB. */
  readonly mostBytes?: number;
  readonly clock?: Clock;
  /** How long one request, or the wait for the next chunk, may take; default 2,000. */
  readonly requestTimeoutMs?: number;
  /** How many servers keep each blob; default 1. */
  readonly replicas?: number;
}

const CHUNK_BYTES = 128 * 1024;
const READS = 3;

interface Opened {
  readonly objects: ObjectStore;
  readonly manager: JetStreamManager;
}

/** Blobs over a connection, which stays the caller's. */
export function natsBlobStore(
  connection: NatsConnection,
  options: NatsBlobStoreOptions,
): BlobStore {
  const { cluster, bucket = "blobs", ttlMs, mostBytes = MOST_BLOB_BYTES } = options;
  const { clock = systemClock, requestTimeoutMs = 2_000, replicas = 1 } = options;
  const store = storeName(cluster, checkedBucket(bucket));
  let opening: Promise<Opened> | undefined;

  const open = async (): Promise<Opened> => {
    const client = jetstream(connection, { timeout: requestTimeoutMs, checkAPI: false });
    const manager = await jetstreamManager(connection, {
      timeout: requestTimeoutMs,
      checkAPI: false,
    });
    const objects = await new Objm(client).create(store, {
      storage: StorageType.File,
      replicas,
      ...(ttlMs === undefined ? {} : { ttl: nanos(ttlMs) }),
    });
    return { objects, manager };
  };
  const opened = async (): Promise<Opened> => {
    opening ??= open();
    try {
      return await opening;
    } catch (thrown) {
      opening = undefined; // the next caller tries again
      throw thrown;
    }
  };
  /** Runs a call; whatever goes wrong in it means that the store did not answer. */
  const call = async <T>(what: string, run: (store: Opened) => Promise<T>): Promise<T> => {
    try {
      return await run(await opened());
    } catch (thrown) {
      if (thrown instanceof TroupeError) throw thrown;
      throw storeUnavailable(`the object store ${store}: ${what}`, thrown);
    }
  };
  const read = async ({ objects }: Opened, key: string): Promise<Uint8Array | undefined> => {
    let failure: unknown;
    let tried: string | undefined;
    for (let attempt = 0; attempt < READS; attempt++) {
      const result = await objects.get(key);
      if (result === null) return undefined;
      // A second failure on the same object is its own.
      if (tried === result.info.nuid) break;
      tried = result.info.nuid;
      result.error.catch(() => {}); // the stream says it too
      if (result.info.size > mostBytes) {
        await result.data.cancel();
        const data = { sizeBytes: result.info.size, mostBytes };
        throw new TroupeError("payload.too-large", `${key} exceeds the store's limit`, { data });
      }
      try {
        return await bytesOf(result.data, result.info.size, { clock, withinMs: requestTimeoutMs });
      } catch (thrown) {
        failure = thrown;
      }
    }
    throw storeUnavailable(`${key} in ${store} cannot be read`, failure);
  };

  return {
    mostBytes,
    put: async (bytes, key) => {
      const name = checkedKey(key ?? contentKey(bytes));
      if (bytes.byteLength > mostBytes) {
        const data = { sizeBytes: bytes.byteLength, mostBytes };
        throw new TroupeError("payload.too-large", "the blob exceeds the store's limit", { data });
      }
      const copy = new Uint8Array(bytes); // B3; `slice` of a Buffer would share its memory
      return call(`${name} was not kept`, async ({ objects }) => {
        if (key === undefined && (await objects.info(name))?.deleted === false) return name;
        await objects.putBlob({ name, options: { max_chunk_size: CHUNK_BYTES } }, copy);
        return name;
      });
    },
    get: async (key) => {
      checkedKey(key);
      return call(`${key} was not read`, (store) => read(store, key));
    },
    delete: async (key) => {
      checkedKey(key);
      return call(`${key} was not deleted`, async ({ objects, manager }) => {
        const info = await objects.info(key);
        if (info === null || info.deleted) return false;
        // Only what was read: a put meanwhile has a later revision and chunks of its own.
        const stream = objectStream(store);
        await manager.streams.purge(stream, {
          filter: objectSubject(store, key),
          seq: info.revision + 1,
        });
        await manager.streams.purge(stream, { filter: `$O.${store}.C.${info.nuid}` });
        return true;
      });
    },
  };
}

/** All that a stream yields, each part within its time. */
async function bytesOf(
  data: ReadableStream<Uint8Array>,
  sizeBytes: number,
  { clock, withinMs }: { readonly clock: Clock; readonly withinMs: number },
): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes);
  const reader = data.getReader();
  for (let at = 0; ; ) {
    const { done, value } = await partOf(reader, { clock, withinMs });
    if (done) {
      if (at !== sizeBytes) throw new Error(`${at} bytes of ${sizeBytes}`);
      return bytes;
    }
    if (at + value.length > sizeBytes) throw new Error(`more than ${sizeBytes} bytes`);
    bytes.set(value, at);
    at += value.length;
  }
}

/** The next part of a stream; the stream is given up when it takes too long (O2). */
async function partOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { clock, withinMs }: { readonly clock: Clock; readonly withinMs: number },
): Promise<Awaited<ReturnType<typeof reader.read>>> {
  let cancel = (): void => {};
  const late = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(withinMs, () => reject(new Error(`nothing came for ${withinMs} ms`)));
  });
  try {
    return await Promise.race([reader.read(), late]);
  } catch (thrown) {
    reader.cancel().catch(() => {}); // it has failed already
    throw thrown;
  } finally {
    cancel();
  }
}
