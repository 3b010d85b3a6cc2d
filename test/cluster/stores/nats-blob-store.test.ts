import { randomBytes } from "node:crypto";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import t from "tap";
import { natsBlobStore } from "../../../cluster/stores/nats-blob-store.ts";
import { removeStores } from "../../../cluster/stores/remove-stores.ts";
import { blobStoreContract } from "../../contracts/blob-store.ts";
import { freeze, startServer, thaw } from "../server-under-test.ts";

const STREAM = "OBJ_TROUPE_test_blobs";

t.test("BlobStore over NATS", async (t) => {
  const { server, end } = await startServer();
  const connection = await connect({ servers: server.url });
  const manager = await jetstreamManager(connection);
  const options = { cluster: "test", mostBytes: 1_000_000, requestTimeoutMs: 2_000 };
  const blobs = natsBlobStore(connection, options);
  t.teardown(async () => {
    await connection.close();
    await end();
  });

  await blobStoreContract(t, async () => ({ blobs }));

  await t.test(
    "O1, trap 12: no chunk has more than 128 KB, so none is over max_payload",
    async (t) => {
      const bytes = randomBytes(700_001);
      const key = await blobs.put(bytes);
      const info = await manager.streams.info(STREAM, {
        subjects_filter: "$O.TROUPE_test_blobs.C.>",
      });
      const chunks = Object.values(info.state.subjects ?? {});
      t.ok(chunks.includes(Math.ceil(700_001 / (128 * 1024))), `chunks: ${chunks}`);
      t.ok(bytes.equals((await blobs.get(key)) ?? new Uint8Array()));
      await blobs.delete(key);
    },
  );

  await t.test("another connection and another open read what was put", async (t) => {
    const other = await connect({ servers: server.url });
    const key = await blobs.put(randomBytes(200_000));
    t.equal((await natsBlobStore(other, options).get(key))?.length, 200_000);
    await blobs.delete(key);
    await other.close();
  });

  await t.test("O3: what was deleted or replaced leaves nothing behind", async (t) => {
    await manager.streams.purge(STREAM);
    for (let n = 1; n <= 3; n++) {
      await blobs.put(randomBytes(300_000), "o3.replaced");
      await blobs.put(randomBytes(10), `o3.${n}`);
    }
    for (const key of ["o3.replaced", "o3.1", "o3.2", "o3.3"])
      t.equal(await blobs.delete(key), true);
    t.equal((await manager.streams.info(STREAM)).state.messages, 0);
  });

  await t.test("O2: an object whose chunks are gone is an error, not a wait", async (t) => {
    const key = await blobs.put(randomBytes(300_000));
    await manager.streams.purge(STREAM, { filter: "$O.TROUPE_test_blobs.C.>" });
    await t.rejects(blobs.get(key), { code: "store.unavailable" });
    await blobs.delete(key);
  });

  await t.test("a time to live is the stream's, so that nothing stays for ever", async (t) => {
    const brief = natsBlobStore(connection, { ...options, bucket: "brief", ttlMs: 60_000 });
    await brief.put(new Uint8Array([1]));
    const { config } = await manager.streams.info("OBJ_TROUPE_test_brief");
    t.equal(config.max_age, 60_000_000_000);
  });

  await t.test("a server that is silent gives store.unavailable in bounded time", async (t) => {
    const key = await blobs.put(randomBytes(200_000));
    await freeze(server.pid);
    const impatient = natsBlobStore(connection, { ...options, requestTimeoutMs: 300 });
    await t.rejects(impatient.put(randomBytes(10)), { code: "store.unavailable" });
    await t.rejects(impatient.get(key), { code: "store.unavailable" });
    await t.rejects(impatient.delete(key), { code: "store.unavailable" });
    thaw(server.pid);
    t.equal((await blobs.get(key))?.length, 200_000, "and it is there when the server is back");
  });

  await t.test("a cluster's object stores go with its other stores", async (t) => {
    await removeStores({ nats: server.url, cluster: "test" });
    const left: string[] = [];
    for await (const name of manager.streams.names()) left.push(name);
    t.same(left, []);
  });
});
