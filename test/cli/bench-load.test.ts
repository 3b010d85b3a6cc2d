import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import t from "tap";
import { LatencyHistogram, type LoadDocument, type LoadReport } from "../../runtime/index.ts";
import { load, SHORT } from "./load-under-test.ts";
import { troupe } from "./troupe-command.ts";

t.setTimeout(600_000);

const AZURE = fileURLToPath(
  new URL("../../../../shared/data/azure_llm_2023_conv.csv.gz", import.meta.url),
);

function failuresIn({ failed }: LoadReport): number {
  return Object.values(failed).reduce((sum, count) => sum + count, 0);
}

t.test("troupe bench load", async (t) => {
  t.test("reports an open loop of two generators on three nodes as one", async (t) => {
    const run = await troupe([
      ...["bench", "load", "--nodes", "3", "--generators", "2"],
      ...["--rate", "200", "--arrivals", "poisson", "--seed", "7", ...SHORT, "--json"],
    ]);
    t.equal(run.exitCode, 0, run.stderr);
    const document = JSON.parse(run.stdout) as LoadDocument;
    const { report, processes } = document;
    t.match(document, {
      v: 1,
      kind: "troupe.load",
      target: { kind: "ask", name: "echo@1.echo" },
      parameters: { rate: "200", seed: "7" },
      report: { v: 2, loop: { kind: "open", rateHz: 200, arrivals: "poisson" }, stopped: false },
    });
    t.ok(report.ok > 100, `${report.ok} answered`);
    t.equal(
      report.intended,
      report.ok + failuresIn(report) + report.unfinished + report.unsent,
      "R1: the account is complete",
    );
    const { latency } = report;
    if (latency === undefined) return t.fail("no latency");
    t.ok(latency.p50Ms <= latency.p99Ms && latency.p99Ms <= latency.maxMs);
    t.equal(LatencyHistogram.from(latency).count, report.ok, "the whole histogram is there");
    const names = processes.map(({ name }) => name);
    t.same(names, ["n1", "n2", "n3", "generator-1", "generator-2"]);
    for (const { name, samples } of processes) {
      const [sample] = samples;
      t.ok((sample?.rssBytes ?? 0) > 1e7 && (sample?.cpuShare ?? -1) >= 0, `${name} was sampled`);
    }
    return t.equal(typeof processes[0]?.samples[0]?.queued, "number", "mailboxes too");
  });

  t.test("I2: the same seed sends the same load from one generator and from three", async (t) => {
    const poisson = ["--nodes", "1", "--rate", "300", "--arrivals", "poisson", "--seed", "11"];
    const counts = [];
    for (const generators of ["1", "3"]) {
      const { report } = await load(
        "--op",
        "wait",
        "--payload",
        '{"ms":0}',
        ...poisson,
        "--generators",
        generators,
      );
      counts.push(report.intended);
    }
    t.equal(counts[0], counts[1]);
  });

  t.test("reports a closed loop as a table", async (t) => {
    const run = await troupe([
      ...["bench", "load", "--nodes", "1", "--concurrency", "8", "--duration", "500ms"],
    ]);
    t.equal(run.exitCode, 0, run.stderr);
    t.match(run.stdout, /^echo@1\.echo \(ask\)\n8 at a time, each after the answer before/);
    t.match(run.stdout, /p99\.9/);
    t.notMatch(run.stdout, /lateness/);
    t.match(run.stderr, /^load on echo@1\.echo: 1 node, 1 generator, 0\.5 s after 1\.0 s/m);
  });

  t.test("measures a server that is known to take 40 ms as no quicker than that", async (t) => {
    const { report } = await load(
      ...["--nodes", "1", "--op", "meter@1.wait", "--payload", '{"ms":40}', "--rate", "50"],
    );
    t.equal(report.intended, 50);
    t.ok((report.service?.minMs ?? 0) >= 39, `service ${report.service?.minMs} ms at least`);
    t.ok((report.latency?.minMs ?? 0) >= (report.service?.minMs ?? 0) - 0.001);
  });

  t.test(
    "T2: a server that stands still for a second is seen by all who came meanwhile",
    async (t) => {
      const { report } = await load(
        ...["--nodes", "1", "--op", "stall", "--payload", '{"at":80,"ms":1000}'],
        ...["--rate", "100", "--duration", "3s"],
      );
      t.equal(report.ok, 300);
      // A hundred of the three hundred came during it and waited half a second on average.
      t.ok((report.latency?.p90Ms ?? 0) >= 600, `p90 ${report.latency?.p90Ms}`);
      t.ok((report.latency?.p99Ms ?? 0) >= 900, `p99 ${report.latency?.p99Ms}`);
      const stretches = report.timeline.filter(({ maxMs }) => (maxMs ?? 0) >= 500);
      t.ok(stretches.length > 0, "and the timeline shows when");
    },
  );

  t.test("measures streams: first chunk, between chunks, and the whole", async (t) => {
    const { report, target } = await load(
      ...["--nodes", "1", "--op", "meter@1.tokens", "--rate", "20"],
      ...["--payload", '{"count":5,"firstMs":40,"gapMs":10}'],
    );
    t.equal(target.kind, "stream");
    t.equal(report.ok, 20);
    t.equal(report.firstChunk?.count, 20);
    t.ok((report.firstChunk?.minMs ?? 0) >= 39);
    t.equal(report.chunkGap?.count, 80);
    t.ok((report.latency?.minMs ?? 0) >= 76);
  });

  t.test("counts tells where they arrive, and says when nobody can", async (t) => {
    const noted = await load("--nodes", "2", "--op", "meter@1.note", "--rate", "500");
    t.same(noted.receipt, { sent: 600, received: 600 });
    t.match(noted.report, { intended: 500, ok: 500 });
    t.equal(noted.report.latency, undefined, "a tell has no answer to wait for");
    t.ok(noted.report.throughputHz > 0);
    const pooled = await load("--nodes", "1", "--op", "pooled@1.note", "--rate", "50");
    t.match(pooled.receipt, { sent: 60, unknown: /pool/ });
    t.equal(pooled.receipt?.received, undefined);
    t.match(pooled.warnings.join("\n"), /nobody counted the tells/);
  });

  t.test("puts load on virtual actors by their keys, and counts their tells", async (t) => {
    const payload = ["--payload", '{"text":"hi"}'];
    const keyed = ["--nodes", "2", "--keys", "20", ...payload, "--rate", "50"];
    const asked = await load(...keyed, "--op", "session@1.said");
    t.match(asked.report, { intended: 50, ok: 50 });
    const noted = await load(...keyed, "--op", "session@1.noted");
    t.same(noted.receipt, { sent: 60, received: 60 });
  });

  t.test("measures durable tasks until their results are recorded", async (t) => {
    const { report, target } = await load(
      ...["--nodes", "2", "--capability", "weigh@1", "--payload", '{"grams":7}', "--rate", "40"],
    );
    t.same(target, { kind: "capability", name: "weigh@1" });
    t.match(report, { intended: 40, ok: 40 });
  });

  for (const pattern of ["orchestrator", "hierarchy", "blackboard", "market"]) {
    t.test(`runs a job of the ${pattern} pattern for each request`, async (t) => {
      const run = await troupe(
        [
          ...["bench", "load", "--pattern", pattern, "--nodes", "2", "--concurrency", "2"],
          ...[...SHORT, "--json"],
        ],
        { timeoutMs: 180_000 },
      );
      t.equal(run.exitCode, 0, run.stderr);
      const { report, target } = JSON.parse(run.stdout) as LoadDocument;
      t.same(target, { kind: "pattern", name: pattern });
      t.ok(
        report.ok > 0 && report.ok >= report.intended * 0.5,
        `${report.ok} of ${report.intended}`,
      );
    });
  }

  t.test("plays a trace from a compressed file, in a payload's turns", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "troupe-test-"));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const trace = join(folder, "trace.csv.gz");
    const rows = ["TIMESTAMP,ContextTokens,GeneratedTokens"];
    for (const second of [10, 11, 14, 19]) rows.push(`2023-11-16 18:17:${second}.5000000,1,1`);
    await writeFile(trace, gzipSync(rows.join("\n")));
    const payloads = join(folder, "payloads.jsonl");
    await writeFile(payloads, '{"ms":1}\n{"ms":2}\n');
    const { report, warnings } = await load(
      ...["--nodes", "1", "--op", "wait", "--payload", payloads],
      ...["--arrivals", `trace:${trace}`, "--rate", "50", "--warmup", "0ms"],
    );
    t.match(report.loop, { kind: "open", arrivals: "trace" });
    t.equal(Math.round(report.loop.kind === "open" ? report.loop.rateHz : 0), 50);
    t.ok(Math.abs(report.intended - 50) <= 3, `${report.intended} requests`);
    t.equal(report.ok, report.intended);
    t.match(warnings.join("\n"), /the trace was played 13 times over/);
  });

  const azure = existsSync(AZURE) ? {} : { skip: "the published trace is not on this machine" };
  t.test("plays the published Azure trace where it lies", azure, async (t) => {
    const { report } = await load(
      ...["--nodes", "1", "--op", "wait", "--payload", '{"ms":1}'],
      ...["--arrivals", `trace:${AZURE}`, "--speed", "20"],
    );
    t.match(report.loop, { arrivals: "trace" });
    t.ok(report.ok > 0);
  });
});
