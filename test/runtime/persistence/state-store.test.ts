import t from "tap";
import type { Activation } from "../../../runtime/activation.ts";
import { Stale } from "../../../runtime/kernel/ask-error.ts";
import { StateStore } from "../../../runtime/persistence/state-store.ts";
import type { KeyValueChange } from "../../../runtime/ports/key-value.ts";
import { memoryKeyValues } from "../../../runtime/ports/memory-key-value.ts";

const ID = { name: "session/a", key: "virtual.session.a" };
const STALE = { code: "state.stale", outcome: "failed" };
const UNSAVED = { code: "store.unavailable", outcome: "unknown" };
const as = (token: number, holds: () => boolean = () => true): Activation => ({
  type: "session",
  key: "a",
  token,
  holds,
});

t.test("StateStore", async (t) => {
  t.test("T1, V1: a claim fences the writer before, whatever its clock says", async (t) => {
    const keyValues = memoryKeyValues();
    const { store: old } = await StateStore.claim(keyValues, ID, as(5), 1);
    await old.write("first");
    const { store: young, record } = await StateStore.claim(keyValues, ID, as(9), 1);
    t.strictSame(record.state, { value: "first" });
    await t.rejects(old.write("stale"), STALE);
    await young.write("second");
    t.strictSame((await (await keyValues.open("state")).get(ID.key))?.value, {
      v: 1,
      schema: 1,
      token: 9,
      state: { value: "second" },
    });
  });

  t.test("V1: tokens never decrease: a lower one neither claims nor writes", async (t) => {
    const keyValues = memoryKeyValues();
    const changes: KeyValueChange[] = [];
    await (await keyValues.open("state")).watch(">", (change) => changes.push(change));
    const claims = [3, 7, 5, 7, 6, 12];
    const claimed: number[] = [];
    for (const token of claims) {
      await StateStore.claim(keyValues, ID, as(token), 1).then(
        async ({ store }) => {
          claimed.push(token);
          await store.write(`by ${token}`);
        },
        (error) => t.ok(error instanceof Stale),
      );
    }
    t.strictSame(claimed, [3, 7, 7, 12]);
    const tokens = changes.map((change) =>
      change.type === "put" ? (change.value as { readonly token: number }).token : -1,
    );
    t.strictSame(tokens, [3, 3, 7, 7, 7, 7, 12, 12]);
  });

  t.test("a crash between claim and first write leaves the state as it was", async (t) => {
    const keyValues = memoryKeyValues();
    const { store } = await StateStore.claim(keyValues, ID, as(1), 1);
    await store.write("kept");
    await StateStore.claim(keyValues, ID, as(2), 1); // and dies here
    const { record } = await StateStore.claim(keyValues, ID, as(3), 1);
    t.strictSame(record.state, { value: "kept" });
    await t.rejects(StateStore.claim(keyValues, ID, as(2), 1), STALE);
  });

  t.test("M3: a claim leaves the version of the state as it is", async (t) => {
    const keyValues = memoryKeyValues();
    const { store } = await StateStore.claim(keyValues, ID, as(1), 1);
    await store.write("old");
    const { record } = await StateStore.claim(keyValues, ID, as(2), 4);
    t.match(record, { schema: 1, state: { value: "old" } });
    const again = await StateStore.claim(keyValues, ID, as(3), 1);
    t.match(again.record, { schema: 1, token: 3 });
  });

  t.test("V2: who no longer holds its activation writes nothing", async (t) => {
    const keyValues = memoryKeyValues();
    let holds: boolean = true;
    const { store } = await StateStore.claim(
      keyValues,
      ID,
      as(1, () => holds),
      1,
    );
    await store.write("held");
    const revision = (await (await keyValues.open("state")).get(ID.key))?.revision;
    holds = false;
    await t.rejects(store.write("not held"), STALE);
    t.equal((await (await keyValues.open("state")).get(ID.key))?.revision, revision);
  });

  t.test("T3: a write of unknown outcome is told as such, and fences itself", async (t) => {
    const keyValues = memoryKeyValues();
    const { store } = await StateStore.claim(keyValues, ID, as(1), 1);
    keyValues.faults.storedButTimedOut = 1;
    await t.rejects(store.write("in doubt"), UNSAVED);
    await t.rejects(store.write("after it"), STALE);
    const { record } = await StateStore.claim(keyValues, ID, as(1), 1);
    t.strictSame(record.state, { value: "in doubt" });
  });

  t.test("an actor without an activation is fenced by the revision alone", async (t) => {
    const keyValues = memoryKeyValues();
    const { store: one } = await StateStore.claim(keyValues, ID, undefined, 1);
    const { store: other } = await StateStore.claim(keyValues, ID, undefined, 1);
    await t.rejects(one.write(1), STALE);
    await other.write(2);
    const { record } = await StateStore.claim(keyValues, ID, undefined, 1);
    t.match(record, { token: 0, state: { value: 2 } });
  });

  t.test("a record of another format is refused", async (t) => {
    const keyValues = memoryKeyValues();
    await (await keyValues.open("state")).put(ID.key, { v: 2, anything: true });
    await t.rejects(StateStore.claim(keyValues, ID, as(1), 1), {
      code: "state.unreadable",
      message: "the state of session/a cannot be read: its record has format version 2",
    });
  });
});
