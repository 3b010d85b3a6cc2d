import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import t from "tap";
import { liveText } from "../../../cli/load/live-line.ts";
import { LatencyHistogram, type LiveLoad } from "../../../runtime/index.ts";

t.setTimeout(180_000);

function liveOf(elapsedMs: number, ok: number, ...spansMs: readonly number[]): LiveLoad {
  const histogram = new LatencyHistogram({ digits: 2 });
  for (const spanMs of spansMs) histogram.record(spanMs);
  const latency = histogram.toRecord();
  return {
    elapsedMs,
    sent: ok + 4,
    ok,
    failed: 1,
    inFlight: 3,
    ...(latency === undefined ? {} : { latency }),
  };
}

t.test("liveText", async (t) => {
  t.test("adds up what the generators said, and merges their latencies", async (t) => {
    const text = liveText([liveOf(2_000, 150, 1, 1, 2), liveOf(1_900, 100, 50)], {
      runMs: 11_000,
      before: { atMs: 1_500, ok: 200 },
    });
    t.equal(text, "2.0 of 11.0 s   100/s   6 in flight   p50 1.00 ms   p99 50 ms   2 failed");
  });

  t.test(
    "has dashes where nothing was answered, and says when it waits for the last",
    async (t) => {
      const text = liveText([{ ...liveOf(12_000, 0), failed: 0 }], {
        runMs: 11_000,
        before: { atMs: 11_500, ok: 0 },
      });
      t.equal(text, "waiting for answers   0/s   3 in flight   p50 -   p99 -   0 failed");
    },
  );
});

const SCRIPT = "/usr/bin/script";
const terminal = existsSync(SCRIPT) ? {} : { skip: "there is no script(1) to make a terminal" };
const MAIN = fileURLToPath(new URL("../../../cli/main.js", import.meta.url));

t.test("troupe bench load on a terminal", terminal, async (t) => {
  t.test("shows how it goes on one line and takes it away before the report", async (t) => {
    const command = `"${process.execPath}" "${MAIN}" bench load --nodes 1 --rate 50 --duration 2s`;
    const child = spawn(SCRIPT, ["-qec", command, "/dev/null"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let shown = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      shown += text;
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    t.equal(code, 0, shown);
    const written = shown.split("\r\u001b[2K");
    const looks = written.filter((line) =>
      /^[\d.]+ of 3\.0 s {3}\d+\/s {3}\d+ in flight {3}p50 [^\n]*$/.test(line),
    );
    t.ok(looks.length >= 1, `${looks.length} looks, each over the one before`);
    t.match(written.at(-1), /^echo@1\.echo \(ask\)/, "and none stays before the report");
  });
});
