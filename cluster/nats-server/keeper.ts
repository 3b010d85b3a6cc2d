/**
 * Runs a server that never outlives this process.
 *
 * Owns: the shell between the two. How the server is found ready and told to stop is its launcher's.
 *
 * E1: a pipe leads from this process to the shell; when this process ends, however it ends, the pipe
 *     closes and the shell sends the server SIGTERM. SIGKILL closes it too.
 * E2: a folder that is given as temporary is removed once the server has ended.
 * E3: the shell has a session of its own, so that signals of the terminal reach neither.
 * E4: the shell ends with the server's exit code.
 *
 * Cost: one shell.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";

/**
 * `$1` is the folder to remove in the end, or empty; the rest is the server. Descriptor 3 is the pipe
 * to the parent: `read` returns when it closes. The server must not hold the pipe itself, or it would
 * be a reader of its own end. The shell's own standard error goes nowhere: it would report a killed
 * server to a reader that may be gone, and end of that before it removes the folder.
 */
const KEEPER = `
temporary=$1; shift
"$@" 3<&- </dev/null >&2 & server=$!
{ read -r _; kill -TERM "$server"; } <&3 >/dev/null 2>&1 & keeper=$!
exec 3<&- 2>/dev/null
wait "$server"; code=$?
kill "$keeper" 2>/dev/null
[ -z "$temporary" ] || rm -rf -- "$temporary"
exit "$code"
`;

/** How a server is run. */
export interface KeptOptions {
  /** What the shell is called in lists of processes. */
  readonly name: string;
  readonly binary: string;
  readonly args: readonly string[];
  /** An absolute path: E2; none when absent. */
  readonly temporary?: string;
}

/**
 * Starts a server.
 *
 * @returns the shell; its standard error is what the server says, on standard output as well
 */
export function spawnKept({ name, binary, args, temporary }: KeptOptions): ChildProcess {
  return spawn("/bin/sh", ["-c", KEEPER, name, temporary ?? "", binary, ...args], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
}

/** Closes the pipe: the server is sent SIGTERM. */
export function letGo(shell: ChildProcess): void {
  (shell.stdio[3] as Socket).destroy();
}

/** From now on the server does not keep this process alive, and what it says is not read. */
export function release(shell: ChildProcess): void {
  shell.unref();
  (shell.stderr as Socket).destroy();
  (shell.stdio[3] as Socket).unref();
}
