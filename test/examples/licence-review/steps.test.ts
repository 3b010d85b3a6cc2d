import t, { type Test } from "tap";
import { jobEnd, jobReports, orchestrator } from "../../../actors/index.ts";
import type { Term } from "../../../examples/licence-review/answers/term.ts";
import { findLicenceFiles } from "../../../examples/licence-review/files/licence-files.ts";
import { textOf } from "../../../examples/licence-review/methods/references.ts";
import {
  Classify,
  type Guess,
  MOST_BYTES,
  Obligations,
  Read,
  type Subject,
  Summarise,
  type Summary,
  subjectText,
} from "../../../examples/licence-review/steps.ts";
import { type AssignmentReport, plan } from "../../../protocols/index.ts";
import { memoryCrew } from "./memory-crew.ts";

function projectOf(t: Test, licence: string): Subject {
  const root = t.testdir({
    p: { "package.json": '{"name":"p","version":"1.0.0"}', LICENSE: licence },
  });
  const [document] = findLicenceFiles(root).documents;
  if (document === undefined) throw new Error("there is one licence file");
  return { root, document };
}

/** What the steps give for one file, one after the other, by real workers. */
async function stepsOn(t: Test, subject: Subject): Promise<ReadonlyMap<string, unknown>> {
  const crew = await memoryCrew(t);
  const job = plan("steps", (assign) => {
    const read = assign(Read, { id: "read", given: subject });
    const guess = assign(Classify, { id: "classify", needs: { read } });
    assign(Obligations, { id: "terms", given: subject, needs: { read, shipped: [guess] } });
    assign(Summarise, { id: "summary", needs: { read } });
  });
  const boss = crew.system.spawn(orchestrator, { name: "boss", input: { plan: job } });
  await jobEnd(boss, { clock: crew.system.ports.clock, every: "5ms", timeout: "20s" });
  const reports: AssignmentReport[] = [];
  for await (const report of jobReports(boss)) reports.push(report);
  for (const { id, phase, error } of reports) t.equal(phase, "done", `${id} ${error?.message}`);
  return new Map(reports.map(({ id, result }) => [id, result]));
}

t.test("The steps of the review", async (t) => {
  t.test("read, classify, find the terms of and summarise a licence", async (t) => {
    const results = await stepsOn(t, projectOf(t, textOf("Apache-2.0")));
    t.match(results.get("read"), { kind: "read", text: { text: /Apache License/ } });
    const guess = results.get("classify") as Guess;
    t.match(guess, { licence: "Apache-2.0", unsure: false, opening: "title" });
    t.ok(guess.tokens > 1_000 && guess.workUnits >= guess.tokens);
    const kinds = (results.get("terms") as readonly Term[]).map(({ kind }) => kind);
    t.ok(kinds.includes("patent-grant") && kinds.includes("state-changes"), kinds.join());
    const summary = results.get("summary") as Summary;
    t.ok(summary.text.length > 20);
    t.match(summary.model, /./);
  });

  t.test("P1: do not fail for a file that is no text: they have nothing to say", async (t) => {
    const subject = projectOf(t, "\0\u0001\0\u0002 binary \0");
    const results = await stepsOn(t, subject);
    t.match(results.get("read"), { kind: "skipped", reason: /binary/ });
    t.match(results.get("classify"), { licence: null, unsure: false, tokens: 0 });
    t.same(results.get("terms"), []);
    t.match(results.get("summary"), { text: "" });
  });

  t.test("P1: do not fail for a file that has gone", async (t) => {
    const { root, document } = projectOf(t, textOf("MIT"));
    const gone = { root, document: { ...document, path: "p/GONE" } };
    const results = await stepsOn(t, gone);
    t.match(results.get("read"), { kind: "skipped" });
  });
});

t.test("subjectText", async (t) => {
  t.test("is the file's normalised text", async (t) => {
    t.match(subjectText(projectOf(t, textOf("MIT")))?.text, /permission is hereby granted/);
  });

  t.test("is absent for what cannot be read or is too large", async (t) => {
    const { root, document } = projectOf(t, "MIT ".repeat(MOST_BYTES));
    t.equal(subjectText({ root, document }), undefined);
    t.equal(subjectText({ root, document: { ...document, path: "nowhere" } }), undefined);
  });
});
