import t from "tap";
import {
  ask,
  createSystem,
  eventSourced,
  protocol,
  silentLog,
  type TroupeError,
} from "../../../runtime/index.ts";
import { memoryEventLogs } from "../../../runtime/ports/memory-event-log.ts";
import { memoryKeyValues } from "../../../runtime/ports/memory-key-value.ts";

const Tally = protocol("tally@1", {
  add: ask<number, number>(),
  addAll: ask<readonly number[], number>(),
  sum: ask<undefined, number>(),
});

interface Kept {
  readonly id?: string;
  readonly snapshotEvery?: number;
  readonly keep?: "everything" | "since-snapshot";
}

/** How many events each start applied. */
const applied = { count: 0 };

const tallyOf = (kept: Kept = {}) =>
  eventSourced(
    Tally,
    {
      version: 1,
      initial: () => 0,
      apply: (sum, event: { readonly by: number }) => {
        applied.count++;
        return sum + event.by;
      },
      id: "t",
      ...kept,
    },
    {
      add: (ctx, by) => {
        ctx.persist({ by });
        return ctx.state;
      },
      addAll: (ctx, all) => {
        for (const by of all) ctx.persist({ by });
        return ctx.state;
      },
      sum: (ctx) => ctx.state,
    },
    { backoff: { initial: "1ms", max: "1s" } },
  );

const failure = (promise: Promise<unknown>): Promise<TroupeError> =>
  promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: TroupeError) => error,
  );

function stores() {
  const keyValues = memoryKeyValues();
  const eventLogs = memoryEventLogs();
  const system = createSystem({ keyValues, eventLogs, log: silentLog });
  const log = () => eventLogs.open("actor.named.t");
  const snapshots = () => keyValues.open("snapshots");
  return { keyValues, eventLogs, system, log, snapshots };
}

