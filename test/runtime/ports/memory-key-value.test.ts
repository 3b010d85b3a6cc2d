import t from "tap";
import type { KeyValueChange } from "../../../runtime/ports/key-value.ts";
import { memoryKeyValues } from "../../../runtime/ports/memory-key-value.ts";
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
});
