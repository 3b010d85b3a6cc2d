import { t } from "tap";
import type { LoadReport } from "../../../runtime/load/load-report.ts";
import { loadReportText } from "../../../runtime/load/load-text.ts";

const SUMMARY = {
  count: 9,
  minMs: 1,
  meanMs: 2.5,
  p50Ms: 2,
  p90Ms: 4,
  p95Ms: 5,
  p99Ms: 10.123,
  p999Ms: 11,
  maxMs: 12_345.678,
  hdr: "",
};

const REPORT: LoadReport = {
  v: 2,
  loop: { kind: "open", rateHz: 100, arrivals: "poisson" },
  warmupMs: 0,
  measuredMs: 2_000,
  stopped: false,
  intended: 20,
  ok: 9,
  failed: { "mailbox.full": 3, "ask.timeout": 4 },
  unfinished: 1,
  unsent: 3,
  held: 0,
  examples: { "mailbox.full": "no room" },
  timeline: [],
  throughputHz: 4.5,
  latency: SUMMARY,
  service: SUMMARY,
};

t.test("loadReportText", async (t) => {
  t.test("prints the pace, the table and every trouble", async (t) => {
    t.equal(
      loadReportText(REPORT),
      [
        "100/s poisson, 2.0 s: 9 of 20 ok, 4.5/s",
        "",
        "ms                     min      mean       p50       p90       p99     p99.9       max",
        "latency               1.00      2.50      2.00      4.00     10.12     11.00  12345.68",
        "service               1.00      2.50      2.00      4.00     10.12     11.00  12345.68",
        "! 4 failed: ask.timeout",
        "! 3 failed: mailbox.full (no room)",
        "! 1 had no answer at the end",
        "! 3 were not sent: too many in flight; latencies leave them out",
      ].join("\n"),
    );
  });

  t.test("says when the loop was closed and the run was stopped", async (t) => {
    const text = loadReportText({
      ...REPORT,
      loop: { kind: "closed", concurrency: 8 },
      stopped: true,
      failed: {},
    });
    t.match(text, /^8 at a time, each after the answer before/);
    t.match(text, /stopped before its time$/);
  });

  t.test("R3: has no figure where nothing succeeded", async (t) => {
    const failed = { "ask.invalid": 20 };
    const { latency: _latency, service: _service, ...rest } = REPORT;
    const nothing = { ...rest, lateness: SUMMARY, ok: 0, failed, throughputHz: 0, unsent: 0 };
    t.equal(
      loadReportText({ ...nothing, unfinished: 0 }),
      [
        "100/s poisson, 2.0 s: 0 of 20 ok",
        "! nothing succeeded, so there is nothing to measure",
        "! 20 failed: ask.invalid",
      ].join("\n"),
    );
  });

  t.test("is plain data that JSON carries unchanged", async (t) => {
    t.same(JSON.parse(JSON.stringify(REPORT)), REPORT);
  });
});
