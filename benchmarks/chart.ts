/**
 * The report as a page: one bar per goal, then every figure in a table. No script, no library.
 *
 * Owns: how it looks. A bar starts at its goal and goes right by how far it was surpassed, left by
 * how far it was missed, both as factors on a logarithmic axis, so that goals as different as 0.25
 * and 2,000 stand on one line.
 *
 * P1: whatever text comes from the report is escaped.
 * P2: colour is never the only sign: each row also says in words whether its goal was met.
 */
import { escaped, htmlPage } from "../runtime/load/html-page.ts";
import { figure, goalOf, noteOf, type Report, verdictOf } from "./report.ts";
import type { Row } from "./row.ts";

/** Factors at the ends of the axis; bars that go beyond end there with a point. */
const MOST = 10;
const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10] as const;

const WIDTH = 960;
const LABELS = 330;
const RIGHT = 190;
const ROW = 26;
const BAR = 12;
const HEAD = 34;

/** The report as an HTML document. */
export function chartOf(report: Report): string {
  const title = `${report.suite} benchmarks`;
  const body = `<p>${escaped(summaryOf(report))}</p>
<figure>
${barsOf(report.rows.filter((row) => row.goal !== null))}
<figcaption>Each bar begins at its goal. Right of the line: so many times better; left: short of it.</figcaption>
</figure>
${tableOf(report.rows)}
${notesOf(report)}`;
  return htmlPage({ title, style: STYLE, body });
}

/**
 * How many times better than its goal a row is; below 1 it missed.
 *
 * @returns `undefined` without a goal or a figure
 */
export function attainmentOf({ goal, value, ratio, judged }: Row): number | undefined {
  if (goal === null || value === null) return undefined;
  switch (judged) {
    case "ratio-at-least":
      return ratio === null ? undefined : ratio / goal;
    case "value-at-most":
    case "slower-at-most":
      // Less than nothing, as noise gives it, is as good as it gets.
      return value <= 0 ? Number.POSITIVE_INFINITY : goal / value;
  }
}

function summaryOf({ rows, seed, quick, machine }: Report): string {
  const goals = rows.filter(({ goal }) => goal !== null);
  const met = goals.filter((row) => row.met).length;
  const form = quick ? "quick form, " : "";
  return `${met} of ${goals.length} goals met · ${form}seed ${seed} · ${machine}`;
}

function barsOf(rows: readonly Row[]): string {
  const height = HEAD + rows.length * ROW + 8;
  const axis = TICKS.map((tick) => {
    const x = placeOf(tick);
    const label = tick === 1 ? "goal" : `${tick}×`;
    return `<line class="${tick === 1 ? "goal" : "grid"}" x1="${x}" x2="${x}" y1="${HEAD - 8}" y2="${height - 6}"/><text class="tick" x="${x}" y="${HEAD - 14}">${label}</text>`;
  });
  return [
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Goals and how far each was reached">`,
    ...axis,
    ...rows.map((row, i) => barOf(row, HEAD + i * ROW)),
    "</svg>",
  ].join("\n");
}

function barOf(row: Row, top: number): string {
  const middle = top + ROW / 2;
  const label = `<text class="name" x="${LABELS - 14}" y="${middle + 4}">${escaped(row.name)}</text>`;
  const attained = attainmentOf(row);
  if (attained === undefined) {
    return `${label}<text class="said skipped" x="${WIDTH - RIGHT + 12}" y="${middle + 4}">skipped</text>`;
  }
  const from = placeOf(1);
  const to = placeOf(attained);
  const kind = row.met ? "met" : "missed";
  const said = `${sayingOf(row)} ${row.met ? "✓" : "✗"}`;
  const bar = `<rect class="${kind}" x="${Math.min(from, to)}" y="${middle - BAR / 2}" width="${Math.max(1, Math.abs(to - from))}" height="${BAR}" rx="2"/>`;
  const beyond = attained > MOST ? pointAt(to, middle) : "";
  return `${label}${bar}${beyond}<text class="said ${kind}" x="${WIDTH - RIGHT + 12}" y="${middle + 4}">${escaped(said)}</text>`;
}

/** What stands beside a bar: the figure that was judged, and its goal. */
function sayingOf(row: Row): string {
  const shown =
    row.judged === "ratio-at-least" ? `${figure(row.ratio ?? 0)}×` : figure(row.value ?? 0);
  return `${shown} (${goalOf(row)})`;
}

function pointAt(x: number, y: number): string {
  return `<path class="met" d="M${x} ${y - BAR / 2}l7 ${BAR / 2}l-7 ${BAR / 2}z"/>`;
}

/** Where a factor lies on the axis. */
function placeOf(factor: number): number {
  const bounded = Math.min(MOST, Math.max(1 / MOST, factor));
  const share = (Math.log10(bounded) / Math.log10(MOST) + 1) / 2;
  return Math.round((LABELS + share * (WIDTH - LABELS - RIGHT)) * 10) / 10;
}

function tableOf(rows: readonly Row[]): string {
  const body = rows.map((row) => {
    const kind = row.skipped !== undefined ? "skipped" : row.met ? "met" : "missed";
    const cells = [
      `<td>${escaped(row.name)}</td>`,
      `<td class="number">${row.value === null ? "–" : escaped(`${figure(row.value)} ${row.unit}`)}</td>`,
      `<td>${escaped(row.against)}</td>`,
      `<td class="number">${row.rival === null ? "–" : figure(row.rival)}</td>`,
      `<td class="number">${row.ratio === null ? "–" : `${figure(row.ratio)}×`}</td>`,
      `<td class="number">${escaped(goalOf(row))}</td>`,
      `<td class="${row.goal === null ? "" : kind}">${escaped(verdictOf(row))}</td>`,
    ];
    return `<tr>${cells.join("")}</tr>`;
  });
  return [
    "<table>",
    "<thead><tr><th>what</th><th>ours</th><th>against</th><th>theirs</th><th>ratio</th><th>goal</th><th></th></tr></thead>",
    "<tbody>",
    ...body,
    "</tbody></table>",
  ].join("\n");
}

function notesOf({ rivals }: Report): string {
  if (rivals.length === 0) return "";
  return [
    "<h2>The rivals</h2>",
    "<ul>",
    ...rivals.map((rival) => `<li>${escaped(noteOf(rival))}</li>`),
    "</ul>",
  ].join("\n");
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5d6b7c; --line: #d9dfe6; --paper: #fff; --met: #1a7f64; --missed: #b4530f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf1; --soft: #9aa7b6; --line: #323d4a; --paper: #141a21; --met: #4cc2a0; --missed: #f0a35e; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 24px; margin: 0; } h2 { font-size: 17px; margin: 32px 0 8px; }
p, figcaption { color: var(--soft); margin: 4px 0 20px; } figcaption { font-size: 13px; }
figure { margin: 0; } svg { width: 100%; height: auto; display: block; font: 12px system-ui, sans-serif; }
svg text { fill: var(--ink); } svg .name { text-anchor: end; } svg .tick { text-anchor: middle; fill: var(--soft); }
svg .grid { stroke: var(--line); } svg .goal { stroke: var(--ink); stroke-width: 1.5; }
svg rect.met, svg path.met { fill: var(--met); } svg rect.missed { fill: var(--missed); }
svg .said { font-variant-numeric: tabular-nums; } svg text.missed { fill: var(--missed); } svg .skipped { fill: var(--soft); }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 5px 8px; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; } .number { text-align: right; white-space: nowrap; }
td.met { color: var(--met); } td.missed { color: var(--missed); } td.skipped { color: var(--soft); }
li { margin: 2px 0; }
`;
