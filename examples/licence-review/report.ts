/**
 * The review as people read it: a table for the terminal, Markdown and a self-contained HTML page.
 *
 * Owns: wording and layout. What was found is `summary.ts`.
 */
import type { ReviewSummary, StageFigures } from "./summary.ts";

/** A row of the final table. */
interface Row {
  readonly pattern: string;
  readonly figures: StageFigures;
  readonly result: string;
}

const HEADINGS = [
  "pattern",
  "items",
  "wall s",
  "messages",
  "model calls",
  "cost $",
  "restarts",
  "retries",
  "result",
] as const;

/** The table that ends a review, as aligned text. */
export function summaryTable(summary: ReviewSummary): string {
  const rows = [HEADINGS as readonly string[], ...rowsOf(summary).map(cells)];
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const last = HEADINGS.length - 1;
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          if (column === 0) return cell.padEnd(width);
          return column === last ? cell : cell.padStart(width);
        })
        .join("  "),
    )
    .join("\n");
}

/** The lines under the table: what was found, by what, at what cost. */
export function closingLines(summary: ReviewSummary): readonly string[] {
  const lines = [
    `model: ${summary.model.name}, ${summary.model.note}; nats-server ${summary.nats.version}`,
    `${summary.documents} documents, ${summary.scored} scored: agreement ${percent(summary.agreement)}` +
      ` without the declared identifier, ${percent(summary.agreementWithDeclared)} with it`,
  ];
  const { kill, orchestrator, market } = summary;
  if (kill !== undefined) {
    lines.push(
      `${kill.node} was killed after ${seconds(kill.atMs)}; suspected after ${span(kill.suspectedMs)},` +
        ` work taken over after ${span(kill.resumedMs)}, ${orchestrator?.reclaimedAfterKill ?? 0} tasks` +
        ` reclaimed, ${orchestrator?.tasksLost ?? 0} lost, ${orchestrator?.duplicateResults ?? 0} done twice`,
    );
  }
  if (market !== undefined) {
    const share = market.best.cost === 0 ? 0 : market.cost / market.best.cost;
    lines.push(
      `market: ${percent(market.agreement)} at ${percent(share)} of always-best's cost` +
        ` (always best ${percent(market.best.agreement)}, always cheapest` +
        ` ${percent(market.cheapest.agreement)}, round robin ${percent(market.roundRobin.agreement)})`,
    );
  }
  if (summary.skipped.length > 0) lines.push(`${summary.skipped.length} files were left out:`);
  for (const { path, reason } of summary.skipped.slice(0, 20)) lines.push(`  ${path}: ${reason}`);
  return lines;
}

/** The whole report in Markdown. */
export function markdownReport(summary: ReviewSummary): string {
  const parts = [
    `# Licence review ${summary.id}`,
    closingLines(summary)
      .map((line) => (line.startsWith("  ") ? line : `- ${line}`))
      .join("\n"),
    table(
      HEADINGS,
      rowsOf(summary).map((row) => cells(row)),
    ),
    "## Licences",
    table(["licence", "files"], licenceCounts(summary)),
  ];
  if (summary.hierarchy !== undefined) {
    parts.push("## Questions");
    for (const answer of summary.hierarchy.answers) {
      parts.push(`### ${answer.question}`, answer.answer);
      const lines = answer.evidence
        .slice(0, 10)
        .map(
          (e) =>
            `- ${e.package}: \`${e.path}\` bytes ${e.startByte}–${e.endByte}: “${oneLine(e.quote)}”`,
        );
      if (answer.evidence.length > 10) lines.push(`- … ${answer.evidence.length - 10} more`);
      if (lines.length > 0) parts.push(lines.join("\n"));
    }
  }
  if (summary.blackboard !== undefined && summary.blackboard.explained.length > 0) {
    parts.push("## Why the board settled as it did");
    for (const { path, why } of summary.blackboard.explained) {
      parts.push(`### \`${path}\``, `\`\`\`\n${why}\n\`\`\``);
    }
  }
  if (summary.market !== undefined) {
    parts.push(
      "## What the market learned",
      table(
        ["bidder", "quality", "verified", "won"],
        summary.market.learned.map((row) => [
          row.bidder,
          row.quality.toFixed(3),
          String(row.verified),
          String(row.won),
        ]),
      ),
    );
  }
  parts.push(
    "## Files",
    table(
      ["file", "licence", "confidence", "settled by"],
      summary.classifications.map((c) => [
        c.path,
        c.licence ?? "unknown",
        c.confidence.toFixed(2),
        c.settledBy,
      ]),
    ),
  );
  return `${parts.join("\n\n")}\n`;
}

