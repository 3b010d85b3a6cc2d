/**
 * A load document as one page that needs nothing else: no script, no font, no request.
 *
 * Owns: what is on it and in which order. Its figures are `page-figures.ts` and `page-processes.ts`, charts
 * `page-chart.ts`, the look `page-style.ts`.
 *
 * P1: whatever text comes from the document is escaped.
 * P2: a run in which nothing succeeded has no charts of figures, only what became of its requests.
 * P3: what is not known is a dash or said in words, never 0.
 */
import { escaped, htmlPage } from "./html-page.ts";
import type { LoadDocument } from "./load-document.ts";
import { errorShareOf, type LoadReport } from "./load-report.ts";
import { paceText } from "./load-text.ts";
import { htmlTable } from "./page-chart.ts";
import { figuresOf } from "./page-figures.ts";
import { number, seconds, span } from "./page-number.ts";
import { processesOf } from "./page-processes.ts";
import { PAGE_STYLE } from "./page-style.ts";

/**
 * The page as an HTML document.
 *
 * @param before - a former run that this one is compared with
 */
export function loadPage(document: LoadDocument, before?: LoadDocument): string {
  const { target, report } = document;
  const title = `${target.name} under load`;
  const body = `<p>${escaped(`${target.kind} · ${paceText(report.loop)} · ${seconds(report.measuredMs)} measured after ${seconds(report.warmupMs)} of warm-up · ${new Date(document.startedAtMs).toISOString()}`)}</p>
${cardsOf(report)}
${warningsOf(document)}
${objectivesOf(document)}
${report.ok === 0 ? "" : figuresOf(document, before)}
${outcomesOf(document)}
${processesOf(document)}
${factsOf(document)}`;
  return htmlPage({ title, style: PAGE_STYLE, body });
}

function cardsOf(report: LoadReport): string {
  const { latency } = report;
  const cards: readonly (readonly [string, string])[] = [
    ["good answers a second", report.ok === 0 ? "–" : number(report.throughputHz)],
    ["median latency", latency === undefined ? "–" : span(latency.p50Ms)],
    ["99th percentile", latency === undefined ? "–" : span(latency.p99Ms)],
    ["longest", latency === undefined ? "–" : span(latency.maxMs)],
    ["did not end well", `${(errorShareOf(report) * 100).toFixed(2)} %`],
  ];
  const items = cards.map(
    ([name, value]) => `<li><b>${escaped(value)}</b><span>${name}</span></li>`,
  );
  return `<ul class="cards">${items.join("")}</ul>`;
}

function warningsOf({ warnings, report }: LoadDocument): string {
  const lines = [
    ...(report.ok === 0 ? ["Nothing succeeded, so there is nothing to measure."] : []),
    ...(report.stopped ? ["The run was stopped before its time."] : []),
    ...warnings,
  ];
  if (lines.length === 0) return "";
  return `<ul class="warnings">${lines.map((line) => `<li>${escaped(line)}</li>`).join("")}</ul>`;
}

function objectivesOf({ objectives = [] }: LoadDocument): string {
  if (objectives.length === 0) return "";
  const items = objectives.map(({ text, met, measured }) => {
    const verdict = met ? '<b class="met">✓ met</b>' : '<b class="missed">✗ missed</b>';
    return `<li>${verdict} ${escaped(text)} (${escaped(measured)})</li>`;
  });
  return `<h2>Objectives</h2><ul>${items.join("")}</ul>`;
}

function outcomesOf({ report, receipt }: LoadDocument): string {
  const { intended, ok, unfinished, unsent } = report;
  const failures = Object.entries(report.failed);
  const failed = failures.reduce((sum, [, count]) => sum + count, 0);
  const part = (kind: string, count: number) =>
    count === 0 ? "" : `<i class="${kind}" style="flex:${count}"></i>`;
  const share = (count: number) =>
    intended === 0 ? "–" : `${((count * 100) / intended).toFixed(2)} %`;
  const row = (name: string, count: number, said: string) => [
    name,
    String(count),
    share(count),
    said,
  ];
  const rows = [
    row("ended well", ok, ""),
    ...failures.map(([code, count]) => row(code, count, report.examples[code] ?? "")),
    row("no answer at the end", unfinished, ""),
    row("not sent", unsent, ""),
  ].filter(([, count], at) => at === 0 || count !== "0");
  const tells =
    receipt === undefined
      ? ""
      : `<p>${receipt.sent} tells were sent in all, ${receipt.received ?? "nobody counted how many"} received.</p>`;
  return `<h2>What became of ${intended} requests</h2>
<div class="bar" role="img" aria-label="${ok} ended well, ${failed} failed, ${unfinished + unsent} had no answer or were not sent">${part("ok", ok)}${part("failed", failed)}${part("open", unfinished + unsent)}</div>
${htmlTable("by outcome", ["outcome", "requests", "share", "the first one said"], rows)}${tells}`;
}

function factsOf({ parameters, environment }: LoadDocument): string {
  return [
    "<h2>How it was run</h2>",
    htmlTable("parameters", ["option", "value"], Object.entries(parameters)),
    htmlTable("environment", ["what", "which"], Object.entries(environment)),
  ].join("\n");
}
