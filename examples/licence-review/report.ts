/**
 * The review as people read it: the tables and lines that terminal, Markdown and HTML share.
 *
 * Owns: wording. What was found is `summary.ts`; layout and escaping are `markdown-report.ts` and
 * `html-report.ts`, the terminal's are here.
 *
 * RP1: names of files and packages and what stands in them are strangers' text: nothing of it reaches a
 *      terminal as a control sequence.
 */

import { shownLine } from "./shown-line.ts";
import type { ReviewSummary, StageFigures } from "./summary.ts";

/** A table, as text that is not escaped yet. */
export interface Table {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

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
  const { headings, rows: body } = stageTable(summary);
  const rows = [headings, ...body];
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

/** What each stage took and brought about. */
export function stageTable(summary: ReviewSummary): Table {
  return { headings: HEADINGS, rows: rowsOf(summary).map(cells) };
}

/** How many files are under which licence, the most frequent first. */
export function licenceTable({ classifications }: ReviewSummary): Table {
  const counts = new Map<string, number>();
  for (const { licence } of classifications) {
    const name = licence ?? "unknown";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const rows = [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([name, count]) => [name, String(count)]);
  return { headings: ["licence", "files"], rows };
}

/** Every file, with what a model made of it. */
export function fileTable({ classifications }: ReviewSummary): Table {
  return {
    headings: ["file", "licence", "confidence", "settled by", "summary"],
    rows: classifications.map(({ path, licence, confidence, settledBy, summary }) => [
      path,
      licence ?? "unknown",
      confidence.toFixed(2),
      settledBy,
      summary?.text ?? "",
    ]),
  };
}

/** The files that nobody is sure about, with what speaks for which licence. */
export function openTable({ classifications }: ReviewSummary): Table {
  const rows = classifications.flatMap(({ path, open }) => {
    if (open === undefined) return [];
    const contenders = open.contenders.map(
      ({ licence, support, sources }) =>
        `${licence} (${(1 - Math.exp(-support)).toFixed(2)}, by ${sources.join(", ")})`,
    );
    return [[path, open.reason, contenders.join("; ") || "none"]];
  });
  return { headings: ["file", "why it is open", "contenders"], rows };
}

/** What the checks said of each bidder. */
export function bidderTable({ market }: ReviewSummary): Table {
  const rows = (market?.learned ?? []).map(({ bidder, quality, verified, won }) => [
    bidder,
    quality.toFixed(3),
    String(verified),
    String(won),
  ]);
  return { headings: ["bidder", "quality", "verified", "won"], rows };
}

/** The lines under the table: what was found, by what, at what cost. */
export function closingLines(summary: ReviewSummary): readonly string[] {
  const { name, note } = summary.model;
  const lines = [
    `model: ${name.includes(note) ? name : `${name}, ${note}`}; nats-server ${summary.nats.version}`,
    `${summary.documents} documents, ${summary.scored} scored: agreement ${percent(summary.agreement)}` +
      ` without the declared identifier, ${percent(summary.agreementWithDeclared)} with it`,
  ];
  const { kill, orchestrator, market } = summary;
  for (const node of summary.nodes) {
    if (node.died) lines.push(`${node.name} ended by itself; the others went on`);
  }
  if (kill !== undefined) {
    lines.push(
      `${kill.node} was killed after ${seconds(kill.atMs)}; from then on, suspected after ${span(kill.suspectedMs)},` +
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
  if (summary.skipped.length > 0) lines.push(`left out: ${summary.skipped.length}`);
  for (const { path, reason } of summary.skipped.slice(0, 20)) lines.push(`  ${path}: ${reason}`);
  return lines.map(shownLine);
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

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function span(ms: number | null): string {
  return ms === null ? "–" : seconds(ms);
}
