import { t } from "tap";
import type { LoadDocument, ProcessTimeline } from "../../../runtime/load/load-document.ts";
import { loadPage } from "../../../runtime/load/load-page.ts";
import { type LoadReport, loadReportOf } from "../../../runtime/load/load-report.ts";
import { LoadTally } from "../../../runtime/load/load-tally.ts";
import { lineChart } from "../../../runtime/load/page-chart.ts";

const WINDOW = { warmupMs: 0, endMs: 2_000 };

function reportOf(outcome: "ok" | "failed"): LoadReport {
  const tally = new LoadTally(WINDOW);
  for (let i = 0; i < 200; i++) {
    const request = { intendedAtMs: i * 10, sentAtMs: i * 10 + 1 };
    tally.sent(request);
    if (outcome === "ok") tally.answered(request, i * 10 + 1 + (i % 17));
    else tally.failed(request, new RangeError("<script>alert(1)</script>"));
  }
  const loop = { kind: "open", rateHz: 100, arrivals: "constant" } as const;
  return loadReportOf([tally.part(2_000)], { ...WINDOW, loop });
}

const NODE: ProcessTimeline = {
  name: 'n1"><b>',
  role: "node",
  pid: 7,
  samples: [
    { atMs: -500, cpuShare: 0.2, rssBytes: 1e8, lagMs: 1, queued: 3 },
    { atMs: 700, cpuShare: 0.9, rssBytes: 1.2e8, lagMs: 12, queued: 40 },
  ],
};

function documentOf(report: LoadReport, rest: Partial<LoadDocument> = {}): LoadDocument {
  return {
    v: 1,
    kind: "troupe.load",
    startedAtMs: 1_767_225_600_000,
    target: { kind: "ask", name: "meter@1.wait" },
    parameters: { payload: '{"a":"<i>"}' },
    environment: { node: "v20" },
    report,
    processes: [NODE, { name: "theirs", role: "node", samples: [], unknown: "it is silent" }],
    warnings: ["a & b"],
    ...rest,
  };
}

t.test("loadPage", async (t) => {
  t.test("needs nothing beside itself, and is whole", async (t) => {
    const page = loadPage(documentOf(reportOf("ok")));
    t.notMatch(page, /(?:src|href)=|https?:|@import|url\(|<script/);
    t.match(page, /^<!doctype html>\n<html lang="en">/);
    for (const tag of ["figure", "svg", "table", "details", "main", "ul", "h2"]) {
      const opened = page.match(new RegExp(`<${tag}[ >]`, "g"))?.length;
      t.equal(opened, page.match(new RegExp(`</${tag}>`, "g"))?.length, tag);
    }
    t.notMatch(page, /NaN|Infinity|undefined/);
  });

  t.test(
    "has percentiles, latency and requests over time, and each process over time",
    async (t) => {
      const page = loadPage(documentOf(reportOf("ok")));
      const titles = [...page.matchAll(/<h3>([^<]+)<\/h3>/g)].map(([, title]) => title);
      t.same(titles, [
        "Percentiles",
        "Latency over time",
        "Requests over time",
        "Processor",
        "Memory",
        "Event loop",
        "Mailboxes",
      ]);
      t.match(page, /theirs: it is silent\./);
    },
  );

  t.test("P1: escapes whatever came from outside", async (t) => {
    const page = loadPage(documentOf(reportOf("failed")));
    t.notMatch(page, /<script>|<i>"|"><b>/);
    t.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
    t.match(page, /a &amp; b/);
  });

  t.test("P2: has no figures of a run in which nothing succeeded", async (t) => {
    const page = loadPage(documentOf(reportOf("failed")));
    t.match(page, /Nothing succeeded, so there is nothing to measure/);
    t.notMatch(page, /Percentiles|Latency over time/);
    t.match(page, /RangeError<\/th><td>200<\/td><td>100\.00 %<\/td>/);
  });

  t.test("is readable without colours or eyes: charts are named and have tables", async (t) => {
    const page = loadPage(documentOf(reportOf("ok")));
    const charts = page.match(/<figure>[\s\S]*?<\/figure>/g) ?? [];
    t.equal(charts.length, 7);
    for (const chart of charts) {
      t.match(chart, /<svg [^>]*role="img" aria-label="[^"]{10,}"/);
      t.match(chart, /<details><summary>as a table<\/summary>.*<table><caption>/s);
    }
    t.match(page, /<th scope="row">/);
    t.match(page, /prefers-color-scheme: dark/);
  });

  t.test("shows objectives in words and a former run beside this one", async (t) => {
    const report = reportOf("ok");
    const objectives = [
      { text: "p99<20ms", met: true, measured: "16.00ms" },
      { text: "rate>1000", met: false, measured: "100.0/s" },
    ];
    const before = documentOf({ ...report, loop: { kind: "closed", concurrency: 3 } });
    const page = loadPage(documentOf(report, { objectives }), before);
    t.match(page, /✓ met<\/b> p99&lt;20ms/);
    t.match(page, /✗ missed<\/b> rate&gt;1000/);
    t.match(page, /latency before/);
    t.match(page, /Not the same load: one loop was closed, the other open/);
    t.match(page, /within the noise/);
  });
});

t.test("lineChart", async (t) => {
  const chart = {
    title: "one",
    about: "two",
    xName: "x",
    yName: "y",
    xTicks: [],
    xShown: String,
    yShown: String,
  };

  t.test("P3: interrupts a line where there is no figure", async (t) => {
    const points = [1, undefined, 3, 4].map((y, x) => ({ x, y }));
    const text = lineChart({ ...chart, lines: [{ name: "a", points }] });
    const [, path = ""] = /<path class="line l0" d="(M[^"]+)"/.exec(text) ?? [];
    t.equal(path.match(/M/g)?.length, 2);
    t.equal(path.match(/L/g)?.length, 1);
    t.match(text, /<th scope="row">1<\/th><td>–<\/td>/);
  });

  t.test("is empty without a point", async (t) => {
    t.equal(lineChart({ ...chart, lines: [{ name: "a", points: [{ x: 1, y: undefined }] }] }), "");
  });

  t.test("a logarithmic axis has whole decades, and keeps 0 on the ground", async (t) => {
    const points = [0, 0.4, 90].map((y, x) => ({ x, y }));
    const lines = [{ name: "a", points }];
    const text = lineChart({ ...chart, lines, yScale: "logarithmic" });
    const labels = [...text.matchAll(/<text class="y"[^>]*>([^<]+)</g)].map(([, label]) => label);
    t.same(labels, ["0.1", "1", "10", "100"]);
    t.notMatch(text, /NaN|Infinity/);
  });
});
