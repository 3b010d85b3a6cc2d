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
});
