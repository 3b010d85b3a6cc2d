import t from "tap";
import { memoryBlobStore } from "../../../runtime/ports/memory-blob-store.ts";
import { blobStoreContract } from "../../contracts/blob-store.ts";

t.test("BlobStore in memory", async (t) => {
  await blobStoreContract(t, async () => ({ blobs: memoryBlobStore({ mostBytes: 1_000_000 }) }));

  t.test("a put that was stored but timed out is there when it is repeated", async (t) => {
    const blobs = memoryBlobStore();
    blobs.faults.storedButTimedOut = 1;
    await t.rejects(blobs.put(new Uint8Array([1]), "k"), { code: "store.unavailable" });
    t.strictSame([...((await blobs.get("k")) ?? [])], [1]);
    t.equal(await blobs.put(new Uint8Array([1]), "k"), "k");
  });
});
