/**
 * A load document for people: the report's table, then the processes, the warnings and the objectives.
 *
 * Owns: how it reads on a terminal.
 */
import type { LoadDocument, ProcessSample, ProcessTimeline } from "./load-document.ts";
import { loadReportText } from "./load-text.ts";
import { meanCpuShare } from "./load-verdict.ts";

const LEAST_NAME_WIDTH = 16;
const CELL_WIDTH = 10;
const COLUMNS = ["cpu", "cpu max", "memory", "lag max", "queued"];

/** The document as lines; `about` is its first. */
export function loadDocumentText(document: LoadDocument): string {
  const { target, report, processes, receipt, warnings, objectives = [] } = document;
  const tells =
    receipt === undefined
      ? []
      : [
          `tells, the warm-up's too: ${receipt.sent} sent, ${receipt.received ?? "an unknown number"} received`,
        ];
  const known = processes.filter(({ samples }) => samples.length > 0);
  const unknown = processes.filter(({ samples }) => samples.length === 0);
  return [
    `${target.name} (${target.kind})`,
    loadReportText(report),
    ...tells,
    ...(known.length === 0 ? [] : ["", ...processRows(known)]),
    ...unknown.map(
      ({ name, unknown: why }) => `${name}: unknown${why === undefined ? "" : `, ${why}`}`,
    ),
    ...(warnings.length === 0 ? [] : ["", ...warnings.map((line) => `! ${line}`)]),
    ...(objectives.length === 0 ? [] : ["", ...objectives.map(objectiveLine)]),
  ].join("\n");
}

/** One objective in a line. */
export function objectiveLine(objective: {
  readonly text: string;
  readonly met: boolean;
  readonly measured: string;
}): string {
  const { text, met, measured } = objective;
  return `${met ? "✓ met   " : "✗ missed"} ${text} (${measured})`;
}

/** The largest of a figure over the window; `undefined` where it is not known. */
export function peakOf(
  { samples }: Pick<ProcessTimeline, "samples">,
  of: Exclude<keyof ProcessSample, "atMs">,
): number | undefined {
  const values = samples.flatMap((sample) => (sample.atMs > 0 ? (sample[of] ?? []) : []));
  return values.length === 0 ? undefined : Math.max(...values);
}

function processRows(processes: readonly ProcessTimeline[]): readonly string[] {
  const width = Math.max(LEAST_NAME_WIDTH, ...processes.map(({ name }) => name.length + 1));
  const row = (name: string, values: readonly string[]) =>
    name.padEnd(width) + values.map((value) => value.padStart(CELL_WIDTH)).join("");
  return [row("", COLUMNS), ...processes.map((process) => row(process.name, cellsOf(process)))];
}

function cellsOf(process: ProcessTimeline): readonly string[] {
  const percent = (share: number | undefined) =>
    share === undefined ? "-" : `${Math.round(share * 100)} %`;
  const rss = peakOf(process, "rssBytes");
  const lag = peakOf(process, "lagMs");
  return [
    percent(meanCpuShare(process)),
    percent(peakOf(process, "cpuShare")),
    rss === undefined ? "-" : `${Math.round(rss / 1_048_576)} MB`,
    lag === undefined ? "-" : `${lag.toFixed(1)} ms`,
    String(peakOf(process, "queued") ?? "-"),
  ];
}
