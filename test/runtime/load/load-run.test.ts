import { t } from "tap";
import { type LoadOptions, type Pace, runLoad } from "../../../runtime/load/load-run.ts";
import { systemClock } from "../../../runtime/ports/clock.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { systemScheduler } from "../../../runtime/ports/scheduler.ts";
import { ManualClock } from "../../../runtime/testing/manual-clock.ts";
import { TroupeError } from "../../../runtime/troupe-error.ts";

type Send = (clock: ManualClock) => LoadOptions["send"];

/** Answers each request after `spanMs`, however many there are. */
function answersAfter(spanMs: number): Send {
  return (clock) => () => new Promise((resolve) => clock.after(spanMs, () => resolve(undefined)));
}

/** Serves one request at a time, `spanMs` each; nothing is served before `openAtMs`. */
function serves(spanMs: number, openAtMs = 0): Send {
  return (clock) => {
    let freeAtMs = openAtMs;
    return () => {
      freeAtMs = Math.max(freeAtMs, clock.monotonicMs()) + spanMs;
      const waitMs = freeAtMs - clock.monotonicMs();
      return new Promise((resolve) => clock.after(waitMs, () => resolve(undefined)));
    };
  };
}

async function load(send: Send, options: Pace & Partial<LoadOptions> & { durationMs: number }) {
  const clock = new ManualClock();
  const running = runLoad({
    clock,
    scheduler: systemScheduler,
    random: seededRandom(1),
    send: send(clock),
    ...options,
  });
  // The longest any of these runs can take: warm-up, window, drain.
  await clock.advanceAsync((options.warmupMs ?? 0) + options.durationMs + 10_000);
  const report = await running;
  t.equal(clock.pending, 0, "no timer is left behind");
  const failed = Object.values(report.failed).reduce((sum, count) => sum + count, 0);
  t.equal(
    report.intended,
    report.ok + failed + report.unfinished + report.unsent,
    "R1: the account is complete",
  );
  return report;
}

t.test("runLoad, open loop", async (t) => {
  t.test("L1: sends at its rate and measures from the intended start", async (t) => {
    const report = await load(answersAfter(5), { rateHz: 100, durationMs: 1_000 });
    t.match(report, {
      v: 1,
      loop: { kind: "open", rateHz: 100, arrivals: "constant" },
      measuredMs: 1_000,
      stopped: false,
      intended: 100,
      ok: 100,
      failed: {},
      unfinished: 0,
      unsent: 0,
      throughputHz: 100,
    });
    t.match(report.latency, { count: 100, minMs: 5, p50Ms: 5, maxMs: 5 });
    t.match(report.lateness, { maxMs: 0 });
  });

  t.test("L1: slow answers do not slow it down", async (t) => {
    const report = await load(answersAfter(5_000), { rateHz: 100, durationMs: 1_000 });
    t.equal(report.ok, 100);
    t.equal(report.throughputHz, 0, "none came within the window");
  });

  t.test("T2: a stall is seen by every request that was meant to start during it", async (t) => {
    // Closed for half of the run, then quick: half of the users wait 250 ms on average.
    const stall = serves(0, 500);
    const open = await load(stall, { rateHz: 100, durationMs: 1_000 });
    t.ok((open.latency?.p90Ms ?? 0) >= 390, `open p90 ${open.latency?.p90Ms}`);

    const blind = await load(serves(1, 500), { concurrency: 1, durationMs: 1_000 });
    t.ok((blind.latency?.p90Ms ?? 9) <= 1.01, "a closed loop sees the stall once in 500");
  });

  t.test("L1: waiting for room among maxInFlight is latency, not a later start", async (t) => {
    const report = await load(answersAfter(20), { rateHz: 100, durationMs: 500, maxInFlight: 1 });
    t.match(report.service, { maxMs: 20 });
    t.ok((report.latency?.maxMs ?? 0) > 200, `latency ${report.latency?.maxMs}`);
    t.ok((report.lateness?.maxMs ?? 0) > 200, `lateness ${report.lateness?.maxMs}`);
    t.ok(report.unsent > 0, "and what found no room until the end is said");
  });

  t.test("goes on after a pause in which all were in flight but nothing was due", async (t) => {
    const report = await load(answersAfter(8), { rateHz: 100, durationMs: 500, maxInFlight: 1 });
    t.match(report, { ok: 50, unsent: 0 });
    t.match(report.lateness, { maxMs: 0 });
  });

  t.test(
    "starts within a fraction of a millisecond when it polls for the last stretch",
    async (t) => {
      // The system clock's timers do not hold the process.
      const hold = setInterval(() => {}, 1_000);
      t.teardown(() => clearInterval(hold));
      const report = await runLoad({
        clock: systemClock,
        scheduler: systemScheduler,
        random: seededRandom(1),
        send: async () => {},
        rateHz: 200,
        durationMs: 250,
        wait: "spin",
      });
      t.equal(report.ok, 50);
      t.ok((report.lateness?.p50Ms ?? 1) < 0.5, `p50 of lateness ${report.lateness?.p50Ms} ms`);
    },
  );

  t.test("a timer that fires early does not end the window early", async (t) => {
    class EarlyClock extends ManualClock {
      override after(delayMs: number, fire: () => void): () => void {
        return super.after(delayMs > 1 ? delayMs - 0.9 : delayMs, fire);
      }
    }
    const clock = new EarlyClock();
    const running = runLoad({
      clock,
      scheduler: systemScheduler,
      random: seededRandom(1),
      send: async () => {},
      rateHz: 2_000,
      durationMs: 100,
    });
    await clock.advanceAsync(200);
    t.match(await running, { intended: 200, ok: 200, unsent: 0, stopped: false, measuredMs: 100 });
  });

  t.test("poisson arrivals have the same rate on average and uneven gaps", async (t) => {
    const sentAtMs: number[] = [];
    const send: Send = (clock) => async () => {
      sentAtMs.push(clock.monotonicMs());
    };
    const report = await load(send, { rateHz: 500, arrivals: "poisson", durationMs: 1_000 });
    t.ok(report.intended > 430 && report.intended < 570, `${report.intended} requests`);
    const gaps = sentAtMs.map((atMs, i) => Math.round((atMs - (sentAtMs[i - 1] ?? 0)) * 100));
    t.ok(new Set(gaps).size > 100, `${new Set(gaps).size} different gaps`);
  });

  t.test("T1: warm-up requests are sent but not measured", async (t) => {
    let sent = 0;
    const send: Send = (clock) => (sequence) => {
      t.equal(sequence, sent++, "sequences count on");
      const spanMs = clock.monotonicMs() < 300 ? 90 : 1;
      return new Promise((resolve) => clock.after(spanMs, () => resolve(undefined)));
    };
    const report = await load(send, { rateHz: 100, warmupMs: 300, durationMs: 700 });
    t.equal(sent, 100);
    t.match(report, { intended: 70, ok: 70, warmupMs: 300, measuredMs: 700 });
    t.equal(report.latency?.maxMs, 1);
  });
});

