/**
 * What a benchmark suite reports: JSON version 1, and a table for people.
 *
 * Owns: the report's shape. Its rows are `row.ts`, its picture `chart.ts`.
 *
 * J1: `{v, suite, seed, rows: [{name, value, unit, rival, ratio, goal, met}]}` is the contract with
 *     programs that read it; further fields are only added.
 */
import type { Row } from "./row.ts";

/** A rival as the report tells of it. */
export interface RivalNote {
  readonly name: string;
  readonly version: string;
  /** Whether messages to a busy actor wait in a queue of its own. */
  readonly mailbox: boolean;
  /** Whether it runs several messages of one actor at a time. */
  readonly handlers: "serial" | "concurrent";
}

/** What a suite found. */
export interface Report {
  readonly v: 1;
  readonly suite: string;
  readonly seed: number;
  readonly rows: readonly Row[];
  readonly quick: boolean;
  /** What it ran on, for example `node 20.20.2, linux x64, 2 cores`. */
  readonly machine: string;
  readonly rivals: readonly RivalNote[];
}

/** Whether every goal was reached. */
export function allMet(report: Report): boolean {
  return report.rows.every((row) => row.met);
}

/** The report as people read it. */
export function tableOf(report: Report): string {
  const cells = report.rows.map((row) => [
    row.name,
    row.value === null ? "-" : `${figure(row.value)} ${row.unit}`,
    row.against === ""
      ? ""
      : `${row.against} ${row.rival === null ? "" : figure(row.rival)}`.trim(),
    row.ratio === null ? "" : `${figure(row.ratio)}×`,
    goalOf(row),
    verdictOf(row),
  ]);
  const head = ["", "ours", "against", "ratio", "goal", ""];
  const widths = head.map((title, i) =>
    Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => {
        const width = widths[i] ?? 0;
        return i === 1 || i === 3 ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  const missed = report.rows.filter((row) => !row.met).length;
  return [
    `${report.suite}, seed ${report.seed}${report.quick ? ", quick" : ""}, on ${report.machine}`,
    "",
    line(head),
    ...cells.map(line),
    "",
    ...report.rivals.map(noteOf),
    ...(report.rivals.length > 0 ? [""] : []),
    missed === 0 ? "every goal met" : `${missed} of ${report.rows.length} rows not met`,
  ].join("\n");
}

/** A rival in one sentence. */
export function noteOf({ name, version, mailbox, handlers }: RivalNote): string {
  const queue = mailbox ? "has a mailbox" : "has no mailbox";
  const order = handlers === "serial" ? "one message at a time" : "runs handlers concurrently";
  return `${name} ${version} ${queue}, ${order}`;
}

/** A goal as it is judged, for example `≥ 25×`. */
export function goalOf({ goal, judged, unit }: Row): string {
  if (goal === null) return "";
  switch (judged) {
    case "ratio-at-least":
      return `≥ ${figure(goal)}×`;
    case "value-at-most":
      return `≤ ${figure(goal)} ${unit}`;
    case "slower-at-most":
      return `≤ ${figure(goal)} %`;
  }
}

/** What became of a row. */
export function verdictOf(row: Row): string {
  if (row.skipped !== undefined) return `skipped: ${row.skipped}`;
  if (row.goal === null) return "";
  return row.met ? "met" : "missed";
}

/** A number in three significant digits, or whole. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (size >= 1_000_000) return `${trimmed(value / 1_000_000)} M`;
  if (size >= 10_000) return `${trimmed(value / 1_000)} k`;
  if (size >= 1_000) return Math.round(value).toString();
  return trimmed(value);
}

function trimmed(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
