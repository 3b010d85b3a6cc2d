import { t } from "tap";
import { LatencyHistogram } from "../../../runtime/load/latency.ts";
import type { LoadWindow } from "../../../runtime/load/load-part.ts";
import { type LoadReport, loadReportOf } from "../../../runtime/load/load-report.ts";
import { LoadTally } from "../../../runtime/load/load-tally.ts";
import { TroupeError } from "../../../runtime/troupe-error.ts";

const LOOP = { kind: "open", rateHz: 10, arrivals: "constant" } as const;

function reportOf(tally: LoadTally, endedMs: number, window: LoadWindow): LoadReport {
  return loadReportOf([tally.part(endedMs)], { ...window, loop: LOOP });
}

t.test("LoadTally", async (t) => {
  t.test("T1: the intended start alone decides whether a request is measured", async (t) => {
    const window = { warmupMs: 100, endMs: 200 };
    const tally = new LoadTally(window);
    const early = { intendedAtMs: 99, sentAtMs: 150 };
    const inside = { intendedAtMs: 199, sentAtMs: 250 };
    for (const request of [early, inside]) {
      tally.sent(request);
      tally.answered(request, 260);
    }
    tally.unsent(99);
    tally.unsent(200);
    t.match(reportOf(tally, 200, window), { intended: 1, ok: 1, unsent: 0, unfinished: 0 });
  });

  t.test("T2: latency runs from the intended start, service from the real one", async (t) => {
    const window = { warmupMs: 0, endMs: 100 };
    const tally = new LoadTally(window);
    const request = { intendedAtMs: 10, sentAtMs: 40 };
    tally.sent(request);
    tally.answered(request, 45);
    const { latency, service, lateness } = reportOf(tally, 100, window);
    t.same([latency?.maxMs, service?.maxMs, lateness?.maxMs], [35, 5, 30]);
  });

  t.test("throughput counts good answers that came within the window", async (t) => {
    const window = { warmupMs: 100, endMs: 600 };
    const tally = new LoadTally(window);
    const request = { intendedAtMs: 100, sentAtMs: 100 };
    for (const atMs of [99, 100, 599, 600]) tally.answered(request, atMs);
    t.equal(reportOf(tally, 600, window).throughputHz, 4);
  });

  t.test("what was sent and not settled is unfinished; failures go by code or name", async (t) => {
    const window = { warmupMs: 0, endMs: 100 };
    const tally = new LoadTally(window);
    const request = { intendedAtMs: 0, sentAtMs: 0 };
    for (let i = 0; i < 4; i++) tally.sent(request);
    tally.failed(request, new TroupeError("ask.timeout", "late"));
    tally.failed(request, new RangeError("no"));
    t.match(reportOf(tally, 50, window), {
      intended: 4,
      unfinished: 2,
      failed: { "ask.timeout": 1, RangeError: 1 },
      stopped: true,
      measuredMs: 50,
    });
  });

  t.test("T4: tells 64 kinds of failure apart and counts the rest together", async (t) => {
    const window = { warmupMs: 0, endMs: 100 };
    const tally = new LoadTally(window);
    const request = { intendedAtMs: 0, sentAtMs: 0 };
    for (let i = 0; i < 70; i++) {
      tally.sent(request);
      tally.failed(request, `kind ${i}`);
    }
    const { failed, unfinished } = reportOf(tally, 100, window);
    t.equal(Object.keys(failed).length, 65);
    t.equal(failed["other"], 6);
    t.equal(unfinished, 0);
  });

  t.test("P1: what travels as JSON adds up to what one tally had counted", async (t) => {
    const window = { warmupMs: 0, endMs: 1_000 };
    const [one, two, both] = [0, 1, 2].map(() => new LoadTally(window));
    if (one === undefined || two === undefined || both === undefined) throw new Error("three");
    for (let i = 0; i < 200; i++) {
      const request = { intendedAtMs: i * 5, sentAtMs: i * 5 + (i % 3) };
      for (const tally of [i % 2 === 0 ? one : two, both]) {
        tally.sent(request);
        if (i % 10 === 9) tally.failed(request, new RangeError("no"));
        else tally.answered(request, request.intendedAtMs + 7 + (i % 50));
      }
    }
    const travelled = [one, two].map((tally) => JSON.parse(JSON.stringify(tally.part(1_000))));
    const summed = loadReportOf(travelled, { ...window, loop: LOOP });
    const whole = reportOf(both, 1_000, window);
    const { hdr: summedHdr = "", ...latency } = summed.latency ?? {};
    const { hdr: wholeHdr = "", ...expected } = whole.latency ?? {};
    t.same(latency, expected);
    const at = (hdr: string) => LatencyHistogram.from({ hdr, minMs: 7, maxMs: 56 }).at(73);
    t.equal(at(summedHdr), at(wholeHdr));
    t.same(summed.timeline, whole.timeline);
    t.same(summed.failed, { RangeError: 20 });
  });
});