t.test("runLoad, closed loop", async (t) => {
  t.test("L2: keeps its number in flight and says which loop it was", async (t) => {
    let most = 0;
    let inFlight = 0;
    const send: Send = (clock) => async () => {
      most = Math.max(most, ++inFlight);
      await new Promise((resolve) => clock.after(10, () => resolve(undefined)));
      inFlight--;
    };
    const report = await load(send, { concurrency: 4, durationMs: 1_000 });
    t.equal(most, 4);
    t.match(report, { loop: { kind: "closed", concurrency: 4 }, ok: 400 });
    t.equal(report.throughputHz, 396, "the last four answers come at the very end");
  });

  t.test("lets timers have their turn when answers come as microtasks", async (t) => {
    const clock = new ManualClock();
    const running = runLoad({
      clock,
      scheduler: systemScheduler,
      random: seededRandom(1),
      send: async () => {},
      concurrency: 2,
      durationMs: 50,
    });
    await clock.settle();
    clock.advance(50);
    const report = await running;
    t.ok(report.ok > 256);
  });
});

t.test("runLoad, failures and ends", async (t) => {
  t.test("counts failures by code, and a send that throws too", async (t) => {
    const send: Send = () => async (sequence) => {
      if (sequence % 4 === 1) throw new TroupeError("mailbox.full", "full");
      if (sequence % 4 === 2) throw new RangeError("no");
      if (sequence % 4 === 3) throw "a string";
    };
    const throwing: Send = () => () => {
      throw new TypeError("at once");
    };
    const report = await load(send, { rateHz: 40, durationMs: 1_000 });
    t.match(report, { ok: 10, failed: { "mailbox.full": 10, RangeError: 10, "a string": 10 } });
    t.equal(report.latency?.count, 10, "latency is that of good answers");
    t.match(await load(throwing, { rateHz: 10, durationMs: 500 }), { failed: { TypeError: 5 } });
  });

  t.test(
    "L3: gives up on answers after drainMs, counts them and aborts their signal",
    async (t) => {
      const aborted: unknown[] = [];
      const send: Send = () => (_, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            aborted.push(signal.reason);
            reject(signal.reason);
          });
        });
      for (const pace of [{ rateHz: 10 }, { concurrency: 5 }]) {
        aborted.length = 0;
        const report = await load(send, { ...pace, durationMs: 500, drainMs: 1_000 });
        t.match(report, { intended: 5, ok: 0, unfinished: 5, failed: {}, throughputHz: 0 });
        t.equal(report.latency, undefined);
        t.equal(aborted.length, 5);
      }
    },
  );

  t.test("L3: the signal ends it early, and the report covers what was measured", async (t) => {
    const clock = new ManualClock();
    const stop = new AbortController();
    clock.after(250, () => stop.abort());
    const running = runLoad({
      clock,
      scheduler: systemScheduler,
      random: seededRandom(1),
      send: answersAfter(1)(clock),
      rateHz: 100,
      durationMs: 1_000,
      signal: stop.signal,
    });
    await clock.advanceAsync(500);
    t.match(await running, { stopped: true, measuredMs: 250, ok: 26, unsent: 0 });
    t.equal(clock.pending, 0);
  });

  t.test("a signal that is already aborted ends it at once", async (t) => {
    const running = load(answersAfter(1), {
      rateHz: 100,
      durationMs: 1_000,
      signal: AbortSignal.abort(),
    });
    t.match(await running, { stopped: true, measuredMs: 0, throughputHz: 0 });
  });

  for (const [options, message] of [
    [{ rateHz: 0, durationMs: 1 }, "rateHz must be above 0: 0"],
    [{ concurrency: 1.5, durationMs: 1 }, "concurrency must be a whole number, 1 or more: 1.5"],
    [{ rateHz: 1, durationMs: Number.NaN }, "durationMs must be above 0: NaN"],
    [{ rateHz: 1, durationMs: 1, warmupMs: -1 }, "warmupMs must be 0 or more milliseconds: -1"],
    [{ rateHz: 1, durationMs: 1, maxInFlight: 0 }, /^maxInFlight must be a whole number/],
  ] as const) {
    t.test(`refuses ${JSON.stringify(options)}`, async (t) => {
      const running = runLoad({
        clock: new ManualClock(),
        scheduler: systemScheduler,
        random: seededRandom(1),
        send: async () => {},
        ...options,
      });
      await t.rejects(running, { name: "RangeError", message });
    });
  }
});
