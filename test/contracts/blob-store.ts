/** What every `BlobStore` must do, whichever store is behind it. */
import { randomBytes } from "node:crypto";
import type { Test } from "tap";
import { type BlobStore, contentKey } from "../../runtime/ports/blob-store.ts";

/** A store under test: its blobs may have 1,000,000 bytes. */
export interface BlobStoreUnderTest {
  readonly blobs: BlobStore;
}

/** Runs the suite; `start` is called once. */
export async function blobStoreContract(
  t: Test,
  start: () => Promise<BlobStoreUnderTest>,
): Promise<void> {
  const { blobs } = await start();

  await t.test("B1: keeps bytes under their hash, the same ones once", async (t) => {
    const bytes = randomBytes(300_000);
    const key = await blobs.put(bytes);
    t.equal(key, contentKey(bytes));
    t.match(key, /^sha256-[0-9a-f]{64}$/);
    t.equal(await blobs.put(Uint8Array.from(bytes)), key);
    t.ok(bytes.equals((await blobs.get(key)) ?? new Uint8Array()));
    t.equal(await blobs.delete(key), true);
    t.equal(await blobs.get(key), undefined, "one put or two, one delete");
  });

  await t.test("B2: keeps bytes under a key of the caller's, the last ones put", async (t) => {
    t.equal(await blobs.get("contract.never"), undefined);
    t.equal(await blobs.put(new Uint8Array([1]), "contract.mine"), "contract.mine");
    await blobs.put(new Uint8Array([2, 3]), "contract.mine");
    t.strictSame([...((await blobs.get("contract.mine")) ?? [])], [2, 3]);
    t.equal(await blobs.delete("contract.mine"), true);
    t.equal(await blobs.delete("contract.mine"), false);
  });

  await t.test("keeps nothing at all as well as something", async (t) => {
    const key = await blobs.put(new Uint8Array());
    t.equal((await blobs.get(key))?.byteLength, 0);
  });

  await t.test("B3: what is done to bytes before or after changes nothing", async (t) => {
    const bytes = Buffer.from("as it was");
    const key = await blobs.put(bytes);
    bytes.fill(0);
    const got = await blobs.get(key);
    t.equal(Buffer.from(got ?? []).toString(), "as it was");
    got?.fill(0);
    t.equal(Buffer.from((await blobs.get(key)) ?? []).toString(), "as it was");
  });

  await t.test("B4: refuses what is too large before it stores anything", async (t) => {
    t.equal(blobs.mostBytes, 1_000_000);
    const bytes = new Uint8Array(1_000_001);
    await t.rejects(blobs.put(bytes), {
      code: "payload.too-large",
      data: { sizeBytes: 1_000_001, mostBytes: 1_000_000 },
    });
    t.equal(await blobs.get(contentKey(bytes)), undefined);
    t.ok(await blobs.put(bytes.subarray(1)), "and accepts what is just small enough");
  });

  await t.test("refuses what is no key", async (t) => {
    await t.rejects(blobs.put(new Uint8Array(), "no key"), TypeError);
    await t.rejects(blobs.get("*"), TypeError);
    await t.rejects(blobs.delete(""), TypeError);
  });
}
