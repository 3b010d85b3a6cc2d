/**
 * What a chaos run reports: faults, work, every invariant, every recovery; a document or lines.
 *
 * Owns: which figures there are. Their form is `test/models/model-report.ts`.
 */

import type { Verdict } from "../invariants/invariant.ts";
import { invariants } from "../invariants/invariants.ts";
import type { ModelReport, ReportRow } from "../models/model-report.ts";
import type { ChaosOutcome } from "./chaos-run.ts";
import { failPoints } from "./fail-points.ts";
import { quantileOf, type Recovery } from "./recoveries.ts";

/** The bounds of recovery at p99, in milliseconds, on one server and on three; `null` = none is promised. */
const BOUNDS: Readonly<Record<Recovery, Readonly<Record<1 | 3, number | null>>>> = {
  "task reclaimed": { 1: 4_000, 3: 4_000 },
  "unit owned again": { 1: 6_000, 3: 25_000 },
  "node back": { 1: null, 3: null },
  "tasks done again": { 1: 12_000, 3: 12_000 },
};

const SERVER_FAULTS = ["server killed", "server stopped", "leader killed", "leader stopped"];
const NODE_FAULTS = ["drain", "pause", "cut", "stall", "delay", "reset", "fenced"];

/** The report of a run. */
export function chaosReport(
  outcome: ChaosOutcome,
  { seed, servers }: { readonly seed: number; readonly servers: 1 | 3 },
): ModelReport {
  const { tally, verdicts, mishaps, recoveries, rounds, tookMs } = outcome;
  const { labels, kills } = tally.atFailPoints;
  const seconds = Math.round(tookMs / 1_000);
  const rows: ReportRow[] = [
    told("rounds", rounds, "rounds", `${seconds} s in all, each with a quiet window`),
    told(
      "kills of nodes",
      tally.count("kill") + kills,
      "kills",
      `${kills} at ${labels} of ${failPoints.length} fail points`,
    ),
    ...[...NODE_FAULTS, ...SERVER_FAULTS]
      .filter((kind) => tally.count(kind) > 0)
      .map((kind) => told(kind, tally.count(kind), "times", "")),
    told("tasks accepted", tally.work.tasks, "tasks", ""),
    told("writes acknowledged", tally.work.writes, "writes", "of durable states"),
    told("auctions awarded", tally.work.auctions, "auctions", ""),
    told("messages sent", tally.work.messages, "messages", `${tally.work.asks} of them asks`),
    ...verdicts.filter(({ judged, violated }) => judged + violated > 0).map(verdictRow),
    {
      ...told("processes that ended as none should", mishaps.length, "processes", mishaps[0] ?? ""),
      goal: 0,
      met: mishaps.length === 0,
    },
    ...[...recoveries.samples].flatMap(([what, samples]) => recoveryRows(what, samples, servers)),
  ];
  return {
    v: 1,
    suite: `chaos cluster, ${servers === 1 ? "one server" : "three servers"}`,
    seed,
    rows,
  };
}

function told(name: string, value: number, unit: string, note: string): ReportRow {
  return { name, value, unit, rival: null, ratio: null, goal: null, met: true, note };
}

function verdictRow({ invariant, judged, violated, violations }: Verdict): ReportRow {
  const promise = invariants.find(({ name }) => name === invariant)?.promise ?? "";
  const first = violations[0]?.what;
  return {
    ...told(invariant, violated, `of ${judged} violated`, first === undefined ? promise : first),
    goal: 0,
    met: violated === 0,
  };
}

function recoveryRows(
  what: Recovery,
  samples: readonly number[],
  servers: 1 | 3,
): readonly ReportRow[] {
  if (samples.length === 0) return [];
  const goal = BOUNDS[what][servers];
  const p99 = quantileOf(samples, 0.99);
  const of = `of ${samples.length}`;
  return [
    told(`${what}, p50`, quantileOf(samples, 0.5), "ms", of),
    { ...told(`${what}, p99`, p99, "ms", of), goal, met: goal === null || p99 <= goal },
  ];
}
