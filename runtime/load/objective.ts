/**
 * What a run must reach: `p99<200ms,errors<0.1%,rate>450`.
 *
 * Owns: the little language and the judgement. Pure.
 *
 * O1: a fault names its place, counted in characters from 1.
 * O2: where nothing succeeded no objective is met, whatever it asks for.
 * O3: any percentile may be asked for: it is read from the whole histogram, not from a table.
 */
import { err, ok, type Result } from "../result.ts";
import { LatencyHistogram, type LatencySummary } from "./latency.ts";
import { errorShareOf, type LoadReport } from "./load-report.ts";

/** The distribution that a span is taken of. */
export type ObjectiveOf = "latency" | "service" | "lateness" | "first" | "gap";

/** What is judged. */
export type ObjectiveMetric =
  | { readonly kind: "percentile"; readonly of: ObjectiveOf; readonly percentile: number }
  | { readonly kind: "min" | "mean" | "max"; readonly of: ObjectiveOf }
  /** The share of requests that did not end well; 0 to 1. */
  | { readonly kind: "errors" }
  /** Good answers a second. */
  | { readonly kind: "rate" };

/** One condition. */
export interface Objective {
  /** As it was written. */
  readonly text: string;
  readonly metric: ObjectiveMetric;
  readonly operator: "<" | "<=" | ">" | ">=";
  /** In milliseconds, as a share, or a second. */
  readonly bound: number;
}

/** What an objective came to. */
export interface ObjectiveResult {
  readonly text: string;
  readonly met: boolean;
  /** The figure that was judged, with its unit, or why there is none. */
  readonly measured: string;
}

/** Where and why a list of objectives cannot be read. */
export interface ObjectiveFault {
  /** From 1. */
  readonly at: number;
  readonly message: string;
}

const DISTRIBUTIONS: readonly ObjectiveOf[] = ["latency", "service", "lateness", "first", "gap"];
const OPERATORS = ["<=", ">=", "<", ">"] as const;
const SPANS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 };
const METRICS = "p50 … p99.9, min, mean, max (also first.p99, gap.p99, service.p99), errors, rate";

/**
 * The objectives of a list separated by commas.
 *
 * @example
 * parseObjectives("p99<200ms,errors<0.1%,rate>450");
 */
export function parseObjectives(text: string): Result<readonly Objective[], ObjectiveFault> {
  const objectives: Objective[] = [];
  let start = 0;
  for (const part of text.split(",")) {
    const parsed = parseObjective(part, start);
    if (!parsed.ok) return parsed;
    objectives.push(parsed.value);
    start += part.length + 1;
  }
  return ok(objectives);
}

/** Whether the report meets each objective. */
export function judged(
  objectives: readonly Objective[],
  report: LoadReport,
): readonly ObjectiveResult[] {
  return objectives.map((objective) => {
    const { text, metric, operator, bound } = objective;
    if (report.ok === 0) return { text, met: false, measured: "nothing succeeded" };
    const value = figureOf(metric, report);
    if (value === undefined) return { text, met: false, measured: "was not measured" };
    return { text, met: holds(value, operator, bound), measured: shown(metric, value) };
  });
}

function parseObjective(part: string, start: number): Result<Objective, ObjectiveFault> {
  const lead = part.length - part.trimStart().length;
  const text = part.trim();
  const fault = (offset: number, message: string) =>
    err({ at: start + lead + offset + 1, message });
  if (text === "") return fault(0, "an objective is missing, like p99<200ms");
  const [name = ""] = /^[a-z0-9.]*/i.exec(text) ?? [];
  const metric = metricOf(name);
  if (metric === undefined) {
    return fault(0, `${name === "" ? "a name" : `"${name}"`} is none of ${METRICS}`);
  }
  const afterName = name.length + spacesAt(text, name.length);
  const operator = OPERATORS.find((known) => text.startsWith(known, afterName));
  if (operator === undefined) return fault(afterName, "expected <, <=, > or >=");
  const from = afterName + operator.length + spacesAt(text, afterName + operator.length);
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)?(.*)$/.exec(text.slice(from)) ?? [];
  if (digits === "") return fault(from, "expected a number");
  const bound = boundOf(metric, Number(digits), unit.trim());
  if (bound === undefined) return fault(from + digits.length, `expected ${unitsOf(metric)}`);
  return ok({ text, metric, operator, bound });
}

function metricOf(name: string): ObjectiveMetric | undefined {
  if (name === "errors" || name === "rate") return { kind: name };
  const dot = name.indexOf(".");
  const prefix = DISTRIBUTIONS.find((known) => name.startsWith(`${known}.`));
  const of = prefix ?? "latency";
  const rest = prefix === undefined ? name : name.slice(dot + 1);
  if (rest === "min" || rest === "mean" || rest === "max") return { kind: rest, of };
  const percentile = Number(/^p(\d{1,2}(?:\.\d{1,4})?|100)$/.exec(rest)?.[1]);
  return Number.isNaN(percentile) ? undefined : { kind: "percentile", of, percentile };
}

function boundOf(metric: ObjectiveMetric, number: number, unit: string): number | undefined {
  switch (metric.kind) {
    case "rate":
      return unit === "" || unit === "/s" ? number : undefined;
    case "errors":
      return unit === "%" ? number / 100 : undefined;
    case "percentile":
    case "min":
    case "mean":
    case "max": {
      const factor = SPANS[unit];
      return factor === undefined ? undefined : number * factor;
    }
  }
}

function unitsOf(metric: ObjectiveMetric): string {
  switch (metric.kind) {
    case "rate":
      return "nothing or /s after the number";
    case "errors":
      return "% after the number";
    case "percentile":
    case "min":
    case "mean":
    case "max":
      return "a unit after the number: us, ms, s or m";
  }
}

function figureOf(metric: ObjectiveMetric, report: LoadReport): number | undefined {
  switch (metric.kind) {
    case "rate":
      return report.throughputHz;
    case "errors":
      return errorShareOf(report);
    case "percentile": {
      const summary = distributionOf(metric.of, report);
      return summary === undefined ? undefined : percentileOf(summary, metric.percentile);
    }
    case "min":
    case "mean":
    case "max":
      return distributionOf(metric.of, report)?.[`${metric.kind}Ms`];
  }
}

/** Any percentile of a distribution in a report, in milliseconds (O3). */
export function percentileOf(summary: LatencySummary, percentile: number): number {
  return LatencyHistogram.from(summary).at(percentile);
}

function distributionOf(of: ObjectiveOf, report: LoadReport): LatencySummary | undefined {
  switch (of) {
    case "first":
      return report.firstChunk;
    case "gap":
      return report.chunkGap;
    case "latency":
    case "service":
    case "lateness":
      return report[of];
  }
}

function holds(value: number, operator: Objective["operator"], bound: number): boolean {
  switch (operator) {
    case "<":
      return value < bound;
    case "<=":
      return value <= bound;
    case ">":
      return value > bound;
    case ">=":
      return value >= bound;
  }
}

function shown(metric: ObjectiveMetric, value: number): string {
  switch (metric.kind) {
    case "rate":
      return `${value.toFixed(1)}/s`;
    case "errors":
      return `${(value * 100).toFixed(3)}%`;
    case "percentile":
    case "min":
    case "mean":
    case "max":
      return `${value.toFixed(2)}ms`;
  }
}

function spacesAt(text: string, at: number): number {
  return text.length - at - text.slice(at).trimStart().length;
}
