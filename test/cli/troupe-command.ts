/** Runs `troupe` as a user would: a process of its own, its output and its exit code. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What a run of the command came to. */
export interface CommandRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@link troupe}. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** After which it is killed and the run rejects; default 60 s. */
  readonly timeoutMs?: number;
}

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

/** Runs the command to its end. */
export function troupe(
  args: readonly string[],
  { cwd, env = {}, timeoutMs = 60_000 }: CommandOptions = {},
): Promise<CommandRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`troupe ${args.join(" ")} took over ${timeoutMs} ms: ${stderr}`));
    }, timeoutMs);
    child.once("error", reject);
    child.once("close", (exitCode) => {
      clearTimeout(timer);
      resolve({ exitCode, stdout, stderr });
    });
  });
}

/** The processes, by pid, whose command line holds `text`; Linux only. */
export async function processesWith(text: string): Promise<readonly number[]> {
  const { readdir, readFile } = await import("node:fs/promises");
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
    if (line.includes(text) && Number(name) !== process.pid) found.push(Number(name));
  }
  return found;
}
