/**
 * A real nats-server for a test: on a free port of the loopback, with a store of its own, and
 * stoppable and startable again on both.
 */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A server that a test may stop and start. */
export interface TestServer {
  readonly url: string;
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
  const binary = process.env["TROUPE_NATS_SERVER"] ?? "nats-server";
  const home = mkdtempSync(join(tmpdir(), "troupe-nats-"));
  let port = -1;
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn(
      binary,
      [
        "-a",
        "127.0.0.1",
        "-p",
        String(port),
        "-js",
        "-sd",
        join(home, "js"),
        "--ports_file_dir",
        home,
      ],
      { stdio: "ignore" },
    );
    const file = `${child.pid}.ports`;
    for (let tries = 0; ; tries++) {
      const name = readdirSync(home).find((entry) => entry.endsWith(file));
      const text = name === undefined ? "" : readFileSync(join(home, name), "utf8");
      if (text.endsWith("}")) {
        const { nats } = JSON.parse(text) as { nats: readonly string[] };
        port = Number(new URL(nats[0] ?? "").port);
        return;
      }
      if (tries > 500) throw new Error("the test's nats-server did not start");
      await delay(10);
    }
  };
  const stop = async (signal: "SIGKILL" | "SIGTERM" = "SIGTERM"): Promise<void> => {
    const ending = child;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => ending.once("exit", () => resolve()));
    ending.kill(signal);
    await gone;
  };
  await start();
  return {
    get url() {
      return `nats://127.0.0.1:${port}`;
    },
    get pid() {
      return child?.pid ?? 0;
    },
    start,
    stop,
    dispose: async () => {
      await stop();
      rmSync(home, { recursive: true, force: true });
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
