/**
 * Performs a load run from its settings to its document.
 *
 * Owns: the order of things: cluster, target, generators, watch, reports, end. Each is in its own file.
 *
 * B1: whatever was started is ended, whatever happens meanwhile.
 * B2: an interruption before the load begins ends the run; after that it ends the sending, and the
 *     document covers what was measured.
 * B3: tells are counted where they arrive: a tell that did not arrive is no success.
 */
import { cpus } from "node:os";
import type { Node } from "../../cluster/index.ts";
import {
  type LoadDocument,
  type LoadReport,
  type LoadTarget,
  loadReportOf,
  loadWarnings,
  systemClock,
  systemRandom,
} from "../../runtime/index.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { type FoundTarget, findTarget, reach } from "./found-target.ts";
import type { GeneratorPlan, GeneratorTarget } from "./generator-plan.ts";
import { Generators } from "./generator-process.ts";
import type { LiveLine } from "./live-line.ts";
import { liveText } from "./live-line.ts";
import { LoadCluster } from "./load-cluster.ts";
import { type LoadMembership, loadMember } from "./load-member.ts";
import { generatorPace, type LoadSettings } from "./load-settings.ts";
import { NodeWatch } from "./node-watch.ts";

/** What a run needs beside its settings. */
export interface LoadSurroundings {
  readonly parameters: LoadDocument["parameters"];
  readonly version: string;
  readonly say: (line: string) => void;
  readonly line: LiveLine;
  readonly signal: AbortSignal;
}

/** What came of a run. */
export interface LoadOutcome {
  readonly document: LoadDocument;
  /** Generators that did not report. */
  readonly lost: number;
}

const RUN_ID_LENGTH = 6;
const LIVE_MS = 500;
/** How often it is looked whether all tells have arrived. */
const ARRIVAL_MS = 100;

/**
 * Runs.
 *
 * @throws {CommandError} when there is nothing to put load on
 * @throws {TroupeError} when the server, a node or a generator does not start
 */
export async function runLoadBenchmark(
  settings: LoadSettings,
  surroundings: LoadSurroundings,
): Promise<LoadOutcome> {
  const { say, signal } = surroundings;
  const run = systemRandom().id().slice(0, RUN_ID_LENGTH);
  const { nats, cluster: joined, model, log, credentials, seeds } = settings;
  const members = { run, isJoined: joined !== undefined, credentials, seeds };
  const cluster = await LoadCluster.start({
    model,
    log,
    members,
    say,
    signal,
    ...(nats === undefined ? {} : { nats }),
    ...(joined === undefined ? {} : { cluster: joined }),
  });
  try {
    signal.throwIfAborted();
    const found = await findTarget(settings, cluster.node);
    if (settings.nodes > 0) await cluster.startNodes(settings.nodes, found.nodeRuns);
    signal.throwIfAborted();
    const others = settings.nodes > 0 ? [] : cluster.others;
    const target = await reach(settings, cluster, found, { run, others, signal });
    const plans = plansOf(settings, cluster.node, target, members);
    const generators = await Generators.start(plans, systemClock);
    try {
      signal.throwIfAborted();
      return await measure(settings, surroundings, { cluster, generators, found, others });
    } finally {
      await generators.end();
    }
  } finally {
    await cluster.stop();
  }
}

function plansOf(
  settings: LoadSettings,
  node: Node,
  target: GeneratorTarget,
  members: LoadMembership,
): readonly GeneratorPlan[] {
  const { generators: of, payloads, maxInFlight } = settings;
  const { seed, warmupMs, durationMs, timeoutMs, drainMs } = settings;
  return Array.from({ length: of }, (_, index) => ({
    ...loadMember("generator", index + 1, members),
    index,
    of,
    nats: node.natsUrl,
    cluster: node.cluster,
    target,
    payloads: payloads ?? [{}],
    pace: generatorPace(settings, index),
    maxInFlight: Math.max(1, Math.floor(maxInFlight / of)),
    ...{ seed, warmupMs, durationMs, timeoutMs, drainMs },
  }));
}

interface Running {
  readonly cluster: LoadCluster;
  readonly generators: Generators;
  readonly found: FoundTarget;
  readonly others: readonly string[];
}

