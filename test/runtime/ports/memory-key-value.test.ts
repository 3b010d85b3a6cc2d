import t from "tap";
import type { KeyValueChange } from "../../../runtime/ports/key-value.ts";
import { memoryKeyValues } from "../../../runtime/ports/memory-key-value.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";
import { keyValueContract } from "../../contracts/key-value.ts";

t.test("KeyValue in memory", async (t) => {
  await keyValueContract(t, async () => {
    const clock = new ManualClock();
    return {
      keyValues: memoryKeyValues({ clock }),
      pass: (ms) => clock.advanceAsync(ms),
    };
  });
});

t.test("MemoryKeyValueFaults", async (t) => {
  t.test("an unavailable store refuses every call and changes nothing", async (t) => {
    const store = memoryKeyValues({ clock: new ManualClock() });
    const bucket = await store.open("b");
    store.faults.unavailable = true;
    const refused = { code: "store.unavailable" };
    await t.rejects(store.open("c"), refused);
    await t.rejects(bucket.get("k"), refused);
    await t.rejects(bucket.put("k", 1), refused);
    await t.rejects(bucket.delete("k"), refused);
    await t.rejects(bucket.commit([{ key: "k", value: 1 }]), refused);
    await t.rejects(bucket.entries(">"), refused);
    await t.rejects(
      bucket.watch(">", () => {}),
      refused,
    );
    store.faults.unavailable = false;
    t.equal(await bucket.get("k"), undefined);
  });

  t.test("K3: a write that was stored but timed out rejects and is there", async (t) => {
    const store = memoryKeyValues({ clock: new ManualClock() });
    const bucket = await store.open("b");
    store.faults.storedButTimedOut = 1;
    await t.rejects(bucket.create("k", "mine"), { code: "store.unavailable" });
    t.equal((await bucket.get("k"))?.value, "mine");
    t.match(await bucket.create("k", "again"), { ok: false });
  });

  t.test("K4: a silent watch tells later what it missed", async (t) => {
    const clock = new ManualClock();
    const store = memoryKeyValues({ clock });
    const bucket = await store.open("b");
    const seen: KeyValueChange[] = [];
    await bucket.watch(">", (change) => seen.push(change));
    store.faults.watchesSilent = true;
    await bucket.put("a", 1);
    await clock.settle();
    t.equal(seen.length, 0);
    store.faults.watchesSilent = false;
    await bucket.put("b", 1);
    await clock.settle();
    t.match(seen, [{ key: "a" }, { key: "b" }]);
  });

  t.test("I3: what the writer does to its value afterwards changes nothing", async (t) => {
    const bucket = await memoryKeyValues({ clock: new ManualClock() }).open("b");
    const value = { n: 1 };
    await bucket.put("k", value);
    value.n = 2;
    t.strictSame((await bucket.get("k"))?.value, { n: 1 });
  });

  t.test("stale reads are a few writes behind, while conditional writes stay exact", async (t) => {
    const store = memoryKeyValues({ clock: new ManualClock(), random: seededRandom(1) });
    const bucket = await store.open("b");
    store.faults.staleShare = 0.5;
    const seen = new Set<unknown>();
    let stale = 0;
    for (let n = 1; n <= 100; n++) {
      const revision = await bucket.put("k", n);
      const value = (await bucket.get("k"))?.value;
      const [entry] = await bucket.entries(">");
      for (const read of [value, entry?.value]) {
        const behind = n - Number(read ?? 0);
        if (behind > 0) stale++;
        t.ok(behind >= 0 && behind <= 8, `${behind} behind`);
        seen.add(behind);
      }
      t.equal((await bucket.update("k", n, revision + 1)).ok, false);
    }
    t.ok(stale > 50, `${stale} of 200 reads`);
    t.ok(seen.size > 5);
    store.faults.staleShare = 0;
    t.equal((await bucket.get("k"))?.value, 100, "K2 holds again once it is off");
  });

  t.test("K4: watches stay silent for a while after a leader came back", async (t) => {
    const clock = new ManualClock();
    const store = memoryKeyValues({ clock, faults: { silentAfterLossMs: [2_000, 2_000] } });
    const bucket = await store.open("b");
    const seen: string[] = [];
    await bucket.watch(">", ({ key }) => seen.push(key));
    t.equal(store.loseLeader(4_000), 4_000);
    const put = bucket.put("a", 1);
    await clock.advanceAsync(4_000);
    await put;
    await clock.advanceAsync(1_999);
    t.strictSame(seen, []);
    await clock.advanceAsync(1);
    t.strictSame(seen, ["a"]);
  });

  t.test("I4: a power cut takes what was not synced, and revisions come again", async (t) => {
    const clock = new ManualClock();
    const store = memoryKeyValues({ clock, faults: { syncEveryMs: 120_000 } });
    const bucket = await store.open("b");
    await bucket.put("kept", 1);
    await bucket.put("gone", 1);
    await clock.advanceAsync(120_000);
    const told: number[] = [];
    await bucket.watch(">", ({ revision }) => told.push(revision));
    await bucket.put("kept", 2);
    await bucket.delete("gone");
    const lost = await bucket.put("new", 1);
    await clock.settle();
    t.strictSame(told, [1, 2, 3, 4, 5]);
    store.cutPower(1_000);
    await clock.advanceAsync(1_000);
    t.match(await bucket.entries(">"), [
      { key: "kept", value: 1, revision: 1 },
      { key: "gone", value: 1, revision: 2 },
    ]);
    t.equal(await bucket.put("other", 1), 3, "the revision of what was lost");
    await bucket.put("other", 2);
    await bucket.put("other", 3);
    await clock.settle();
    t.equal(lost, 5);
    t.strictSame(told, [1, 2, 3, 4, 5], "W3: and the watch takes them for what it was told");
    await bucket.put("other", 4);
    await clock.settle();
    t.strictSame(told, [1, 2, 3, 4, 5, 6]);
  });

  t.test("a power cut takes nothing where each write is synced first", async (t) => {
    const clock = new ManualClock();
    const store = memoryKeyValues({ clock });
    const bucket = await store.open("b");
    await bucket.put("k", 1);
    store.cutPower(1_000);
    await clock.advanceAsync(1_000);
    t.equal((await bucket.get("k"))?.value, 1);
  });

  t.test("W2: a late watch is told what stands, not what stood", async (t) => {
    const clock = new ManualClock();
    const store = memoryKeyValues({ clock, faults: { watchDelayMs: [100, 100] } });
    const bucket = await store.open("b");
    const told: unknown[] = [];
    await bucket.watch(">", (change) => told.push(change.type === "put" ? change.value : "gone"));
    await bucket.put("a", "a1");
    await bucket.put("b", "b1");
    await bucket.put("a", "a2");
    await bucket.delete("b");
    t.strictSame(told, []);
    await clock.advanceAsync(100);
    t.strictSame(told, ["a2", "gone"]);
  });

  t.test("a value may outlive its time, as long as the server has not looked", async (t) => {
    const clock = new ManualClock();
    const store = memoryKeyValues({ clock, faults: { ttlLateMs: [800, 800] } });
    const bucket = await store.open("b", { ttlMs: 1_000 });
    await bucket.create("lease", 1);
    await clock.advanceAsync(1_700);
    t.match(await bucket.create("lease", 2), { ok: false });
    await clock.advanceAsync(200);
    t.match(await bucket.create("lease", 2), { ok: true });
  });

  t.test(
    "I1: a value past a time of its own leaves neither marker nor revision, and no watch is told",
    async (t) => {
      const clock = new ManualClock();
      const bucket = await memoryKeyValues({ clock }).open("b");
      const told: string[] = [];
      await bucket.watch(">", ({ type }) => told.push(type));
      await bucket.create("k", 1, { ttlMs: 1_200 });
      await clock.advanceAsync(1_900);
      t.equal((await bucket.get("k"))?.value, 1, "its time is rounded up to seconds");
      await clock.advanceAsync(200);
      t.equal(await bucket.get("k"), undefined);
      t.strictSame(told, ["put"]);
      t.match(await bucket.create("k", 2), { ok: true, revision: 2 });
    },
  );

  t.test("refuses a value that a server would not take", async (t) => {
    const bucket = await memoryKeyValues({ clock: new ManualClock() }).open("b");
    const refused = { code: "payload.too-large", data: { mostBytes: 1_044_480 } };
    await t.rejects(bucket.put("k", "x".repeat(1_048_576)), refused);
    await t.rejects(bucket.put("k", { parts: new Array(200).fill("x".repeat(10_000)) }), refused);
    await t.rejects(bucket.put("k", { bytes: new Uint8Array(2_000_000) }), refused);
    t.ok(await bucket.put("k", "x".repeat(1_000_000)));
  });
});
