/**
 * One line on the terminal that says how a run goes.
 *
 * Owns: its words, and writing it over itself. Only a terminal gets it: a log has no use for it.
 */
import { LatencyHistogram, type LiveLoad } from "../../runtime/index.ts";

/** The counts at the look before, and when that was. */
export interface LookBefore {
  readonly atMs: number;
  readonly ok: number;
}

/**
 * The line.
 *
 * @param lives - what each generator said last
 * @param runMs - how long the run takes, warm-up included
 */
export function liveText(
  lives: readonly LiveLoad[],
  { runMs, before }: { readonly runMs: number; readonly before: LookBefore },
): string {
  const total = (of: (live: LiveLoad) => number) => lives.reduce((sum, live) => sum + of(live), 0);
  const elapsedMs = Math.max(0, ...lives.map((live) => live.elapsedMs));
  const histogram = new LatencyHistogram({ digits: 2 });
  for (const { latency } of lives) if (latency !== undefined) histogram.addRecord(latency);
  const spanMs = elapsedMs - before.atMs;
  const rate = spanMs <= 0 ? 0 : ((total((live) => live.ok) - before.ok) * 1_000) / spanMs;
  const span = (ms: number) => (histogram.count === 0 ? "-" : `${ms.toFixed(ms < 10 ? 2 : 0)} ms`);
  const left =
    elapsedMs > runMs ? "waiting for answers" : `${seconds(elapsedMs)} of ${seconds(runMs)} s`;
  return [
    left,
    `${rate.toFixed(0)}/s`,
    `${total((live) => live.inFlight)} in flight`,
    `p50 ${span(histogram.at(50))}`,
    `p99 ${span(histogram.at(99))}`,
    `${total((live) => live.failed)} failed`,
  ].join("   ");
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}

/** Where the line is written. */
export interface LiveLine {
  readonly show: (text: string) => void;
  /** Takes it away. */
  readonly clear: () => void;
}

/** A line on a terminal; nowhere when it is none. */
export function liveLine(out: NodeJS.WriteStream): LiveLine {
  if (!out.isTTY) return { show: () => {}, clear: () => {} };
  const erase = "\r\u001b[2K";
  let isShown = false;
  return {
    show: (text) => {
      // A line that wraps cannot be taken back; a terminal that does not know its width says 0.
      out.write(`${erase}${text.slice(0, Math.max(20, (out.columns || 80) - 1))}`);
      isShown = true;
    },
    clear: () => {
      if (isShown) out.write(erase);
      isShown = false;
    },
  };
}
