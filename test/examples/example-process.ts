/** Runs an example as its reader would: a process of its own, in a folder of its own. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The compiled file of an example, for example `05-cluster`. */
export function exampleFile(example: string): string {
  return fileURLToPath(new URL(`../../examples/${example}.js`, import.meta.url));
}

/**
 * What an example prints; rejects unless it ends by itself with exit code 0 and without an error.
 *
 * Warnings pass: on a machine that is busy elsewhere the runtime rightly says that a turn took long.
 */
export async function printed(example: string, ...args: readonly string[]): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), "troupe-example-"));
  try {
    const { stdout, stderr } = await run(process.execPath, [exampleFile(example), ...args], {
      cwd,
      timeout: 30_000,
    });
    const complaints = stderr.split("\n").filter((line) => line !== "" && !isWarning(line));
    if (complaints.length > 0) throw new Error(`${example} complained: ${complaints.join("\n")}`);
    return stdout;
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

/** Whether a line is a log entry below pino's level of errors. */
function isWarning(line: string): boolean {
  const level = /^\{"level":(\d+),/.exec(line)?.[1];
  return level !== undefined && Number(level) < 50;
}
