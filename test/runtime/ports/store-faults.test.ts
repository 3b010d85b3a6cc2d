import t from "tap";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { noStoreFaults, StoreCalls } from "../../../runtime/ports/store-faults.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

function setUp(seed = 1) {
  const clock = new ManualClock();
  const faults = noStoreFaults();
  const calls = new StoreCalls("the store", faults, { clock, random: seededRandom(seed) });
  const effects: string[] = [];
  const write = (name: string) =>
    calls.write(
      () => effects.push(name),
      () => true,
    );
  return { clock, faults, calls, effects, write };
}

const refused = { code: "store.unavailable", message: "the store did not answer in time" };

t.test("StoreCalls", async (t) => {
  t.test("I1: with all switches off the effect is within the call", async (t) => {
    const { effects, write, clock } = setUp();
    const written = write("a");
    t.strictSame(effects, ["a"]);
    await written;
    t.equal(clock.pending, 0);
  });

  t.test("delays a call on its way and its answer on its way back", async (t) => {
    const { clock, faults, effects, write } = setUp();
    faults.delayMs = [100, 100];
    let isAnswered: boolean = false;
    void write("a").then(() => {
      isAnswered = true;
    });
    await clock.advanceAsync(99);
    t.strictSame(effects, []);
    await clock.advanceAsync(1);
    t.strictSame(effects, ["a"]);
    await clock.advanceAsync(99);
    t.equal(isAnswered, false);
    await clock.advanceAsync(1);
    t.equal(isAnswered, true);
  });

  t.test(
    "I2: calls keep their order, whatever their delays, also past a change of them",
    async (t) => {
      const { clock, faults, effects, write } = setUp();
      faults.delayMs = [0, 500];
      const names = Array.from({ length: 20 }, (_, i) => `${i}`);
      const written = names.map((name) => write(name));
      faults.delayMs = [0, 0];
      written.push(write("last"));
      await clock.advanceAsync("2s");
      await Promise.all(written);
      t.strictSame(effects, [...names, "last"]);
    },
  );

  t.test("refuses a share of the calls, without an effect", async (t) => {
    const { faults, effects, write } = setUp();
    faults.refusedShare = 0.5;
    const results = await Promise.allSettled(Array.from({ length: 200 }, () => write("a")));
    const kept = results.filter(({ status }) => status === "fulfilled").length;
    t.equal(effects.length, kept);
    t.ok(kept > 60 && kept < 140, `${kept} of 200`);
  });

  t.test("stores a share of the writes and says that it did not", async (t) => {
    const { faults, effects, write, calls } = setUp();
    faults.storedButTimedOutShare = 0.5;
    const results = await Promise.allSettled(Array.from({ length: 200 }, () => write("a")));
    const sure = results.filter(({ status }) => status === "fulfilled").length;
    t.equal(effects.length, 200);
    t.ok(sure > 60 && sure < 140, `${sure} of 200`);
    t.equal(await calls.read(() => 7), 7, "reads are not in doubt");
  });

  t.test(
    "I3: a call waits for a leader that is back in time, and then has its effect",
    async (t) => {
      const { clock, calls, effects, write } = setUp();
      let isBack: boolean = false;
      t.equal(
        calls.loseLeader(4_500, () => {
          isBack = true;
        }),
        4_500,
      );
      t.equal(calls.isAway, true);
      const written = write("a");
      await clock.advanceAsync(4_499);
      t.strictSame(effects, []);
      await clock.advanceAsync(1);
      await written;
      t.strictSame(effects, ["a"]);
      t.strictSame([isBack, calls.isAway], [true, false]);
    },
  );

  t.test("I3: a call that waited 5 s rejects and never has an effect", async (t) => {
    const { clock, calls, effects, write } = setUp();
    calls.loseLeader(8_000, () => {});
    const written = t.rejects(write("a"), refused);
    await clock.advanceAsync(5_000);
    await written;
    const inTime = write("b");
    await clock.advanceAsync("10s");
    await inTime;
    t.strictSame(effects, ["b"]);
  });

  t.test("a leader that goes while a call is on its way loses it", async (t) => {
    const { clock, faults, calls, effects, write } = setUp();
    faults.delayMs = [100, 100];
    const written = t.rejects(write("a"), refused);
    await clock.advanceAsync(50);
    calls.loseLeader(1_000, () => {});
    await clock.advanceAsync(100);
    await written;
    t.strictSame(effects, []);
  });

  t.test("rejects at once while the leader is away, when that is what calls do", async (t) => {
    const { faults, calls, effects, write } = setUp();
    faults.whileAway = "rejects";
    calls.loseLeader(1_000, () => {});
    await t.rejects(write("a"), refused);
    t.strictSame(effects, []);
  });

  t.test("a leader is away for 4 to 9 s by the seed's chance", async (t) => {
    const spans = Array.from({ length: 50 }, (_, seed) =>
      setUp(seed).calls.loseLeader(undefined, () => {}),
    );
    t.ok(spans.every((ms) => ms >= 4_000 && ms <= 9_000));
    t.ok(new Set(spans).size > 25);
  });

  t.test("a write in doubt may be stored late, after others, or be lost on its way", async (t) => {
    const { clock, faults, calls, effects, write } = setUp();
    Object.assign(faults, { storedButTimedOut: 2, storedLateMs: [500, 500] });
    await t.rejects(write("late"), refused);
    await write("later").catch(() => {});
    t.strictSame(effects, []);
    await write("at once");
    await clock.advanceAsync(500);
    t.strictSame(effects, ["at once", "late", "later"]);
    faults.storedButTimedOut = 1;
    await t.rejects(write("lost"), refused);
    calls.loseLeader(100, () => {});
    await clock.advanceAsync(1_000);
    t.strictSame(effects, ["at once", "late", "later"]);
  });

  t.test("I4: a power cut undoes what was changed since the last sync", async (t) => {
    const { clock, faults, calls } = setUp();
    faults.syncEveryMs = 1_000;
    const stored: string[] = [];
    const keep = (name: string) =>
      calls.write(
        () => {
          stored.push(name);
          calls.changed(() => stored.pop());
        },
        () => true,
      );
    await keep("synced");
    await clock.advanceAsync(1_000);
    await keep("a");
    await keep("b");
    let isBack: boolean = false;
    const awayMs = calls.cutPower(undefined, () => {
      isBack = true;
    });
    t.ok(awayMs >= 300 && awayMs <= 3_000, `away for ${awayMs} ms`);
    t.strictSame(stored, ["synced"]);
    const waits = keep("c");
    await clock.advanceAsync(awayMs);
    await waits;
    t.equal(isBack, true);
    t.strictSame(stored, ["synced", "c"]);
  });

  t.test("I4: a power cut undoes nothing where each change is synced first", async (t) => {
    const { calls } = setUp();
    calls.changed(() => t.fail("undone"));
    t.equal(
      calls.cutPower(700, () => {}),
      700,
    );
    t.equal(calls.isAway, true);
  });
});
