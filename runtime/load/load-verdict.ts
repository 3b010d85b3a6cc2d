/**
 * What a run's figures are worth: whether the generators themselves were the limit.
 *
 * Owns: the thresholds and the sentences. Pure.
 *
 * V1: a generator that was late, or had a core to itself and none left, measured itself; that is said.
 * V2: an open loop that ran into its own bound was not open for those requests; that is said.
 * V3: a closed loop's latency is that of its own users, who wait; that is said in its head line.
 */
import type { ProcessTimeline, Receipt } from "./load-document.ts";
import type { LoadReport } from "./load-report.ts";

/** A generator that uses more of a core than this has nothing left to be on time with. */
const SATURATED = 0.9;
/** Lateness up to here is a timer's grain and a turn of the event loop. */
const LATE_MS = 5;
/** Lateness above this share of the latency's median bends the percentiles. */
const LATE_SHARE = 0.2;

/** What takes from the figures' worth, a sentence each. */
export function loadWarnings(
  report: LoadReport,
  processes: readonly ProcessTimeline[],
  receipt?: Receipt,
): readonly string[] {
  return [
    ...latenessWarning(report),
    ...processes.flatMap(saturationWarning),
    ...heldWarning(report),
    ...receiptWarning(receipt),
  ];
}

/** The mean share of a core that a process used in the window; `undefined` without samples. */
export function meanCpuShare({ samples }: Pick<ProcessTimeline, "samples">): number | undefined {
  const shares = samples.flatMap(({ atMs, cpuShare }) =>
    atMs > 0 && cpuShare !== undefined ? [cpuShare] : [],
  );
  if (shares.length === 0) return undefined;
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

function latenessWarning({ lateness, latency, loop, ok }: LoadReport): readonly string[] {
  if (lateness === undefined || loop.kind === "closed" || ok === 0) return [];
  const p99 = lateness.p99Ms;
  const isLong = p99 > LATE_MS && p99 > (latency?.p50Ms ?? 0) * LATE_SHARE;
  if (!isLong) return [];
  const late = `the generators were late: 1 in 100 requests started ${p99.toFixed(1)} ms or more after its time`;
  const so = "; that is in the latencies, which a faster or less busy machine would make shorter";
  return [latency === undefined ? late : `${late}${so}`];
}

function saturationWarning(process: ProcessTimeline): readonly string[] {
  if (process.role !== "generator") return [];
  const share = meanCpuShare(process);
  if (share === undefined || share < SATURATED) return [];
  return [
    `${process.name} used ${Math.round(share * 100)} % of a core: it was the limit, or close to it; ` +
      "give --generators more, or a lower rate",
  ];
}

function heldWarning({ held, unsent, loop }: LoadReport): readonly string[] {
  if (loop.kind === "closed" || held + unsent === 0) return [];
  return [
    `${held + unsent} requests waited for others to be answered, because as many as allowed were in ` +
      "flight: the loop was not open for them; raise --max-in-flight, or lower the rate",
  ];
}

function receiptWarning(receipt: Receipt | undefined): readonly string[] {
  if (receipt === undefined) return [];
  if (receipt.received === undefined) {
    return [`nobody counted the tells where they arrived: ${receipt.unknown ?? "not known why"}`];
  }
  const lost = receipt.sent - receipt.received;
  return lost <= 0 ? [] : [`${lost} of ${receipt.sent} tells did not arrive`];
}
