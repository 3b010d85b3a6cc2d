/** H1 to H3: histories in files. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { told } from "./chronicle.ts";
import { HistoryFile, machineMs, merged, recordsIn } from "./history-file.ts";
import { invariants } from "./invariants.ts";
import { judge } from "./judge.ts";
import type { Fact, HistoryRecord } from "./record.ts";
import { Recorder } from "./recorder.ts";

function folder(t: { teardown(end: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), "troupe-history-"));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

function written(path: string, records: readonly HistoryRecord[]): void {
  const file = new HistoryFile(path);
  for (const record of records) file.write(record);
  file.close();
}

const began: Fact = { type: "life.began" };

t.test("A history file", async (t) => {
  t.test("gives back what was written, lines longer than it reads at once included", async (t) => {
    const path = join(folder(t), "a.jsonl");
    const { records } = told(
      began,
      { type: "actors.listed", paths: Array.from({ length: 30_000 }, (_, i) => `päth/${i}`) },
      { type: "run.quiet" },
    );
    written(path, records);
    assert.deepEqual([...recordsIn(path)], records);
  });
  t.test("H2: leaves out a last line that is cut off", async (t) => {
    const path = join(folder(t), "a.jsonl");
    const { records } = told(began, { type: "run.quiet" });
    written(path, records);
    appendFileSync(path, '{"v":1,"type":"run.qu');
    assert.deepEqual([...recordsIn(path)], records);
  });
  t.test("H2: refuses a line that is no record, naming it", async (t) => {
    const path = join(folder(t), "a.jsonl");
    const { records } = told(began);
    for (const [line, why] of [
      ["{", "not JSON"],
      ["7", "without type and version"],
      ['{"type":"run.quiet","v":2}', "version 2"],
    ]) {
      rmSync(path, { force: true });
      written(path, records);
      appendFileSync(path, `${line}\n`);
      written(path, records);
      assert.throws(() => [...recordsIn(path)], new TypeError(`${path}:2 is no record: ${why}`));
    }
  });
  t.test("H3: merges files by time and keeps the order of each", async () => {
    const a = told(began, began, began).at(10).tell(began).records;
    const b = told().by("n2").at(1).tell(began).at(9).tell(began, began, began).records;
    const both = [...merged([a, [], b])];
    assert.deepEqual(
      both.map(({ node, seq }) => `${node} ${seq}`),
      ["n1 1", "n1 2", "n2 1", "n1 3", "n2 2", "n1 4", "n2 3", "n2 4"],
    );
  });
});

t.test("Processes that write histories", { timeout: 120_000 }, async (t) => {
  t.test("H1: lose no record by SIGKILL, and share one clock", async (t) => {
    const place = folder(t);
    const paths = ["n1", "n2", "harness"].map((node) => join(place, `${node}.jsonl`));
    const own = new HistoryFile(join(place, "harness.jsonl"));
    const harness = new Recorder({
      node: "harness",
      life: "1",
      nowMs: machineMs,
      write: own.write,
    });
    const program = new URL("./fixtures/recording-process.js", import.meta.url);
    const ended = ["n1", "n2"].map(async (node, i) => {
      const process = fork(program, [node, paths[i] ?? ""]);
      const { pid } = process;
      let said = 0;
      process.on("message", (seq) => {
        // It says what it has written, after that.
        said = Number(seq);
        if (said !== 200) return;
        const touches = [node];
        harness.tell({
          type: "fault.began",
          fault: `kill ${node}`,
          kind: "kill",
          touches,
          forMs: 0,
        });
        process.kill("SIGKILL");
      });
      await once(process, "exit");
      harness.tell({ type: "life.ended", of: node, ofLife: String(pid), how: "killed" });
      return said;
    });
    const said = await Promise.all(ended);
    harness.tell({ type: "run.quiet" });
    own.close();
    const files = paths.map((path) => [...recordsIn(path)]);
    for (const [i, records] of files.entries()) {
      assert.ok(records.length >= (said[i] ?? 0));
      assert.deepEqual(
        records.map(({ seq }) => seq),
        records.map((_, at) => at + 1),
      );
    }
    const verdicts = judge(merged(files), invariants);
    assert.deepEqual(
      verdicts.flatMap(({ violations }) => violations),
      [],
    );
    const judged = verdicts.filter(({ judged }) => judged > 0).map(({ invariant }) => invariant);
    assert.deepEqual(judged, ["T1", "T2", "T3", "A1", "A2", "A3", "A4", "S3", "S4"]);
  });
});
