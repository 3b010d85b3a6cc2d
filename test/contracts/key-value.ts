/**
 * What every `KeyValues` must do, whichever store is behind it.
 *
 * Buckets are opened under fresh names, so that one store serves the whole suite.
 */
import type { Test } from "tap";
import type { KeyValue, KeyValueChange, KeyValues, Put } from "../../runtime/ports/key-value.ts";
import { Collected } from "./collected.ts";

/** A store under test. */
export interface KeyValuesUnderTest {
  readonly keyValues: KeyValues;
  /** Lets this much time pass for the store. */
  readonly pass: (ms: number) => Promise<void>;
}

function revisionOf(put: Put): number {
  if (!put.ok) throw new Error(`refused: ${JSON.stringify(put.conflict)}`);
  return put.revision;
}

/** Runs the suite; `start` is called once. */
export async function keyValueContract(
  t: Test,
  start: () => Promise<KeyValuesUnderTest>,
): Promise<void> {
  const { keyValues, pass } = await start();
  let opened = 0;
  const fresh = (): Promise<KeyValue> => keyValues.open(`contract_${++opened}`);

  await t.test("returns what was put, and nothing for what never was", async (t) => {
    const bucket = await fresh();
    t.equal(await bucket.get("a.b"), undefined);
    const revision = await bucket.put("a.b", { n: 1, list: [1, "x", null], none: undefined });
    const entry = await bucket.get("a.b");
    t.match(entry, { key: "a.b", value: { n: 1, list: [1, "x", null] }, revision });
  });

  await t.test("K1: revisions grow strictly over the whole bucket", async (t) => {
    const bucket = await fresh();
    const revisions = [
      await bucket.put("a", 1),
      revisionOf(await bucket.create("b", 1)),
      await bucket.put("a", 2),
      revisionOf(await bucket.delete("a")),
      revisionOf(await bucket.create("a", 3)),
      revisionOf(
        await bucket.commit([
          { key: "a", value: 4 },
          { key: "c", value: 4 },
        ]),
      ),
    ];
    t.strictSame(
      revisions,
      [...new Set(revisions)].sort((a, b) => a - b),
    );
  });

  await t.test("K2: a read sees every write that was acknowledged before it", async (t) => {
    const bucket = await fresh();
    for (let n = 0; n < 50; n++) {
      const revision = await bucket.put("k", n);
      t.match(await bucket.get("k"), { value: n, revision });
    }
  });

  await t.test("creates once, and tells the loser what is there", async (t) => {
    const bucket = await fresh();
    const created = await bucket.create("k", "first");
    t.match(created, { ok: true });
    t.match(await bucket.create("k", "second"), {
      ok: false,
      conflict: { current: { key: "k", value: "first", revision: revisionOf(created) } },
    });
  });

  await t.test("of eight creates at once exactly one wins", async (t) => {
    const bucket = await fresh();
    const puts = await Promise.all(Array.from({ length: 8 }, (_, n) => bucket.create("k", n)));
    t.equal(puts.filter((put) => put.ok).length, 1);
    t.equal(
      (await bucket.get("k"))?.value,
      puts.findIndex((put) => put.ok),
    );
  });

  await t.test("updates only at the expected revision", async (t) => {
    const bucket = await fresh();
    const first = await bucket.put("k", 1);
    const second = revisionOf(await bucket.update("k", 2, first));
    t.match(await bucket.update("k", 3, first), {
      ok: false,
      conflict: { current: { value: 2, revision: second } },
    });
    const missing = await bucket.update("none", 1, 7);
    t.strictSame(missing, { ok: false, conflict: { current: undefined } });
    t.match(await bucket.update("new", 1, 0), { ok: true });
  });

  await t.test(
    "deletes, at the expected revision when one is given, and creates anew",
    async (t) => {
      const bucket = await fresh();
      const first = await bucket.put("k", 1);
      const second = await bucket.put("k", 2);
      t.match(await bucket.delete("k", first), { ok: false, conflict: { current: { value: 2 } } });
      t.match(await bucket.delete("k", second), { ok: true });
      t.equal(await bucket.get("k"), undefined);
      t.match(await bucket.update("k", 3, second), { ok: false, conflict: { current: undefined } });
      t.match(await bucket.create("k", 4), { ok: true });
      t.equal((await bucket.get("k"))?.value, 4);
    },
  );

  await t.test("commits all writes of a batch or none", async (t) => {
    const bucket = await fresh();
    const head = await bucket.put("head", 1);
    const refused = await bucket.commit([
      { key: "entry.1", value: "a", expected: 0 },
      { key: "head", value: 2, expected: head - 1 },
    ]);
    t.match(refused, { ok: false });
    t.equal(await bucket.get("entry.1"), undefined);
    t.equal((await bucket.get("head"))?.value, 1);
    const revision = revisionOf(
      await bucket.commit([
        { key: "entry.1", value: "a", expected: 0 },
        { key: "head", value: 2, expected: head },
      ]),
    );
    t.match(await bucket.get("head"), { value: 2, revision });
    t.equal((await bucket.get("entry.1"))?.value, "a");
  });

  await t.test("commits one write, and a thousand", async (t) => {
    const bucket = await fresh();
    t.match(await bucket.commit([{ key: "one", value: 1, expected: 0 }]), { ok: true });
    t.match(await bucket.commit([{ key: "one", value: 2, expected: 0 }]), { ok: false });
    const many = Array.from({ length: 1_000 }, (_, n) => ({ key: `many.${n}`, value: n }));
    t.match(await bucket.commit(many), { ok: true });
    t.equal((await bucket.entries("many.*")).length, 1_000);
  });

  await t.test("a batch may create what was deleted", async (t) => {
    const bucket = await fresh();
    await bucket.put("k", 1);
    await bucket.delete("k");
    const put = await bucket.commit([
      { key: "k", value: 2, expected: 0 },
      { key: "l", value: 2, expected: 0 },
    ]);
    t.match(put, { ok: true });
    t.equal((await bucket.get("k"))?.value, 2);
  });

  await t.test(
    "refuses an empty batch, one that is too long, and one with a key twice",
    async (t) => {
      const bucket = await fresh();
      const write = { key: "k", value: 1 };
      await t.rejects(bucket.commit([]), { name: "RangeError" });
      await t.rejects(bucket.commit(new Array(1_001).fill(write)), { name: "RangeError" });
      await t.rejects(bucket.commit([write, write]), { name: "TypeError" });
    },
  );

  await t.test("lists the present entries that match, in order of revision", async (t) => {
    const bucket = await fresh();
    for (const key of ["b.1", "a.1", "b.2", "b.2.x", "c"]) await bucket.put(key, key);
    await bucket.put("b.1", "again");
    await bucket.delete("c");
    const keys = async (filter: string) => (await bucket.entries(filter)).map(({ key }) => key);
    t.strictSame(await keys(">"), ["a.1", "b.2", "b.2.x", "b.1"]);
    t.strictSame(await keys("b.*"), ["b.2", "b.1"]);
    t.strictSame(await keys("b.>"), ["b.2", "b.2.x", "b.1"]);
    t.strictSame(await keys("a.1"), ["a.1"]);
    t.strictSame(await keys("none.*"), []);
  });

  await t.test("watches what is there and what comes, in order, until called off", async (t) => {
    const bucket = await fresh();
    await bucket.put("b.1", 1);
    await bucket.put("a.1", 1);
    const changes = new Collected<KeyValueChange>();
    const cancel = await bucket.watch("a.*", changes.listener);
    await bucket.put("a.2", 2);
    await bucket.put("b.2", 2);
    await bucket.delete("a.1");
    await bucket.put("a.2", 3);
    const seen = await changes.count(4);
    t.match(seen, [
      { type: "put", key: "a.1", value: 1 },
      { type: "put", key: "a.2", value: 2 },
      { type: "delete", key: "a.1" },
      { type: "put", key: "a.2", value: 3 },
    ]);
    const revisions = seen.map((change) => change.revision);
    t.strictSame(
      revisions,
      [...revisions].sort((a, b) => a - b),
      "B2: revisions grow",
    );
    cancel();
    await bucket.put("a.3", 3);
    await bucket.entries(">");
    t.equal(changes.all.length, 4);
  });

  await t.test("opens the same bucket under the same name", async (t) => {
    const one = await keyValues.open("contract_shared");
    const two = await keyValues.open("contract_shared");
    await one.put("k", 1);
    t.equal((await two.get("k"))?.value, 1);
  });

  await t.test("a bucket with a time to live forgets, and its watchers hear of it", async (t) => {
    const bucket = await keyValues.open("contract_ttl", { ttlMs: 1_000 });
    const changes = new Collected<KeyValueChange>();
    await bucket.watch(">", changes.listener);
    await bucket.create("lease", 1);
    await changes.count(1);
    await pass(1_500);
    await changes.count(2);
    t.match(changes.all[1], { type: "delete", key: "lease" });
    t.equal(await bucket.get("lease"), undefined);
    t.match(await bucket.create("lease", 2), { ok: true });
  });

  await t.test(
    "regression: an update renews the time to live and does not remove it",
    async (t) => {
      const bucket = await keyValues.open("contract_renewed", { ttlMs: 1_000 });
      const created = revisionOf(await bucket.create("lease", 1));
      await pass(600);
      t.match(await bucket.update("lease", 2, created), { ok: true });
      await pass(600);
      t.equal((await bucket.get("lease"))?.value, 2);
      await pass(1_500);
      t.equal(await bucket.get("lease"), undefined);
    },
  );

  await t.test(
    "a value with a time to live of its own vanishes, its neighbours stay",
    async (t) => {
      const bucket = await fresh();
      const claimed = revisionOf(await bucket.create("task", "claimed"));
      await bucket.update("task", "done", claimed, { ttlMs: 1_000 });
      await bucket.put("other", 1);
      await pass(2_500);
      t.equal(await bucket.get("task"), undefined);
      t.equal((await bucket.get("other"))?.value, 1);
    },
  );

  await t.test("refuses keys, filters and bucket names of another form", async (t) => {
    const bucket = await fresh();
    for (const key of ["", "a b", ".a", "a..b", "a.", "a*", "ä", ">"])
      await t.rejects(bucket.get(key), { name: "TypeError" }, JSON.stringify(key));
    await t.rejects(bucket.entries("a.>.b"), { name: "TypeError" });
    await t.rejects(keyValues.open("a.b"), { name: "TypeError" });
  });
}
