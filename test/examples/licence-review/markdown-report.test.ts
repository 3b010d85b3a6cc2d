import t from "tap";
import { markdownReport } from "../../../examples/licence-review/markdown-report.ts";
import { HOSTILE, summaryOf } from "./summary-under-test.ts";

/** The text outside fenced blocks. */
function outsideFences(text: string): string {
  return text.replace(/^(`{3,})\n[\s\S]*?\n\1$/gmu, "");
}

t.test("markdownReport", async (t) => {
  t.test("has all its parts", async (t) => {
    const text = markdownReport(summaryOf("a/LICENSE"));
    for (const part of [
      "# Licence review r1",
      "## Licences",
      "## Questions",
      "- … 2 more",
      "## Open, for a person to decide",
      "## Why the board settled as it did",
      "## What the market learned",
      "| a/LICENSE | MIT | 0.90 | pipeline | a/LICENSE |",
    ]) {
      t.ok(text.includes(part), part);
    }
  });

  t.test("MD1: a stranger's words are no markup, cell, heading or control sequence", async (t) => {
    const calm = markdownReport(summaryOf("a/LICENSE"));
    const text = markdownReport(summaryOf(HOSTILE));
    t.notMatch(text.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
    const outside = outsideFences(text);
    t.notMatch(outside, /<script/);
    t.notMatch(outside, /(?<!\\)\]\(javascript/);
    t.notMatch(outside, /(?<!\\)`/);
    t.notMatch(outside, /(?<!\\)\*\*/);
    const headings = (report: string) => outsideFences(report).match(/^#+ /gm)?.length;
    t.equal(headings(text), headings(calm));
    const cells = (report: string) => report.match(/(?<!\\)\|/g)?.length;
    t.equal(cells(outside), cells(outsideFences(calm)));
  });

  t.test("MD1: a fence is longer than any run of backticks it holds", async (t) => {
    t.match(markdownReport(summaryOf(HOSTILE)), /^````\nsettlement[\s\S]*?\n````$/m);
    t.match(markdownReport(summaryOf("a")), /^```\nsettlement[\s\S]*?\n```$/m);
  });
});
