import t from "tap";
import { documentDraft, openFile } from "../../../examples/licence-review/files-board.ts";
import type { Hypothesis } from "../../../examples/licence-review/methods/hypothesis.ts";
import { type Entry, entryId } from "../../../protocols/index.ts";

const says = (source: Hypothesis["source"], licence: string, confidence: number): Hypothesis => {
  return { source, licence, confidence };
};

const claim = (licence: string, voices: readonly Hypothesis[], phase: Entry["phase"] = "live") =>
  ({
    id: entryId("hypothesis", "f", licence),
    level: "hypothesis",
    subject: "f",
    phase,
    value: { licence, voices },
    confidence: 0.5,
    causes: [],
  }) as unknown as Entry;

t.test("openFile", async (t) => {
  t.test("says who contends and why nobody won", async (t) => {
    const open = openFile([
      claim("MIT", [says("title", "MIT", 0.91)]),
      claim("ISC", [says("clauses", "ISC", 0.91), says("readme", "ISC", 0.1)]),
    ]);
    t.match(open, {
      reason: "ISC and MIT are too close",
      contenders: [
        { licence: "ISC", sources: ["clauses", "readme"] },
        { licence: "MIT", sources: ["title"] },
      ],
    });
  });

  t.test("does not count what was retracted, nor other levels", async (t) => {
    const document = { ...claim("x", []), level: "document" } as Entry;
    const dead = claim("MIT", [says("title", "MIT", 0.95)], "retracted");
    t.match(openFile([document, dead]), { reason: /no source/, contenders: [] });
  });

  t.test("says so when only the end of the board kept it open", async (t) => {
    const open = openFile([claim("MIT", [says("title", "MIT", 0.95)])]);
    t.match(open, { reason: /before it was settled/, contenders: [{ licence: "MIT" }] });
  });
});

t.test("documentDraft", async (t) => {
  t.test("puts a file on the board as a subject of its own", async (t) => {
    const document = {
      id: "f-1",
      package: { name: "f", version: "1", directory: "f" },
      scope: "package",
      path: "f/LICENSE",
      sizeBytes: 3,
    } as const;
    t.match(documentDraft({ root: "/r", document }), {
      type: "post",
      entry: "document.f-1",
      subject: "f-1",
      value: { root: "/r", document },
    });
  });
});
