/**
 * Takes away all that a cluster keeps on a server: its streams, buckets and object stores.
 *
 * For clusters that live as long as one program. The server's other clusters are not touched: a
 * cluster's name holds no underscore, so no name is another's beginning (`store-name.ts`).
 */
import { jetstreamManager } from "@nats-io/jetstream";
import { openConnection } from "../connections.ts";
import { storeUnavailable } from "./store-failure.ts";
import { bucketStream, objectStream, storeName } from "./store-name.ts";

/** Where, and whose. */
export interface RemoveStoresOptions {
  /** `nats://host:port`, several separated by commas. */
  readonly nats: string;
  readonly cluster: string;
}

/**
 * Removes every stream, bucket and object store of a cluster, none of whose nodes may run any more.
 *
 * @returns how many were removed
 * @throws {TroupeError} `nats.unavailable` or `store.unavailable`
 */
export async function removeStores({ nats, cluster }: RemoveStoresOptions): Promise<number> {
  const prefix = storeName(cluster, "");
  const connection = await openConnection({ url: nats, cluster, name: "remover" }, "control");
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const ours: string[] = [];
    // All names before the first removal: the pages would shift below the lister.
    const beginnings = [prefix, bucketStream(prefix), objectStream(prefix)];
    for await (const name of manager.streams.names()) {
      if (beginnings.some((beginning) => name.startsWith(beginning))) ours.push(name);
    }
    for (const name of ours) await manager.streams.delete(name);
    return ours.length;
  } catch (cause) {
    throw storeUnavailable(`what ${cluster} keeps could not be removed`, cause);
  } finally {
    await connection.close();
  }
}
