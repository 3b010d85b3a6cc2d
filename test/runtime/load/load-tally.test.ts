import { t } from "tap";
import { LoadTally } from "../../../runtime/load/load-tally.ts";
import { TroupeError } from "../../../runtime/troupe-error.ts";

const LOOP = { kind: "open", rateHz: 10, arrivals: "constant" } as const;

t.test("LoadTally", async (t) => {
  t.test("T1: the intended start alone decides whether a request is measured", async (t) => {
    const tally = new LoadTally({ warmupMs: 100, endMs: 200 });
    const early = { intendedAtMs: 99, sentAtMs: 150 };
    const inside = { intendedAtMs: 199, sentAtMs: 250 };
    for (const request of [early, inside]) {
      tally.sent(request);
      tally.answered(request, 260);
    }
    tally.unsent(99);
    tally.unsent(200);
    t.match(tally.report(LOOP, 200), { intended: 1, ok: 1, unsent: 0, unfinished: 0 });
  });

  t.test("T2: latency runs from the intended start, service from the real one", async (t) => {
    const tally = new LoadTally({ warmupMs: 0, endMs: 100 });
    const request = { intendedAtMs: 10, sentAtMs: 40 };
    tally.sent(request);
    tally.answered(request, 45);
    const { latency, service, lateness } = tally.report(LOOP, 100);
    t.same([latency?.maxMs, service?.maxMs, lateness?.maxMs], [35, 5, 30]);
  });

  t.test("throughput counts good answers that came within the window", async (t) => {
    const tally = new LoadTally({ warmupMs: 100, endMs: 600 });
    const request = { intendedAtMs: 0, sentAtMs: 0 };
    for (const atMs of [99, 100, 599, 600]) tally.answered(request, atMs);
    t.equal(tally.report(LOOP, 600).throughputHz, 4);
  });

  t.test("what was sent and not settled is unfinished; failures go by code or name", async (t) => {
    const tally = new LoadTally({ warmupMs: 0, endMs: 100 });
    const request = { intendedAtMs: 0, sentAtMs: 0 };
    for (let i = 0; i < 4; i++) tally.sent(request);
    tally.failed(request, new TroupeError("ask.timeout", "late"));
    tally.failed(request, new RangeError("no"));
    t.match(tally.report(LOOP, 50), {
      intended: 4,
      unfinished: 2,
      failed: { "ask.timeout": 1, RangeError: 1 },
      stopped: true,
      measuredMs: 50,
    });
  });
});
