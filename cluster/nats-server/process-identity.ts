/**
 * A process, told apart from a later one that was given the same id.
 *
 * `started` means nothing but equality: on Linux the boot and the tick at which it began, elsewhere
 * what `ps` says.
 */
import { readFile } from "node:fs/promises";
import { platform } from "node:os";
import { runCommand } from "./run-command.ts";

/** A process of this machine. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly started: string;
}

const PS_MS = 2_000;

/** Who has that process id now; `undefined` when nobody runs under it. */
export async function processIdentity(pid: number): Promise<ProcessIdentity | undefined> {
  const started = platform() === "linux" ? await startedOnLinux(pid) : await startedByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether that very process still runs. */
export async function isRunning(process: ProcessIdentity): Promise<boolean> {
  return (await processIdentity(process.pid))?.started === process.started;
}

async function startedOnLinux(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, ticks] = [fields[0], fields[19]];
    if (state === "Z" || ticks === undefined) return undefined;
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    return `${boot.trim()} ${ticks}`;
  } catch {
    return undefined;
  }
}

async function startedByPs(pid: number): Promise<string | undefined> {
  const said = await runCommand("ps", ["-o", "lstart=", "-p", String(pid)], { timeoutMs: PS_MS });
  return said.ok && said.value.trim() !== "" ? said.value.trim() : undefined;
}
