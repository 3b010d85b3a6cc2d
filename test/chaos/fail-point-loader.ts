/**
 * Kills this process at a fail point: `node --import <this file>` with `TROUPE_CRASH_AT=label:n`.
 *
 * Owns: counting and the end. Where the points are is `fail-points.ts`.
 *
 * I1: the n-th time that the point is reached the process ends by SIGKILL, and nothing of it runs on.
 *     It says so on its standard error just before.
 *     `TROUPE_CRASH_AT=*` kills nowhere, and says of each point once that it is reached.
 * I2: a label that is none ends the process with exit code 2 before any of its code has run.
 * I3: without `TROUPE_CRASH_AT` everything is loaded as it is.
 */
import { writeSync } from "node:fs";
import { loadRewritten } from "../mutants/load-rewritten.ts";
import { type CrashAt, type FailPoint, failPoints, parsedCrash, planted } from "./fail-points.ts";

const STDERR = 2;
/** Instead of a label: every point is planted, and none kills. */
const EVERY = "*";

const asked = process.env["TROUPE_CRASH_AT"] ?? "";
if (asked !== "") {
  try {
    if (asked === EVERY) tellOfEach();
    else killAt(parsedCrash(asked));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`TROUPE_CRASH_AT: ${reason}\n`);
    process.exit(2);
  }
}

function killAt({ point, time }: CrashAt): void {
  let reached = 0;
  const troupeReached = (): void => {
    if (++reached < time) return;
    writeSync(STDERR, `killed at ${point.label}:${time}\n`);
    process.kill(process.pid, "SIGKILL");
    // The signal ends the other threads at once too; this one must not get ahead of it.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
  plant([point], troupeReached);
}

function tellOfEach(): void {
  const reached = new Set<string>();
  plant(failPoints, (label) => {
    if (reached.has(label)) return;
    reached.add(label);
    writeSync(STDERR, `reached ${label}\n`);
  });
}

function plant(points: readonly FailPoint[], troupeReached: (label: string) => void): void {
  Object.assign(globalThis, { troupeReached });
  const callAt = ({ label }: FailPoint) => `globalThis.troupeReached(${JSON.stringify(label)});`;
  loadRewritten(points.map((point) => planted(point, callAt(point))));
}
