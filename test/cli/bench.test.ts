import t from "tap";
import { troupe } from "./troupe-command.ts";

t.setTimeout(120_000);

t.test("troupe bench load", async (t) => {
  t.test("reports an open loop on three nodes as JSON", async (t) => {
    const run = await troupe([
      ...["bench", "load", "--nodes", "3", "--rate", "200", "--arrivals", "poisson"],
      ...["--duration", "1s", "--warmup", "200ms", "--json"],
    ]);
    t.equal(run.exitCode, 0, run.stderr);
    const report = JSON.parse(run.stdout);
    t.match(report, { v: 2, nodes: 3, operation: "echo", loop: { kind: "open", rateHz: 200 } });
    t.ok(report.ok > 100, `${report.ok} answered`);
    t.equal(report.intended, report.ok + report.unfinished + report.unsent);
    t.ok(report.latency.p50Ms <= report.latency.p99Ms);
    t.ok(report.latency.p99Ms <= report.latency.maxMs);
  });

  t.test("reports a closed loop as a table", async (t) => {
    const run = await troupe([
      ...["bench", "load", "--nodes", "1", "--concurrency", "8"],
      ...["--duration", "500ms", "--warmup", "100ms"],
    ]);
    t.equal(run.exitCode, 0, run.stderr);
    t.match(run.stdout, /^echo@1 echo on 1 nodes\n8 at a time/);
    t.match(run.stdout, /p99\.9/);
  });

  t.test("says what is wrong with its options", async (t) => {
    const both = await troupe(["bench", "load", "--rate", "1", "--concurrency", "1"]);
    t.equal(both.exitCode, 2);
    t.match(both.stderr, /either --rate or --concurrency/);
    const span = await troupe(["bench", "load", "--duration", "soon"]);
    t.equal(span.exitCode, 2);
    t.match(span.stderr, /a span is like/);
  });
});
