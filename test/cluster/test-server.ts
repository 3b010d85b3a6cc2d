/**
 * A real nats-server for a test, run as the embedded one is: on a free port of the loopback, with a
 * store of its own, and stoppable and startable again on both.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { NatsServerProcess } from "../../cluster/nats-server/launch.ts";
import { launchNatsServer } from "../../cluster/nats-server/launch.ts";
import { locateNatsServer } from "../../cluster/nats-server/locate.ts";

/** A server that a test may stop and start. */
export interface TestServer {
  readonly url: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Ends it the hard way or the soft way, and waits until it is gone. */
  stop(signal?: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Starts it again on the same port and store. */
  start(): Promise<void>;
  /** Stops it and removes its store. */
  dispose(): Promise<void>;
}

/** Starts a server. */
export async function startTestServer(): Promise<TestServer> {
  const binary = (await locateNatsServer({ env: process.env })).path;
  const storeDir = await mkdtemp(join(tmpdir(), "troupe-nats-"));
  let server: NatsServerProcess = await launchNatsServer({ binary, storeDir });
  const { url, port } = server;
  const stop = async (signal: "SIGKILL" | "SIGTERM" = "SIGTERM"): Promise<void> => {
    if (signal === "SIGTERM") await server.stop();
    else {
      process.kill(server.pid, signal);
      await server.ended;
    }
  };
  return {
    url,
    get pid() {
      return server.pid;
    },
    stop,
    start: async () => {
      server = await launchNatsServer({ binary, storeDir, port });
    },
    dispose: async () => {
      await stop();
      await rm(storeDir, { recursive: true, force: true });
    },
  };
}

/** Resolves once `check` holds; rejects after `deadlineMs`, naming what was waited for. */
export async function until(
  what: string,
  check: () => boolean | Promise<boolean>,
  deadlineMs: number = 10_000,
): Promise<void> {
  const untilMs = performance.now() + deadlineMs;
  while (!(await check())) {
    if (performance.now() > untilMs) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await delay(10);
  }
}
