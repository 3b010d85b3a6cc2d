import { t } from "tap";
import { loadDocumentText } from "../../../runtime/load/document-text.ts";
import { LatencyHistogram, type LatencySummary } from "../../../runtime/load/latency.ts";
import {
  type LoadDocument,
  type ProcessTimeline,
  parseLoadDocument,
} from "../../../runtime/load/load-document.ts";
import type { LoadReport } from "../../../runtime/load/load-report.ts";
import { loadWarnings } from "../../../runtime/load/load-verdict.ts";

function summaryOf(...spansMs: readonly number[]): LatencySummary {
  const histogram = new LatencyHistogram();
  for (const spanMs of spansMs) histogram.record(spanMs);
  const summary = histogram.summary();
  if (summary === undefined) throw new Error("no spans");
  return summary;
}

const REPORT: LoadReport = {
  v: 2,
  loop: { kind: "open", rateHz: 100, arrivals: "constant" },
  warmupMs: 0,
  measuredMs: 1_000,
  stopped: false,
  intended: 4,
  ok: 4,
  failed: {},
  examples: {},
  unfinished: 0,
  unsent: 0,
  held: 0,
  throughputHz: 4,
  latency: summaryOf(1, 1, 1.25, 2),
  lateness: summaryOf(0.3, 0.4, 0.5),
  timeline: [],
};

function processOf(role: ProcessTimeline["role"], cpuShare: number): ProcessTimeline {
  const sample = { atMs: 500, cpuShare, rssBytes: 104_857_600, lagMs: 3.25, queued: 7 };
  return { name: `${role}-1`, role, pid: 7, samples: [{ atMs: -100, cpuShare: 1 }, sample] };
}

t.test("loadWarnings", async (t) => {
  t.test("is silent where the generators had room", async (t) => {
    t.same(loadWarnings(REPORT, [processOf("generator", 0.4), processOf("node", 1.4)]), []);
  });

  t.test("V1: says that a generator was late, or used its whole core", async (t) => {
    const late = { ...REPORT, lateness: summaryOf(1, 2, 40) };
    t.match(loadWarnings(late, []), [/the generators were late: .* 40\.0 ms/]);
    t.match(loadWarnings(REPORT, [processOf("generator", 0.97)]), [
      /generator-1 used 97 % of a core/,
    ]);
    const slow = { ...late, latency: summaryOf(900, 950) };
    t.same(loadWarnings(slow, []), [], "40 ms of 900 bend nothing");
  });

  t.test("V2: says that an open loop ran into its bound", async (t) => {
    t.match(loadWarnings({ ...REPORT, held: 3, unsent: 2 }, []), [
      /^5 requests waited .* the loop was not open for them/,
    ]);
  });

  t.test("says which tells did not arrive, or that nobody counted", async (t) => {
    t.match(loadWarnings(REPORT, [], { sent: 10, received: 8 }), ["2 of 10 tells did not arrive"]);
    t.same(loadWarnings(REPORT, [], { sent: 10, received: 10 }), []);
    t.match(loadWarnings(REPORT, [], { sent: 10, unknown: "no node was started" }), [
      /nobody counted .*: no node was started/,
    ]);
  });
});

const DOCUMENT: LoadDocument = {
  v: 1,
  kind: "troupe.load",
  startedAtMs: 1_767_225_600_000,
  target: { kind: "tell", name: "log@1.note" },
  parameters: { rate: "100" },
  environment: { node: "v20" },
  report: REPORT,
  receipt: { sent: 4, received: 4 },
  processes: [
    processOf("node", 0.5),
    { name: "theirs", role: "node", samples: [], unknown: "it does not answer" },
  ],
  warnings: ["something"],
  objectives: [
    { text: "p99<20ms", met: true, measured: "12.00ms" },
    { text: "rate>9", met: false, measured: "4.0/s" },
  ],
};

t.test("loadDocumentText", async (t) => {
  t.test("prints the processes, what is unknown, the warnings and the objectives", async (t) => {
    t.equal(
      loadDocumentText(DOCUMENT),
      [
        "log@1.note (tell)",
        "100/s constant, 1.0 s: 4 of 4 ok, 4.0/s",
        "",
        "ms                     min      mean       p50       p90       p99     p99.9       max",
        "latency               1.00      1.31      1.00      2.00      2.00      2.00      2.00",
        "lateness              0.30      0.40      0.40      0.50      0.50      0.50      0.50",
        "tells, the warm-up's too: 4 sent, 4 received",
        "",
        "                       cpu   cpu max    memory   lag max    queued",
        "node-1                50 %      50 %    100 MB    3.3 ms         7",
        "theirs: unknown, it does not answer",
        "",
        "! something",
        "",
        "✓ met    p99<20ms (12.00ms)",
        "✗ missed rate>9 (4.0/s)",
      ].join("\n"),
    );
  });
});

t.test("parseLoadDocument", async (t) => {
  t.test("reads back what was printed", async (t) => {
    t.same(parseLoadDocument(JSON.stringify(DOCUMENT)), { ok: true, value: DOCUMENT });
  });

  t.test("says why it reads nothing", async (t) => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ["{", /no JSON/],
      ["[]", /no report of troupe bench load/],
      ["null", /no report of troupe bench load/],
      ['{"v":1,"kind":"other"}', /no report of troupe bench load/],
      ['{"v":9,"kind":"troupe.load"}', /version 9; this reads version 1/],
      ['{"v":1,"kind":"troupe.load","report":{"v":1}}', /not whole, or of another version/],
      ['{"v":1,"kind":"troupe.load"}', /not whole, or of another version/],
    ];
    for (const [text, message] of cases) {
      t.match(parseLoadDocument(text), { ok: false, error: message }, text);
    }
  });
});
