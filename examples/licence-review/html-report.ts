/**
 * The report as one HTML page that needs nothing else.
 *
 * Owns: layout and escaping. The words are `report.ts`.
 *
 * HT1: strangers' text stands between tags only, escaped; the page has no script and loads nothing, and
 *      its policy says so to the browser.
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
import { shortLine } from "./shown-line.ts";
import type { Answer, ReviewSummary } from "./summary.ts";

const MOST_EVIDENCE = 50;
const MOST_QUOTED = 160;

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1c2024; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d9dde1; vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; }
details { margin: .5rem 0; }
summary { cursor: pointer; font-weight: 600; }
pre { overflow-x: auto; }
@media (prefers-color-scheme: dark) { body { color: #e6e8ea; background: #16181b; } th, td { border-color: #34393f; } }
`;

/** The whole report. */
export function htmlReport(summary: ReviewSummary): string {
  const { hierarchy, blackboard, market } = summary;
  const title = `Licence review ${escaped(summary.id)}`;
  const parts = [
    `<h1>${title}</h1>`,
    `<ul>${closingLines(summary)
      .map((line) => element("li", line.trim()))
      .join("")}</ul>`,
    table(stageTable(summary)),
    "<h2>Licences</h2>",
    table(licenceTable(summary)),
  ];
  if (hierarchy !== undefined) parts.push("<h2>Questions</h2>", ...hierarchy.answers.map(answered));
  const open = openTable(summary);
  if (open.rows.length > 0) parts.push("<h2>Open, for a person to decide</h2>", table(open));
  if (blackboard !== undefined && blackboard.explained.length > 0) {
    parts.push("<h2>Why the board settled as it did</h2>");
    for (const { path, why } of blackboard.explained) {
      parts.push(`<details>${element("summary", path)}${element("pre", why)}</details>`);
    }
  }
  if (market !== undefined) {
    parts.push("<h2>What the market learned</h2>", table(bidderTable(summary)));
  }
  parts.push("<h2>Files</h2>", table(fileTable(summary)));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
${parts.join("\n")}
</body>
</html>
`;
}

function answered({ question, answer, evidence }: Answer): string {
  const items = evidence
    .slice(0, MOST_EVIDENCE)
    .map(
      ({ package: name, path, startByte, endByte, quote }) =>
        `<li>${escaped(name)}: ${element("code", path)} bytes ${startByte}–${endByte}:` +
        ` ${element("q", shortLine(quote, MOST_QUOTED))}</li>`,
    );
  const more = evidence.length - MOST_EVIDENCE;
  if (more > 0) items.push(`<li>… ${more} more</li>`);
  const list = items.length === 0 ? "" : `<ul>${items.join("")}</ul>`;
  return `<details>${element("summary", question)}${element("p", answer)}${list}</details>`;
}

function table({ headings, rows }: Table): string {
  const row = (tag: string, texts: readonly string[]): string =>
    `<tr>${texts.map((text) => element(tag, text)).join("")}</tr>`;
  return `<table>${row("th", headings)}${rows.map((texts) => row("td", texts)).join("")}</table>`;
}

function element(tag: string, text: string): string {
  return `<${tag}>${escaped(text)}</${tag}>`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
