/**
 * A load run as a document: the report, and what is needed to judge it.
 *
 * Owns: the format that `troupe bench load --json` prints, version 1, and reading it back. Its
 * neighbour `load-report.ts` owns the figures in it, `load-verdict.ts` what they are worth.
 *
 * D1: fields are only added; a reader ignores what it does not know.
 * D2: what is not known is absent, never 0.
 */

import { err, ok, type Result } from "../result.ts";
import { shown } from "../shown.ts";
import { messageOf } from "../troupe-error.ts";
import type { LoadReport } from "./load-report.ts";
import type { ObjectiveResult } from "./objective.ts";

/** How one process was at one moment. */
export interface ProcessSample {
  /** Since the measured window began; negative in the warm-up. */
  readonly atMs: number;
  /** Of one core, since the sample before: 1 is a whole core, more than 1 is several threads. */
  readonly cpuShare?: number;
  readonly rssBytes?: number;
  readonly heapBytes?: number;
  /** The longest that its event loop was late since the sample before. */
  readonly lagMs?: number;
  /** Messages that wait in the mailboxes of its actors. */
  readonly queued?: number;
  /** The longest of those mailboxes. */
  readonly longestQueue?: number;
}

/** A process over the time of the run. */
export interface ProcessTimeline {
  readonly name: string;
  /** `node` bears the load, `generator` makes it. */
  readonly role: "node" | "generator";
  readonly pid?: number;
  readonly samples: readonly ProcessSample[];
  /** Why there are no samples, or not all figures in them. */
  readonly unknown?: string;
}

/** Tells, counted where they arrived. */
export interface Receipt {
  /** Over the whole run, warm-up included. */
  readonly sent: number;
  /** Absent where nobody counted. */
  readonly received?: number;
  /** Why nobody counted. */
  readonly unknown?: string;
}

/** What load was put on. */
export interface LoadTarget {
  readonly kind: "ask" | "tell" | "stream" | "capability" | "pattern";
  /** Like `summariser@1.cost`, `classify@1` or `market`. */
  readonly name: string;
}

/** A run, as it is printed and kept. */
export interface LoadDocument {
  readonly v: 1;
  readonly kind: "troupe.load";
  /** When the measured window began, in epoch milliseconds. */
  readonly startedAtMs: number;
  readonly target: LoadTarget;
  /** How it was asked for, by option. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The machine and the versions. */
  readonly environment: Readonly<Record<string, string>>;
  readonly report: LoadReport;
  readonly receipt?: Receipt;
  readonly processes: readonly ProcessTimeline[];
  /** What takes from the figures' worth, a line each. */
  readonly warnings: readonly string[];
  readonly objectives?: readonly ObjectiveResult[];
}

/** The document that a text holds, or why it holds none. */
export function parseLoadDocument(text: string): Result<LoadDocument, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return err(`it is no JSON: ${messageOf(error)}`);
  }
  if (typeof value !== "object" || value === null || !("kind" in value && "v" in value)) {
    return err("it is no report of troupe bench load --json");
  }
  if (value.kind !== "troupe.load") return err("it is no report of troupe bench load --json");
  if (value.v !== 1) return err(`its format is version ${shown(value.v)}; this reads version 1`);
  const document = value as LoadDocument;
  const report: unknown = document.report;
  const isWhole =
    typeof report === "object" &&
    report !== null &&
    "v" in report &&
    report.v === 2 &&
    "ok" in report &&
    typeof report.ok === "number" &&
    "intended" in report &&
    typeof report.intended === "number" &&
    "timeline" in report &&
    Array.isArray(report.timeline) &&
    "loop" in report;
  return isWhole ? ok(document) : err("its report is not whole, or of another version");
}
