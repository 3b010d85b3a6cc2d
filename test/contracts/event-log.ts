/**
 * What every `EventLogs` must do, whichever store is behind it.
 *
 * Logs are opened under fresh names, so that one store serves the whole suite.
 */
import type { Test } from "tap";
import type { Append, EventLog, EventLogs, LogEntry } from "../../runtime/ports/event-log.ts";
import { Collected } from "./collected.ts";

/** A store under test. */
export interface EventLogsUnderTest {
  readonly eventLogs: EventLogs;
}

function sequenceOf(append: Append): number {
  if (!append.ok) throw new Error(`refused: ${JSON.stringify(append.conflict)}`);
  return append.sequence;
}

const eventsOf = (entries: readonly LogEntry[]) => entries.map(({ event }) => event);

/** Runs the suite; `start` is called once. */
export async function eventLogContract(
  t: Test,
  start: () => Promise<EventLogsUnderTest>,
): Promise<void> {
  const { eventLogs } = await start();
  let opened = 0;
  const fresh = (): Promise<EventLog> => eventLogs.open(`contract.log-${++opened}`);

  await t.test("J1: reads back what was appended, under sequences that grow", async (t) => {
    const log = await fresh();
    t.equal(log.name, `contract.log-${opened}`);
    t.equal(await log.last(), 0);
    t.strictSame(await log.read(0), []);
    await log.append([{ n: 1, list: [1, "x", null] }]);
    const last = sequenceOf(await log.append([{ n: 2 }, { n: 3 }]));
    const entries = await log.read(0);
    t.strictSame(eventsOf(entries), [{ n: 1, list: [1, "x", null] }, { n: 2 }, { n: 3 }]);
    const sequences = entries.map(({ sequence }) => sequence);
    t.strictSame(
      sequences,
      [...new Set(sequences)].sort((a, b) => a - b),
    );
    t.ok((sequences[0] ?? 0) > 0);
    t.equal(sequences.at(-1), last);
    t.equal(await log.last(), last);
  });

  await t.test(
    "J2: refuses an append that knows an older last, and says what stands",
    async (t) => {
      const log = await fresh();
      const first = sequenceOf(await log.append(["a"], 0));
      t.strictSame(await log.append(["b"], 0), { ok: false, conflict: { last: first } });
      const second = sequenceOf(await log.append(["b"], first));
      t.strictSame(await log.append(["c", "d"], first), { ok: false, conflict: { last: second } });
      t.strictSame(eventsOf(await log.read(0)), ["a", "b"]);
      t.ok((await log.append(["c"])).ok, "without an expectation any last will do");
    },
  );

  await t.test("J2: of writers who know the same, one is accepted", async (t) => {
    const log = await fresh();
    const last = sequenceOf(await log.append(["start"]));
    const appends = await Promise.all(["a", "b", "c", "d"].map((name) => log.append([name], last)));
    t.equal(appends.filter(({ ok }) => ok).length, 1);
    t.equal((await log.read(0)).length, 2);
  });

  await t.test("J2: what happens in one log is nothing to another", async (t) => {
    const [one, other] = [await fresh(), await fresh()];
    const last = sequenceOf(await one.append(["a"], 0));
    await other.append(["x"], 0);
    t.ok((await one.append(["b"], last)).ok);
    t.strictSame(eventsOf(await other.read(0)), ["x"]);
  });

  await t.test("J3: the events of an append stand together", async (t) => {
    const log = await fresh();
    const events = (name: string) => [1, 2, 3].map((n) => `${name}${n}`);
    await Promise.all(["a", "b", "c"].map((name) => log.append(events(name))));
    const read = eventsOf(await log.read(0)).map(String);
    t.equal(read.length, 9);
    for (const name of ["a", "b", "c"]) {
      const at = read.indexOf(`${name}1`);
      t.strictSame(read.slice(at, at + 3), events(name));
    }
  });

  await t.test("reads from a sequence on, as many as wanted", async (t) => {
    const log = await fresh();
    await log.append(["a", "b", "c", "d"]);
    const [, second = 0, third = 0] = (await log.read(0)).map(({ sequence }) => sequence);
    t.strictSame(eventsOf(await log.read(second, 2)), ["b", "c"]);
    t.strictSame(eventsOf(await log.read(third + 1)), ["d"]);
    t.strictSame(await log.read((await log.last()) + 1), []);
  });

  await t.test("J4: another handle of the same log sees what was acknowledged", async (t) => {
    const log = await fresh();
    const again = await eventLogs.open(log.name);
    const last = sequenceOf(await log.append(["a"]));
    t.equal(await again.last(), last);
    t.strictSame(eventsOf(await again.read(0)), ["a"]);
  });

  await t.test(
    "J5: a follower is told what stands and what comes, each once, in order",
    async (t) => {
      const log = await fresh();
      await log.append(["a", "b"]);
      const told = new Collected<LogEntry>();
      const cancel = await log.follow(0, told.listener);
      await told.count(2);
      for (let n = 0; n < 20; n++) await log.append([n]);
      t.strictSame(eventsOf(await told.count(22)), ["a", "b", ...Array.from(Array(20).keys())]);
      t.strictSame(told.all, await log.read(0));
      cancel();
    },
  );

  await t.test(
    "J5: a follower begins where it says, and is told no more once it left",
    async (t) => {
      const log = await fresh();
      await log.append(["a", "b", "c"]);
      const [, second] = await log.read(0);
      const told = new Collected<LogEntry>();
      const cancel = await log.follow(second?.sequence ?? 0, told.listener);
      t.strictSame(eventsOf(await told.count(2)), ["b", "c"]);
      cancel();
      await log.append(["d"]);
      const other = new Collected<LogEntry>();
      const cancelOther = await log.follow(0, other.listener);
      await other.count(4);
      t.equal(told.all.length, 2);
      cancelOther();
    },
  );

  await t.test("a purged log is empty and begins anew", async (t) => {
    const log = await fresh();
    const last = sequenceOf(await log.append(["a", "b"]));
    await log.purge();
    t.strictSame(await log.read(0), []);
    t.equal(await log.last(), 0);
    t.equal((await log.append(["c"], last)).ok, false);
    t.ok(sequenceOf(await log.append(["c"], 0)) > last, "J1: also after a purge");
  });

  await t.test("J2: a trimmed log keeps its last entry, and with it its fence", async (t) => {
    const log = await fresh();
    const last = sequenceOf(await log.append(["a", "b", "c", "d"]));
    const [, , third] = await log.read(0);
    await log.trim(third?.sequence ?? 0);
    t.strictSame(eventsOf(await log.read(0)), ["c", "d"]);
    await log.trim(last + 1_000);
    t.strictSame(eventsOf(await log.read(0)), ["d"]);
    t.equal(await log.last(), last);
    t.equal((await log.append(["e"], 0)).ok, false);
    t.ok((await log.append(["e"], last)).ok);
    const empty = await fresh();
    await empty.trim(5);
    t.equal(await empty.last(), 0);
  });

  await t.test(
    "regression: a log trimmed before its beginning keeps all its entries",
    async (t) => {
      const log = await fresh();
      const last = sequenceOf(await log.append(["a", "b"], 0));
      for (const before of [0, 1]) {
        await log.trim(before);
        t.strictSame(eventsOf(await log.read(0)), ["a", "b"]);
      }
      t.ok((await log.append(["c"], last)).ok);
    },
  );

  await t.test("J5: a follower that was there before a purge hears what comes later", async (t) => {
    const log = await fresh();
    await log.append(["a"]);
    const told = new Collected<LogEntry>();
    const cancel = await log.follow(0, told.listener);
    await told.count(1);
    await log.purge();
    await log.append(["b"], 0);
    t.strictSame(eventsOf(await told.count(2)), ["a", "b"]);
    cancel();
  });

  await t.test("J1, J3: a thousand events are one append, and are read in pieces", async (t) => {
    const log = await fresh();
    const numbers = Array.from(Array(1_000).keys());
    await log.append(numbers, 0);
    const read: LogEntry[] = [];
    for (let from = 0; ; from = (read.at(-1)?.sequence ?? 0) + 1) {
      const entries = await log.read(from, 300);
      if (entries.length === 0) break;
      read.push(...entries);
    }
    t.strictSame(eventsOf(read), numbers);
  });

  await t.test("J3: a hundred appends of several events at once are all accepted", async (t) => {
    const logs = await Promise.all(Array.from({ length: 100 }, fresh));
    const appends = await Promise.all(logs.map((log) => log.append([1, 2, 3], 0)));
    t.equal(appends.filter(({ ok }) => ok).length, 100);
    const read = await Promise.all(logs.map((log) => log.read(0)));
    t.ok(read.every((entries) => entries.length === 3));
  });

  await t.test("refuses what is too large or no plain data, and stores none of it", async (t) => {
    const log = await fresh();
    const large = "x".repeat(600_000);
    await t.rejects(log.append([large, large]), { code: "payload.too-large" });
    await t.rejects(log.append(["fine", () => {}]), TypeError);
    await t.rejects(log.append([]), RangeError);
    await t.rejects(log.append(Array.from(Array(1_001).keys())), RangeError);
    t.equal(await log.last(), 0);
    await t.rejects(eventLogs.open("no such * name"), TypeError);
  });
}
