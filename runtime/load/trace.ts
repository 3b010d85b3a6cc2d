/**
 * Arrival times of a recorded load: a column of a CSV file.
 *
 * Owns: finding the column, its unit, and stretching it to a rate or a speed. Reading the file is the
 * caller's. Pure.
 *
 * C1: instants come out in ascending order, beginning at 0, whatever the order of the rows.
 * C2: a trace that is shorter than the run begins again from its start; how often is said.
 * C3: a fault names its line.
 * C4: at most five million requests.
 */
import { err, ok, type Result } from "../result.ts";

/** A recorded load. */
export interface Trace {
  /** Milliseconds since the first request, ascending. */
  readonly instantsMs: Float64Array;
  readonly column: string;
  readonly unit: TraceUnit;
}

/** What a column counts in; `date` is a time of day like `2023-11-16 18:15:46.680`, taken as UTC. */
export type TraceUnit = "us" | "ms" | "s" | "date";

/** A trace as a run plays it. */
export interface PlayedTrace {
  /** Milliseconds since the start of the run, ascending, all before its end. */
  readonly instantsMs: Float64Array;
  /** How much faster than recorded it is played. */
  readonly speed: number;
  /** Requests a second on average. */
  readonly rateHz: number;
  /** How often it was played, the last time perhaps in part. */
  readonly rounds: number;
}

/** How fast a trace is played: at a rate on average, or as many times as fast as recorded. */
export type TracePace = { readonly rateHz: number } | { readonly speed: number };

const MOST_REQUESTS = 5_000_000;
const FACTORS: Readonly<Record<Exclude<TraceUnit, "date">, number>> = {
  us: 0.001,
  ms: 1,
  s: 1_000,
};
/** Names of columns that hold times, most telling first, with their unit where the name says it. */
const KNOWN: readonly { readonly name: RegExp; readonly unit?: TraceUnit }[] = [
  { name: /^(?:ms|millis(?:econds)?|.*_ms|.*Ms)$/, unit: "ms" },
  { name: /^(?:us|micros(?:econds)?|.*_us)$/, unit: "us" },
  { name: /^(?:s|sec|secs|seconds|.*_s|.*_sec|.*_seconds)$/, unit: "s" },
  { name: /^(?:timestamp|time|date|datetime|arrival|arrival_?time|arrived_?at|start_?time)$/i },
];

/**
 * The trace in a CSV text with or without a header.
 *
 * @param column - a heading, or a number from 1, with `:us`, `:ms`, `:s` or `:date` after it where the
 *   unit is not plain; found by its heading when absent
 */
export function parseTrace(text: string, column?: string): Result<Trace, string> {
  const lines = text.split(/\r?\n/);
  const head = cellsOf(lines[0] ?? "");
  const isHeaded = !head.every((cell) => cell !== "" && !Number.isNaN(Number(cell)));
  const found = columnOf(head, isHeaded, column);
  if (!found.ok) return found;
  const { index, name } = found.value;
  const values: number[] = [];
  let { unit } = found.value;
  for (let at = isHeaded ? 1 : 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (line.trim() === "") continue;
    const cell = cellsOf(line)[index] ?? "";
    if (unit === undefined) {
      if (dateMsOf(cell) === undefined) {
        return err(`the unit of column "${name}" is not known: give it as ${name}:ms, :us or :s`);
      }
      unit = "date";
    }
    const ms = unit === "date" ? dateMsOf(cell) : numberOf(cell, FACTORS[unit]);
    if (ms === undefined) return err(`line ${at + 1}: "${cell.slice(0, 40)}" is no time (${unit})`);
    if (values.push(ms) > MOST_REQUESTS) return err(`it has more than ${MOST_REQUESTS} requests`);
  }
  if (values.length === 0 || unit === undefined) return err("it has no times");
  const instantsMs = Float64Array.from(values).sort();
  const firstMs = instantsMs[0] ?? 0;
  for (let i = 0; i < instantsMs.length; i++) instantsMs[i] = (instantsMs[i] ?? 0) - firstMs;
  return ok({ instantsMs, column: name, unit });
}

/**
 * The trace as a run of `endMs` plays it.
 *
 * The time between its last request and the first of the next round is the mean gap.
 */
export function playTrace(
  trace: Trace,
  pace: TracePace,
  endMs: number,
): Result<PlayedTrace, string> {
  const { instantsMs } = trace;
  const count = instantsMs.length;
  const spanMs = instantsMs[count - 1] ?? 0;
  if (count < 2 || spanMs === 0) {
    return err("it needs two requests at different times to have a rate");
  }
  const roundMs = spanMs + spanMs / (count - 1);
  const recordedHz = (count * 1_000) / roundMs;
  const speed = "speed" in pace ? pace.speed : pace.rateHz / recordedHz;
  const rounds = Math.ceil(endMs / (roundMs / speed));
  if (rounds * count > MOST_REQUESTS * 2) {
    return err(`the run would have more than ${MOST_REQUESTS} requests`);
  }
  const played: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const recordedMs of instantsMs) {
      const atMs = (round * roundMs + recordedMs) / speed;
      if (atMs >= endMs) break;
      played.push(atMs);
    }
  }
  if (played.length > MOST_REQUESTS) {
    return err(`the run would have more than ${MOST_REQUESTS} requests`);
  }
  return ok({
    instantsMs: Float64Array.from(played),
    speed,
    rateHz: recordedHz * speed,
    rounds,
  });
}

function columnOf(
  head: readonly string[],
  isHeaded: boolean,
  wanted: string | undefined,
): Result<{ index: number; name: string; unit: TraceUnit | undefined }, string> {
  if (wanted === undefined) {
    if (!isHeaded) return err("it has no header: name the column of times like 1:ms");
    for (const { name, unit } of KNOWN) {
      const index = head.findIndex((heading) => name.test(heading));
      if (index >= 0) return ok({ index, name: head[index] ?? "", unit });
    }
    return err(`it has no column of times that is plain; it has ${head.join(", ")}`);
  }
  const [, name = "", unit] = /^(.*?)(?::(us|ms|s|date))?$/.exec(wanted) ?? [];
  const number = Number(name);
  const index = head.indexOf(name);
  const given = unit as TraceUnit | undefined;
  if (isHeaded && index >= 0) {
    return ok({ index, name, unit: given ?? KNOWN.find((known) => known.name.test(name))?.unit });
  }
  if (Number.isInteger(number) && number >= 1 && number <= head.length) {
    return ok({ index: number - 1, name, unit: given });
  }
  const has = isHeaded ? head.join(", ") : `${head.length} columns without names`;
  return err(`it has no column "${name}"; it has ${has}`);
}

function cellsOf(line: string): readonly string[] {
  if (!line.includes('"')) return line.split(",").map((cell) => cell.trim());
  const cells = line.matchAll(/(?:^|,)(?:\s*"((?:[^"]|"")*)"\s*|([^,]*))/g);
  return [...cells].map(([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain.trim());
}

function numberOf(cell: string, factor: number): number | undefined {
  const number = cell === "" ? Number.NaN : Number(cell);
  return Number.isFinite(number) ? number * factor : undefined;
}

/** `2023-11-16 18:15:46.6805900`, with `T` or a blank, taken as UTC unless it says otherwise. */
function dateMsOf(cell: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/.exec(cell);
  if (match === null) return undefined;
  const [, day, time, fraction = "", zone = "Z"] = match;
  const wholeMs = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(wholeMs) ? undefined : wholeMs + Number(`0${fraction || ".0"}`) * 1_000;
}
