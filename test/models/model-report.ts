/**
 * What a long run reports: one JSON document of version 1, or lines for people.
 *
 * Owns: the form. Rows of `soak` are models, rows of `mutants` are planted bugs.
 */

/** One result. What does not apply is `null`. */
export interface ReportRow {
  readonly name: string;
  readonly value: number | null;
  readonly unit: string;
  readonly rival: null;
  readonly ratio: null;
  readonly goal: number | null;
  readonly met: boolean;
  /** What was seen, in words. */
  readonly note: string;
}

/** The document. */
export interface ModelReport {
  readonly v: 1;
  readonly suite: string;
  readonly seed: number;
  readonly rows: readonly ReportRow[];
}

/** A row of the table. */
export function lineOf({ name, value, unit, met, note }: ReportRow): string {
  const figure = value === null ? "" : `${Math.round(value).toLocaleString("en")} ${unit}`;
  return [met ? "ok    " : "FAILED", name.padEnd(36), figure.padStart(20), note]
    .join("  ")
    .trimEnd();
}