t.test("eventSourced", async (t) => {
  t.test("E2: the events of a message are one append, and none without events", async (t) => {
    const { system, log } = stores();
    const ref = system.spawn(tallyOf());
    t.equal(await ref.ask("addAll", [1, 2, 3]), 6);
    await ref.ask("sum");
    t.match(
      (await (await log()).read(0)).map(({ event }) => event),
      [
        { v: 1, n: 1, token: 0 },
        { v: 1, n: 2, event: { schema: 1, value: { by: 1 } } },
        { v: 1, n: 3, event: { schema: 1, value: { by: 2 } } },
        { v: 1, n: 4, event: { schema: 1, value: { by: 3 } } },
      ],
    );
    await system.shutdown();
  });

  t.test("E1: a start reads the last snapshot and the events since", async (t) => {
    const { system, snapshots, log } = stores();
    const ref = system.spawn(tallyOf({ snapshotEvery: 10 }));
    for (let n = 0; n < 25; n++) await ref.ask("add", 1);
    t.match((await (await snapshots()).get("named.t"))?.value, { n: 20, state: { value: 19 } });
    await system.stop(ref, "kill");
    applied.count = 0;
    t.equal(await system.spawn(tallyOf()).ask("sum"), 25);
    t.equal(applied.count, 6);
    t.equal((await (await log()).read(0)).length, 27, "everything is kept unless said otherwise");
    await system.shutdown();
  });

  t.test("what a snapshot tells of is removed where that is asked for", async (t) => {
    const { system, log } = stores();
    const kept: Kept = { snapshotEvery: 10, keep: "since-snapshot" };
    const ref = system.spawn(tallyOf(kept));
    for (let n = 0; n < 25; n++) await ref.ask("add", 1);
    t.equal((await (await log()).read(0)).length, 7);
    await system.stop(ref, "kill");
    const again = system.spawn(tallyOf(kept));
    t.equal(await again.ask("sum"), 25);
    t.equal(await again.ask("add", 1), 26);
    await system.shutdown();
  });

  t.test("J3: a stale owner's snapshot never replaces a later one", async (t) => {
    const { keyValues, eventLogs, system, snapshots } = stores();
    const kept: Kept = { snapshotEvery: 4, keep: "since-snapshot" };
    const old = createSystem({ keyValues, eventLogs, log: silentLog });
    const older = old.spawn(tallyOf(kept));
    await older.ask("add", 1);
    // Its next append is accepted; while its snapshot is on the way another takes over.
    keyValues.faults.refusedShare = 1;
    await older.ask("addAll", [1, 1]);
    keyValues.faults.refusedShare = 0;
    const newer = system.spawn(tallyOf(kept));
    t.equal(await newer.ask("addAll", [1, 1, 1]), 6);
    const standing = (await (await snapshots()).get("named.t"))?.value;
    t.match(await failure(older.ask("addAll", [9, 9, 9, 9])), { code: "state.stale" });
    t.strictSame((await (await snapshots()).get("named.t"))?.value, standing);
    await system.stop(newer, "kill");
    t.equal(await system.spawn(tallyOf(kept)).ask("sum"), 6);
    await Promise.all([system.shutdown(), old.shutdown()]);
  });

  t.test("J4: a snapshot that cannot be written fails no message", async (t) => {
    const { keyValues, system, snapshots } = stores();
    const ref = system.spawn(tallyOf({ snapshotEvery: 3 }));
    await ref.ask("add", 1);
    keyValues.faults.refusedShare = 1;
    for (let n = 0; n < 4; n++) await ref.ask("add", 1);
    keyValues.faults.refusedShare = 0;
    t.equal(await (await snapshots()).get("named.t"), undefined);
    for (let n = 0; n < 3; n++) await ref.ask("add", 1);
    t.ok(await (await snapshots()).get("named.t"));
    t.equal(await ref.ask("sum"), 8);
    await system.shutdown();
  });

  t.test("E4: after an append in doubt the actor goes on with what is stored", async (t) => {
    const { eventLogs, system } = stores();
    const ref = system.spawn(tallyOf());
    await ref.ask("add", 1);
    eventLogs.faults.storedButTimedOut = 1;
    t.match(await failure(ref.ask("add", 2)), { code: "store.unavailable", outcome: "unknown" });
    t.equal(await ref.ask("sum"), 3);
    eventLogs.faults.unavailable = true;
    t.match(await failure(ref.ask("add", 4)), { outcome: "unknown" });
    eventLogs.faults.unavailable = false;
    t.equal(await ref.ask("add", 8), 11);
    await system.shutdown();
  });

  t.test("R2: an entry that is missing is noticed, and nothing is made of the rest", async (t) => {
    const { system, log } = stores();
    const ref = system.spawn(tallyOf());
    for (let n = 0; n < 5; n++) await ref.ask("add", 1);
    const events = await log();
    const [, , third] = await events.read(0);
    await events.trim(third?.sequence ?? 0);
    await system.stop(ref, "kill");
    const error = await failure(system.spawn(tallyOf()).ready);
    t.match(error, { cause: { code: "state.unreadable" } });
    t.match(error.message, /the log of t cannot be read: entry 1 is missing before/);
    await system.shutdown();
  });

  t.test("R2: a log that was removed under its snapshot is noticed", async (t) => {
    const { system, log } = stores();
    const ref = system.spawn(tallyOf({ snapshotEvery: 3 }));
    for (let n = 0; n < 5; n++) await ref.ask("add", 1);
    await (await log()).purge();
    await system.stop(ref, "kill");
    const error = await failure(system.spawn(tallyOf()).ready);
    t.match(error.message, /the log of t cannot be read: it ends at 0, before its snapshot/);
    await system.shutdown();
  });

  t.test("events and snapshots move from version 1 to 3, and back is refused", async (t) => {
    const { system, snapshots } = stores();
    const first = system.spawn(tallyOf({ snapshotEvery: 4 }));
    for (const by of [1, 2, 3, 4, 5]) await first.ask("add", by);
    t.match((await (await snapshots()).get("named.t"))?.value, { schema: 1 });
    const third = (migrate: boolean) =>
      eventSourced(
        Tally,
        {
          version: 3,
          initial: () => ({ sum: 0, events: 0 }),
          apply: (state, event: { readonly cents: number; readonly from: string }) => ({
            sum: state.sum + event.cents / 100,
            events: state.events + 1,
          }),
          upcast: {
            1: (old: { readonly by: number }) => ({ cents: old.by * 100 }),
            2: (old: { readonly cents: number }) => ({ ...old, from: "unknown" }),
          },
          ...(migrate
            ? {
                migrate: {
                  1: (old: number) => ({ sum: old }),
                  2: (old: { readonly sum: number }) => ({ ...old, events: 1_000 }),
                },
              }
            : {}),
          id: "t",
        },
        {
          add: (ctx, by) => {
            ctx.persist({ cents: by * 100, from: "here" });
            return ctx.state.events;
          },
          addAll: (ctx) => ctx.state.events,
          sum: (ctx) => ctx.state.sum,
        },
      );
    const rebuilt = system.spawn(third(false));
    t.equal(await rebuilt.ask("sum"), 15);
    t.equal(await rebuilt.ask("addAll", []), 5, "without a migration it is built from all events");
    const migrated = system.spawn(third(true));
    t.equal(await migrated.ask("sum"), 15);
    t.equal(await migrated.ask("add", 1), 1_000 + 2 + 1);
    const error = await failure(system.spawn(tallyOf()).ready);
    t.match(error, { cause: { code: "state.unreadable" } });
    t.match(
      error.message,
      /an event of t is of version 3, and this program knows versions up to 1/,
    );
    await system.shutdown();
  });

  t.test("the state is changed by events alone", async (t) => {
    const { system } = stores();
    const wrong = eventSourced(
      Tally,
      { version: 1, initial: () => 0, apply: (sum, by: number) => sum + by, id: "w" },
      {
        add: (ctx, by) => {
          (ctx as { state: number }).state = by;
          return 0;
        },
        addAll: () => 0,
        sum: (ctx) => ctx.state,
      },
    );
    const ref = system.spawn(wrong);
    t.match(await failure(ref.ask("add", 1)), { message: /changes through ctx\.persist/ });
    await system.shutdown();
  });

  t.test("refuses options that cannot hold, and a system without logs", async (t) => {
    t.throws(() => tallyOf({ snapshotEvery: 0 }), RangeError);
    const system = createSystem({ keyValues: memoryKeyValues(), log: silentLog });
    t.match(await failure(system.spawn(tallyOf()).ready), {
      message: /t is event-sourced, and this system was given no event logs/,
    });
    await system.shutdown();
  });
});
