import t from "tap";
import { closingLines, openTable, summaryTable } from "../../../examples/licence-review/report.ts";
import { HOSTILE, summaryOf } from "./summary-under-test.ts";

t.test("summaryTable", async (t) => {
  t.test("has a line for each stage that ran, in columns", async (t) => {
    const lines = summaryTable(summaryOf("a/LICENSE")).split("\n");
    t.equal(lines.length, 5);
    t.match(lines[0], /^pattern +items +wall s .* result$/);
    t.match(lines[1], /^orchestrator–worker +1 +1\.50 +2 +3 +0\.0040 +0 +0 {2}8 of 8 tasks done/);
    const column = lines[0]?.indexOf("result");
    t.match(
      lines.slice(1).map((line) => line.slice(column)),
      [/^8 of 8 tasks/, /^1 of 1 questions/, /^1 of 2 settled/, /^90\.0 % for 30 work/],
    );
  });

  t.test("leaves out stages that did not run", async (t) => {
    const { market: _, hierarchy: __, ...rest } = summaryOf("a");
    t.equal(summaryTable(rest).split("\n").length, 3);
  });
});

t.test("closingLines", async (t) => {
  t.test("say by which model, how often it agrees, and what the kill cost", async (t) => {
    const text = closingLines(summaryOf("a/LICENSE")).join("\n");
    t.match(text, /extractive, not an LLM; nats-server 2\.12\.1/);
    t.match(text, /agreement 50\.0 % without the declared identifier, 100\.0 % with it/);
    t.match(
      text,
      /n1 was killed after 0\.9 s; from then on, suspected after 1\.4 s, work taken over after –/,
    );
    t.match(text, /n2 ended by itself/);
    t.match(text, /market: 90\.0 % at 30\.0 % of always-best's cost/);
    t.match(text, /left out: 1\n {2}a\/LICENSE: a\/LICENSE/);
  });

  t.test("RP1: hold nothing that a terminal obeys", async (t) => {
    for (const line of closingLines(summaryOf(HOSTILE))) {
      t.notMatch(line, /[\p{Cc}\p{Cf}]/u);
    }
  });
});

t.test("openTable", async (t) => {
  t.test("names why a file is open, and who speaks for which licence", async (t) => {
    t.same(openTable(summaryOf("a")).rows, [
      [
        "b/LICENSE",
        "MIT and ISC are too close",
        "MIT (0.63, by title, readme); ISC (0.59, by clauses)",
      ],
    ]);
  });
});
