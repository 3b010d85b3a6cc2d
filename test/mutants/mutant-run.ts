/**
 * The models against one planted bug, in a process of its own.
 *
 * Owns: the process and its time limit. A bug that ends or hangs the process is noticed as well.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Rewrite } from "./rewrite.ts";

const LOADER = new URL("./rewrite-loader.js", import.meta.url).href;
const CATCH = fileURLToPath(new URL("./catch.js", import.meta.url));

/** What came of it. */
export type MutantRun =
  | { readonly type: "caught"; readonly seed: number; readonly model: string; readonly why: string }
  /** All models held. */
  | { readonly type: "missed"; readonly schedules: number }
  /** The process ended by itself or had to be ended. */
  | { readonly type: "crashed"; readonly why: string }
  /** The bug could not be planted. */
  | { readonly type: "stale"; readonly why: string };

/** Options of {@link mutantRun}. */
export interface MutantRunOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  /** After which the process counts as hanging. */
  readonly timeoutMs: number;
}

/** Runs the models with `rewrites` planted; none for a control run. */
export function mutantRun(
  rewrites: readonly Rewrite[],
  { firstSeed, seeds, timeoutMs }: MutantRunOptions,
): Promise<MutantRun> {
  return new Promise((resolve, reject) => {
    const args = ["--import", LOADER, CATCH, String(firstSeed), String(seeds)];
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, TROUPE_REWRITE: JSON.stringify(rewrites) },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    let hangs: boolean = false;
    const timer = setTimeout(() => {
      hangs = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    child.once("error", reject);
    child.once("close", (exitCode) => {
      clearTimeout(timer);
      if (hangs) resolve({ type: "crashed", why: `no end after ${timeoutMs} ms` });
      else if (exitCode === 2) resolve({ type: "stale", why: stderr.trim() });
      else if (exitCode === 0) resolve(outcomeIn(stdout));
      else resolve(crashOf(exitCode, lastLineOf(stderr)));
    });
  });
}

function outcomeIn(stdout: string): MutantRun {
  const { seed, model, message, schedules } = JSON.parse(stdout) as {
    readonly seed?: number;
    readonly model?: string;
    readonly message?: string;
    readonly schedules?: number;
  };
  if (seed === undefined || model === undefined || message === undefined) {
    return { type: "missed", schedules: schedules ?? 0 };
  }
  return { type: "caught", seed, model, why: message.split("\n")[0] ?? "" };
}

/** A rewrite that names what its file does not have is no bug of the kernel, and its crash no catch. */
function crashOf(exitCode: number | null, why: string): MutantRun {
  const isMisspelt = /^(ReferenceError|SyntaxError)\b| is not a (function|constructor)$/.test(why);
  return isMisspelt
    ? { type: "stale", why }
    : { type: "crashed", why: `exit code ${exitCode}: ${why}` };
}

/** The line of a stack that says what was thrown. */
function lastLineOf(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => /^\w*Error\b/.test(line));
  return lines.at(-1) ?? stderr.trim().split("\n").at(-1) ?? "";
}
