/**
 * The report in Markdown.
 *
 * Owns: layout and escaping. The words are `report.ts`.
 *
 * MD1: strangers' text cannot become markup: a line is escaped, a block is fenced by more backticks than
 *      it holds.
 */
import {
  bidderTable,
  closingLines,
  fileTable,
  licenceTable,
  openTable,
  stageTable,
  type Table,
} from "./report.ts";
import { shortLine, shownLine } from "./shown-line.ts";
import type { Answer, ReviewSummary } from "./summary.ts";

const MOST_EVIDENCE = 10;
const MOST_QUOTED = 160;

/** The whole report. */
export function markdownReport(summary: ReviewSummary): string {
  const { hierarchy, blackboard, market } = summary;
  const parts = [
    `# Licence review ${escaped(summary.id)}`,
    closingLines(summary)
      .map((line) => (line.startsWith("  ") ? `  - ${escaped(line.trim())}` : `- ${escaped(line)}`))
      .join("\n"),
    table(stageTable(summary)),
    "## Licences",
    table(licenceTable(summary)),
  ];
  if (hierarchy !== undefined)
    parts.push("## Questions", ...hierarchy.answers.flatMap(answerParts));
  const open = openTable(summary);
  if (open.rows.length > 0) parts.push("## Open, for a person to decide", table(open));
  if (blackboard !== undefined && blackboard.explained.length > 0) {
    parts.push("## Why the board settled as it did");
    for (const { path, why } of blackboard.explained) {
      parts.push(`### ${escaped(path)}`, fenced(why));
    }
  }
  if (market !== undefined) parts.push("## What the market learned", table(bidderTable(summary)));
  parts.push("## Files", table(fileTable(summary)));
  return `${parts.join("\n\n")}\n`;
}

function answerParts({ question, answer, evidence }: Answer): readonly string[] {
  const lines = evidence
    .slice(0, MOST_EVIDENCE)
    .map(
      ({ package: name, path, startByte, endByte, quote }) =>
        `- ${escaped(name)}: ${escaped(path)} bytes ${startByte}–${endByte}:` +
        ` “${escaped(shortLine(quote, MOST_QUOTED))}”`,
    );
  const more = evidence.length - MOST_EVIDENCE;
  if (more > 0) lines.push(`- … ${more} more`);
  const heading = [`### ${escaped(question)}`, escaped(answer)];
  return lines.length === 0 ? heading : [...heading, lines.join("\n")];
}

function table({ headings, rows }: Table): string {
  const line = (row: readonly string[]): string => `| ${row.map(escaped).join(" | ")} |`;
  return [line(headings), line(headings.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A line of text that reads as it is. */
function escaped(text: string): string {
  return shownLine(text)
    .replace(/[\\`*_[\]|~#]/gu, "\\$&")
    .replace(/&/gu, "&amp;")
    .replace(/</gu, "&lt;")
    .replace(/>/gu, "&gt;");
}

function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/gu)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const lines = text.split("\n").map(shownLine);
  return [fence, ...lines, fence].join("\n");
}