/** The report as one HTML page that needs nothing else. */
export function htmlReport(summary: ReviewSummary): string {
  const figures = htmlTable(
    HEADINGS,
    rowsOf(summary).map((row) => cells(row)),
  );
  const questions = (summary.hierarchy?.answers ?? [])
    .map(
      (answer) =>
        `<details><summary>${escaped(answer.question)}</summary><p>${escaped(answer.answer)}</p><ul>${answer.evidence
          .slice(0, 50)
          .map(
            (e) =>
              `<li>${escaped(e.package)}: <code>${escaped(e.path)}</code> bytes ${e.startByte}–${e.endByte}: <q>${escaped(oneLine(e.quote))}</q></li>`,
          )
          .join("")}</ul></details>`,
    )
    .join("\n");
  const files = htmlTable(
    ["file", "licence", "confidence", "settled by"],
    summary.classifications.map((c) => [
      c.path,
      c.licence ?? "unknown",
      c.confidence.toFixed(2),
      c.settledBy,
    ]),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Licence review ${escaped(summary.id)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1c2024; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d9dde1; vertical-align: top; }
th { font-weight: 600; }
details { margin: .5rem 0; }
summary { cursor: pointer; font-weight: 600; }
@media (prefers-color-scheme: dark) { body { color: #e6e8ea; background: #16181b; } th, td { border-color: #34393f; } }
</style>
</head>
<body>
<h1>Licence review ${escaped(summary.id)}</h1>
<ul>${closingLines(summary)
    .map((line) => `<li>${escaped(line.trim())}</li>`)
    .join("")}</ul>
${figures}
<h2>Licences</h2>
${htmlTable(["licence", "files"], licenceCounts(summary))}
<h2>Questions</h2>
${questions}
<h2>Files</h2>
${files}
</body>
</html>
`;
}

function rowsOf(summary: ReviewSummary): readonly Row[] {
  const { orchestrator, hierarchy, blackboard, market } = summary;
  const rows: Row[] = [];
  if (orchestrator !== undefined) {
    rows.push({
      pattern: "orchestrator–worker",
      figures: orchestrator,
      result: `${orchestrator.tasksDone} of ${orchestrator.tasksAccepted} tasks done, first guess ${percent(orchestrator.agreement)}`,
    });
  }
  if (hierarchy !== undefined) {
    rows.push({
      pattern: "hierarchy",
      figures: hierarchy,
      result: `${hierarchy.answered} of ${hierarchy.questions} questions answered, ${hierarchy.escalated} escalated`,
    });
  }
  if (blackboard !== undefined) {
    rows.push({
      pattern: "blackboard",
      figures: blackboard,
      result: `${blackboard.settled} of ${blackboard.posted} settled, ${percent(blackboard.agreement)} against ${percent(blackboard.firstGuessAgreement)} before`,
    });
  }
  if (market !== undefined) {
    rows.push({
      pattern: "market",
      figures: market,
      result: `${percent(market.agreement)} for ${Math.round(market.cost)} work, best ${percent(market.best.agreement)} for ${Math.round(market.best.cost)}`,
    });
  }
  return rows;
}

function cells({ pattern, figures, result }: Row): readonly string[] {
  return [
    pattern,
    String(figures.items),
    (figures.wallMs / 1000).toFixed(2),
    String(figures.messages),
    String(figures.modelCalls),
    (figures.costMicros / 1e6).toFixed(4),
    String(figures.restarts),
    String(figures.retries),
    result,
  ];
}

function licenceCounts(summary: ReviewSummary): readonly (readonly string[])[] {
  const counts = new Map<string, number>();
  for (const { licence } of summary.classifications) {
    const name = licence ?? "unknown";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([name, count]) => [name, String(count)]);
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (row: readonly string[]) =>
    `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(headings), line(headings.map(() => "---")), ...rows.map(line)].join("\n");
}

function htmlTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (tag: string, texts: readonly string[]) =>
    `<tr>${texts.map((text) => `<${tag}>${escaped(text)}</${tag}>`).join("")}</tr>`;
  return `<table>${row("th", headings)}${rows.map((texts) => row("td", texts)).join("")}</table>`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 160 ? `${line.slice(0, 157)}…` : line;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function span(ms: number | null): string {
  return ms === null ? "–" : seconds(ms);
}
