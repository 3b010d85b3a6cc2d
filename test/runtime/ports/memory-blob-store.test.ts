import t from "tap";
import { memoryBlobStore } from "../../../runtime/ports/memory-blob-store.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";
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

  t.test("a power cut takes what was not synced", async (t) => {
    const clock = new ManualClock();
    const blobs = memoryBlobStore({ clock, faults: { syncEveryMs: 120_000 } });
    await blobs.put(new Uint8Array([1]), "k");
    await blobs.put(new Uint8Array([1]), "deleted");
    await clock.advanceAsync(120_000);
    await blobs.put(new Uint8Array([2]), "k");
    await blobs.put(new Uint8Array([2]), "new");
    await blobs.delete("deleted");
    blobs.cutPower(1_000);
    await clock.advanceAsync(1_000);
    const [old, deleted] = [await blobs.get("k"), await blobs.get("deleted")];
    t.strictSame([old?.[0], deleted?.[0]], [1, 1]);
    t.equal(await blobs.get("new"), undefined);
  });
});
