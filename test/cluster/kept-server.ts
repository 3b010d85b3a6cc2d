/**
 * A nats-server with a configuration of a test's own. A keeper ends it when the test's process ends, however
 * that ends.
 */
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { letGo, release, spawnKept } from "../../cluster/nats-server/keeper.ts";

/** A server that may be killed. */
export interface KeptServer {
  /** Ends it, and waits until it is gone; may be repeated. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
}

/** How it is run. */
export interface KeptServerOptions {
  readonly binary: string;
  /** Where its configuration and the file with its pid are. */
  readonly folder: string;
  /** Of these files. */
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly args?: readonly string[];
  /** What a shell runs before it. */
  readonly before?: string;
}

/** Starts it, without waiting until it is ready. */
export async function startKeptServer({
  binary,
  folder,
  name,
  config,
  args = [],
  before = "",
}: KeptServerOptions): Promise<KeptServer> {
  const file = join(folder, `${name}.conf`);
  const pidFile = join(folder, `${name}.pid`);
  const files = { pid_file: pidFile, log_file: "/dev/null" };
  await writeFile(file, JSON.stringify({ ...config, ...files }));
  const run = ["-c", `${before} exec "$0" "$@"`, binary, "-c", file, ...args];
  const shell = spawnKept({ name: "troupe-test-nats", binary: "/bin/sh", args: run });
  release(shell);
  const exit = once(shell, "exit");
  return {
    end: async (signal) => {
      if (shell.exitCode !== null || shell.signalCode !== null) return;
      shell.ref();
      const pid = Number(await readFile(pidFile, "utf8").catch(() => "0"));
      if (pid > 0) process.kill(pid, signal);
      else letGo(shell);
      await exit;
    },
  };
}
