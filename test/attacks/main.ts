/**
 * The long run of the fuzzer: `npm run fuzz -- [--frames N] [--seed S] [--json]`.
 *
 * The report is on standard output, progress on standard error. Exit code 0 when nothing was wrong, 1 when
 * something was, 2 when it was called wrongly.
 */
import { parseArgs } from "node:util";
import { type FuzzReport, fuzz } from "./fuzz-run.ts";

const TELL_EVERY_MS = 5_000;

const { values } = parseArgs({
  options: {
    frames: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const frames = Number(values.frames);
const seed = Number(values.seed);
if (!Number.isInteger(frames) || frames < 1 || !Number.isInteger(seed)) {
  process.stderr.write("usage: npm run fuzz -- [--frames N] [--seed S] [--json]\n");
  process.exitCode = 2;
} else {
  let toldMs = performance.now();
  const progress = (done: number): void => {
    if (performance.now() - toldMs < TELL_EVERY_MS) return;
    toldMs = performance.now();
    process.stderr.write(`${done.toLocaleString("en")} of ${frames.toLocaleString("en")}\n`);
  };
  const report = await fuzz({ frames, seed, progress });
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : pageOf(report));
  if (report.faults.length > 0) process.exitCode = 1;
}

function pageOf(report: FuzzReport): string {
  const doors = Object.entries(report.doors).map(([door, of]) => `${door} ${of}`);
  const rate = Math.round(report.frames / report.seconds).toLocaleString("en");
  return [
    `${report.frames.toLocaleString("en")} wrong messages, seed ${report.seed} (${doors.join(", ")})`,
    `${report.taken.toLocaleString("en")} came through to an actor`,
    `${report.seconds.toFixed(1)} s, ${rate} a second; ${report.simulatedSeconds.toFixed(0)} s simulated`,
    `heap +${(report.heapGrowthBytes / 1_048_576).toFixed(1)} MB; log ${report.logLines} lines, ${report.logBytes} bytes, longest ${report.longestLine}`,
    ...(report.faults.length === 0 ? ["nothing was wrong"] : report.faults),
    "",
  ].join("\n");
}
