import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { openRunFolder } from "../../../examples/licence-review/run-folder.ts";
import type { TroupeEvent } from "../../../runtime/index.ts";
import { summaryOf } from "./summary-under-test.ts";

const event = (seq: number): TroupeEvent => ({
  v: 1,
  node: "n1",
  seq,
  atMs: 1,
  type: "task.accepted",
  task: `t${seq}`,
  capability: "read@1",
});

t.test("openRunFolder", async (t) => {
  t.test("keeps the events in their order, and the summary in three forms", async (t) => {
    const complaints: string[] = [];
    const folder = openRunFolder(t.testdir(), "r1", (line) => complaints.push(line));
    for (let seq = 0; seq < 1_000; seq++) folder.record(event(seq));
    const summary = summaryOf("a/LICENSE");
    await folder.close(summary);
    const path = folder.path ?? "";
    const read = (name: string) => readFileSync(join(path, name), "utf8");
    const lines = read("events.jsonl").trim().split("\n");
    t.same(
      lines.map((line) => (JSON.parse(line) as TroupeEvent).seq),
      Array.from({ length: 1_000 }, (_, seq) => seq),
    );
    t.same(JSON.parse(read("summary.json")), summary);
    t.match(read("report.md"), /^# Licence review r1/);
    t.match(read("report.html"), /^<!doctype html>/);
    t.same(complaints, []);
  });

  t.test(
    "F1: says in one line that it cannot be written, and takes events nevertheless",
    async (t) => {
      // A file in the folder's place refuses root as well, whom permissions do not stop.
      const base = t.testdir({ ".troupe": "" });
      const complaints: string[] = [];
      const folder = openRunFolder(base, "r1", (line) => complaints.push(line));
      t.equal(folder.path, undefined);
      folder.record(event(0));
      await folder.close(summaryOf("a"));
      t.equal(complaints.length, 1);
      t.match(complaints[0], /^no report is written: [^\n]*$/);
    },
  );

  t.test("F1: says in one line that the folder went away meanwhile", async (t) => {
    const base = t.testdir();
    const complaints: string[] = [];
    const folder = openRunFolder(base, "r1", (line) => complaints.push(line));
    const path = folder.path ?? "";
    folder.record(event(0));
    rmSync(path, { recursive: true });
    writeFileSync(path, "");
    await folder.close(summaryOf("a"));
    t.match(complaints.at(-1), /^the report is not complete: [^\n]*$/);
  });

  t.test("F1: keeps the summary when the events' file breaks long before the end", async (t) => {
    const base = t.testdir({ ".troupe": { runs: { r1: {} } } });
    const path = join(base, ".troupe", "runs", "r1");
    // Takes an opening and refuses every byte, as a full disk does.
    symlinkSync("/dev/full", join(path, "events.jsonl"));
    let complained: (line: string) => void = () => {};
    const complaint = new Promise<string>((resolve) => {
      complained = resolve;
    });
    const folder = openRunFolder(base, "r1", (line) => complained(line));
    folder.record(event(0));
    t.match(await complaint, /^the events are not complete: ENOSPC/);
    await new Promise((resolve) => setImmediate(resolve));
    const summary = summaryOf("a");
    await folder.close(summary);
    t.same(JSON.parse(readFileSync(join(path, "summary.json"), "utf8")), summary);
  });
});
