import t from "tap";
import { silentLog } from "../../../runtime/log.ts";
import { Journal } from "../../../runtime/persistence/journal.ts";
import { memoryEventLogs } from "../../../runtime/ports/memory-event-log.ts";
import { memoryKeyValues } from "../../../runtime/ports/memory-key-value.ts";
import { memoryPorts } from "../../../runtime/ports/memory-ports.ts";

const ID = { name: "tally/a", key: "virtual.tally.a" };

function world() {
  const keyValues = memoryKeyValues();
  const eventLogs = memoryEventLogs();
  const ports = memoryPorts("n1", { keyValues, eventLogs, log: silentLog });
  const claim = async (token: number, holds: () => boolean = () => true) => {
    const state = { sum: 0 };
    const journal = await Journal.claim({
      id: ID,
      activation: { type: "tally", key: "a", token, holds },
      ports,
      log: silentLog,
      schema: 1,
      snapshotEvery: 2,
      keep: "since-snapshot",
      begin: (snapshot) => {
        state.sum = Number(snapshot?.state.value ?? 0);
        return true;
      },
      replay: ({ value }) => {
        state.sum += Number(value);
      },
    });
    return { journal, state };
  };
  return { eventLogs, keyValues, claim };
}

t.test("Journal", async (t) => {
  t.test("J1, V1: a claim fences the appends of the one before", async (t) => {
    const { claim } = world();
    const { journal: old } = await claim(5);
    await old.append([1]);
    const { journal: young, state } = await claim(9);
    t.equal(state.sum, 1);
    await t.rejects(old.append([100]), { code: "state.stale" });
    await young.append([2]);
    await t.rejects(claim(7), { code: "state.stale" }, "a lower token claims nothing");
    t.equal((await claim(9)).state.sum, 3);
  });

  t.test("J3: a snapshot that comes late does not replace the one that stands", async (t) => {
    const { claim, keyValues } = world();
    const { journal: old } = await claim(1);
    await old.append([1, 1]); // due for a snapshot, which is still on its way when another takes over
    const { journal: young, state } = await claim(2);
    await young.append([1, 1]);
    await young.snapshotIfDue(() => state.sum + 2);
    const bucket = await keyValues.open("snapshots");
    const standing = (await bucket.get(ID.key))?.value;
    t.match(standing, { token: 2, state: { value: 4 } });
    await old.snapshotIfDue(() => 2);
    t.strictSame((await bucket.get(ID.key))?.value, standing);
    t.equal((await claim(3)).state.sum, 4);
  });

  t.test("J3: a snapshot of the one before is replaced by a later one", async (t) => {
    const { claim, keyValues } = world();
    const { journal: old } = await claim(1);
    await old.append([1, 1]);
    const { journal: young, state } = await claim(2);
    await young.append([1]);
    await old.snapshotIfDue(() => 2);
    await young.snapshotIfDue(() => state.sum + 1);
    const bucket = await keyValues.open("snapshots");
    t.match((await bucket.get(ID.key))?.value, { token: 2, state: { value: 3 } });
    t.equal((await claim(3)).state.sum, 3);
  });

  t.test("V2: who no longer holds its activation appends nothing", async (t) => {
    const { claim, eventLogs } = world();
    let holds: boolean = true;
    const { journal } = await claim(1, () => holds);
    await journal.append([1]);
    const last = await (await eventLogs.open(`actor.${ID.key}`)).last();
    holds = false;
    await t.rejects(journal.append([2]), { code: "state.stale" });
    t.equal(await (await eventLogs.open(`actor.${ID.key}`)).last(), last);
  });
});
