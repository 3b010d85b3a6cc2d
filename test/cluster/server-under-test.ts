/** A real nats-server in a folder of its own, for one test file. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchNatsServer, type NatsServerProcess } from "../../cluster/nats-server/launch.ts";
import { locateNatsServer } from "../../cluster/nats-server/locate.ts";

/** A server, and how to be rid of it. */
export interface ServerUnderTest {
  readonly server: NatsServerProcess;
  readonly binary: string;
  /** Stops the server and removes its store. */
  readonly end: () => Promise<void>;
}

/** A fresh folder. */
export function freshFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "troupe-test-"));
}

/** Starts a server on a free port and an empty store. */
export async function startServer(): Promise<ServerUnderTest> {
  const binary = (await locateNatsServer({ env: process.env })).path;
  const storeDir = await freshFolder();
  const server = await launchNatsServer({ binary, storeDir });
  return {
    server,
    binary,
    end: async () => {
      await server.stop();
      await rm(storeDir, { recursive: true, force: true });
    },
  };
}

/** Waits for a condition, asking often, at most `withinMs`. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<boolean> {
  const endMs = performance.now() + withinMs;
  while (performance.now() < endMs) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return condition();
}

/** Stops a process where it stands, and waits until all of it stands. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await eventually(async () => {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") T");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
  }, 2_000);
}

/** Lets a frozen process go on. */
export function thaw(pid: number): void {
  process.kill(pid, "SIGCONT");
}

/** Whether a process runs. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
