/** Runs a program of the machine to its end, within a time limit. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { err, ok, type Result } from "../../runtime/result.ts";

const execute = promisify(execFile);
const LAST_LINES = 3;

/** How a program is run. */
export interface RunOptions {
  readonly timeoutMs: number;
  readonly cwd?: string;
}

/** What a program printed on standard output, or in one line why it failed. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<Result<string, string>> {
  try {
    const { stdout } = await execute(program, [...args], {
      timeout: options.timeoutMs,
      killSignal: "SIGKILL",
      maxBuffer: 16 * 1024 * 1024,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    return ok(stdout);
  } catch (thrown) {
    return err(`${program}: ${reasonOf(thrown)}`);
  }
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const failure = thrown as Error & { code?: unknown; killed?: boolean; stderr?: string };
  if (failure.code === "ENOENT") return "not found";
  if (failure.code === "EACCES") return "not executable";
  if (failure.killed === true) return "took too long";
  const said = (failure.stderr ?? "").trim().split("\n").slice(-LAST_LINES).join(" | ");
  return said || `ended with code ${String(failure.code)}`;
}