async function measure(
  settings: LoadSettings,
  { parameters, version, line, say, signal }: LoadSurroundings,
  { cluster, generators, found, others }: Running,
): Promise<LoadOutcome> {
  const { warmupMs, durationMs, drainMs, loop } = settings;
  const runMs = warmupMs + durationMs;
  const watch = new NodeWatch({ node: cluster.node, sampled: cluster.nodes, others, runMs });
  watch.start();
  const beginMs = generators.begin() + warmupMs;
  say(beginningLine(settings, found.target, cluster.node.cluster));
  const stop = (): void => generators.stop();
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const hideLive = showLive(generators, line, runMs);
  const { parts, timelines, lost } = await generators.reports();
  signal.removeEventListener("abort", stop);
  const sent = parts.reduce((sum, part) => sum + part.sentInAll, 0);
  const isTell = found.target.kind === "tell";
  if (isTell) await arrived(watch, sent, drainMs);
  await watch.look();
  watch.stop();
  hideLive();
  if (parts.length === 0) throw new CommandError(ExitCode.failed, lost.join("; "));
  const counted = loadReportOf(parts, { warmupMs, endMs: runMs, loop });
  const receipt = isTell ? watch.receipt(sent) : undefined;
  const receivedHz = watch.receivedHz(beginMs, beginMs + counted.measuredMs);
  const report = isTell ? reportOfTells(counted, receipt, receivedHz) : counted;
  const processes = [...watch.timelines(beginMs), ...timelines];
  const { trace } = settings;
  const played =
    trace === undefined || trace.rounds === 1
      ? []
      : [`the trace was played ${trace.rounds} times over`];
  const document: LoadDocument = {
    v: 1,
    kind: "troupe.load",
    startedAtMs: beginMs,
    target: found.target,
    parameters,
    environment: environmentOf(cluster.node, version),
    report,
    ...(receipt === undefined ? {} : { receipt }),
    processes,
    warnings: [...lost, ...loadWarnings(report, processes, receipt), ...played],
  };
  return { document, lost: lost.length };
}

function beginningLine(settings: LoadSettings, target: LoadTarget, cluster: string): string {
  const { nodes, generators, warmupMs, durationMs } = settings;
  const on = nodes === 0 ? `cluster ${cluster}` : `${nodes} node${nodes === 1 ? "" : "s"}`;
  const from = `${generators} generator${generators === 1 ? "" : "s"}`;
  const span = `${(durationMs / 1_000).toFixed(1)} s after ${(warmupMs / 1_000).toFixed(1)} s of warm-up`;
  return `load on ${target.name}: ${on}, ${from}, ${span}`;
}

/** B3: what did not arrive has not ended well, and the rate is that of the receivers. */
function reportOfTells(
  report: LoadReport,
  receipt: { readonly sent: number; readonly received?: number } | undefined,
  receivedHz: number | undefined,
): LoadReport {
  // A tell has no answer: what would be measured is how long it takes to be put into the outbox.
  const { latency: _latency, service: _service, ...rest } = report;
  const timeline = report.timeline.map(
    ({ p50Ms: _p50, p99Ms: _p99, maxMs: _max, ...point }) => point,
  );
  const lost = receipt?.received === undefined ? 0 : Math.max(0, receipt.sent - receipt.received);
  const missing = Math.min(report.ok, lost);
  const ok = report.ok - missing;
  return {
    ...rest,
    timeline,
    ok,
    unfinished: report.unfinished + missing,
    throughputHz: ok === 0 ? 0 : (receivedHz ?? report.throughputHz),
  };
}

/** Waits until all tells have arrived, or for as long as answers would have been waited for. */
async function arrived(watch: NodeWatch, sent: number, drainMs: number): Promise<void> {
  const untilMs = systemClock.monotonicMs() + drainMs;
  for (;;) {
    await watch.look();
    const { received } = watch;
    if (received === undefined || received >= sent || systemClock.monotonicMs() >= untilMs) return;
    await new Promise<void>((resolve) => systemClock.after(ARRIVAL_MS, resolve));
  }
}

function showLive(generators: Generators, line: LiveLine, runMs: number): () => void {
  let before = { atMs: 0, ok: 0 };
  let cancel = () => {};
  const show = (): void => {
    const { lives } = generators;
    if (lives.length > 0) line.show(liveText(lives, { runMs, before }));
    before = {
      atMs: Math.max(0, ...lives.map((live) => live.elapsedMs)),
      ok: lives.reduce((sum, live) => sum + live.ok, 0),
    };
    cancel = systemClock.after(LIVE_MS, show);
  };
  cancel = systemClock.after(LIVE_MS, show);
  return () => {
    cancel();
    line.clear();
  };
}

function environmentOf(node: Node, version: string): LoadDocument["environment"] {
  const processors = cpus();
  return {
    troupe: version,
    node: process.version,
    "nats-server": node.natsVersion,
    platform: `${process.platform} ${process.arch}`,
    processors: `${processors.length} × ${processors[0]?.model.trim() ?? "unknown"}`,
  };
}
