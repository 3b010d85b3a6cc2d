/**
 * Runs a redis-server of our own beside this process, for benchmarks.
 *
 * Owns: starting, knowing when it is ready, stopping. `keeper.ts` sees to it that it never outlives
 * its parent.
 *
 * R1: it listens on 127.0.0.1 only, in a temporary folder of its own that goes with it.
 * R2: it reads no configuration file and makes no snapshots: what it keeps is the append-only file as
 *     asked for.
 * R3: ready means that a PING is answered, by this very server and not by another on the same port.
 * R4: it takes no free port itself: one is found, and another one when somebody was faster.
 *
 * Cost: about 40 ms to start; 8 MB and one shell.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { letGo, release, spawnKept } from "../../cluster/nats-server/keeper.ts";
import {
  isRunning,
  type ProcessIdentity,
  processIdentity,
} from "../../cluster/nats-server/process-identity.ts";
import { awaitedClock, type Clock } from "../../runtime/ports/clock.ts";
import { type RedisBinary, redisCommand } from "./redis-binary.ts";

/** When the append-only file is synced; `no`: there is none. */
export type AppendOnly = "no" | "everysec" | "always";

/** Options of {@link launchRedis}. */
export interface LaunchRedisOptions {
  /** As `locateRedis` finds it. */
  readonly binary: RedisBinary;
  readonly appendOnly: AppendOnly;
  readonly clock?: Clock;
  /** How long it may take to get ready; default 10,000. */
  readonly readyWithinMs?: number;
  /** Finds a port for each attempt; default any free one. */
  readonly freePort?: () => Promise<number>;
}

/** A server of our own. */
export interface RedisProcess {
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Its temporary folder. */
  readonly folder: string;
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** Stops it with SIGTERM, after 5 s by force; resolves when it has ended. May be repeated. */
  stop(): Promise<void>;
}

const ATTEMPTS = 5;
const TAKEN = "Address already in use";
const POLL_MS = 5;
const ANSWER_MS = 1_000;
const STOP_MS = 5_000;
const MOST_SAID = 4_096;

/**
 * Starts a server and waits until it is ready.
 *
 * @throws {Error} in one line: it ended at once, or was not ready in time
 */
export async function launchRedis(options: LaunchRedisOptions): Promise<RedisProcess> {
  const { freePort = anyFreePort } = options;
  for (let attempt = 1; ; attempt++) {
    const started = await start(options, await freePort());
    if (typeof started !== "string") return started;
    const wasTaken = started.includes(TAKEN);
    if (!wasTaken || attempt === ATTEMPTS) throw new Error(started);
  }
}

/** A server that is ready, or in one line why there is none. */
async function start(options: LaunchRedisOptions, port: number): Promise<RedisProcess | string> {
  const { binary, clock = awaitedClock } = options;
  const folder = join(tmpdir(), `troupe-redis-${randomUUID()}`);
  await mkdir(folder, { mode: 0o700 });
  const pidFile = join(folder, "redis.pid");
  const command = redisCommand(binary, [
    ...["--bind", "127.0.0.1", "--port", String(port), "--daemonize", "no"],
    ...["--dir", folder, "--pidfile", pidFile, "--loglevel", "warning", "--save", ""],
    ...appendOnlyFlags(options.appendOnly),
  ]);
  const shell = spawnKept({
    name: "troupe-redis",
    binary: command.program,
    args: command.args,
    temporary: folder,
  });
  let hasEnded = false;
  // The keeper removes the folder; when the shell itself could not run, nobody has.
  const ended = new Promise<void>((resolve) => {
    shell.once("error", () => resolve());
    shell.once("exit", () => resolve());
  }).then(async () => {
    hasEnded = true;
    await rm(folder, { recursive: true, force: true });
  });
  let said = "";
  shell.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-MOST_SAID);
  });
  // Its last words may arrive after its end.
  const heard = new Promise<void>((resolve) => shell.stderr?.once("close", () => resolve()));
  const stop = async (): Promise<void> => {
    shell.ref();
    const server = await serverIn(pidFile);
    letGo(shell);
    const cancel = clock.after(STOP_MS, () => void kill(server));
    await ended;
    cancel();
  };
  const deadlineMs = clock.monotonicMs() + (options.readyWithinMs ?? 10_000);
  for (;;) {
    if (hasEnded) {
      await heard;
      return `${binary.path} ended at once: ${reasonIn(said)}`;
    }
    const server = await serverIn(pidFile);
    if (server !== undefined && (await isAnsweredBy(server.pid, port))) {
      release(shell);
      return { url: `redis://127.0.0.1:${port}`, port, pid: server.pid, folder, ended, stop };
    }
    if (clock.monotonicMs() >= deadlineMs) {
      await stop();
      return `${binary.path} was not ready in time: ${reasonIn(said)}`;
    }
    await Promise.race([ended, new Promise<void>((resolve) => clock.after(POLL_MS, resolve))]);
  }
}

function appendOnlyFlags(appendOnly: AppendOnly): readonly string[] {
  return appendOnly === "no"
    ? ["--appendonly", "no"]
    : ["--appendonly", "yes", "--appendfsync", appendOnly];
}

async function serverIn(pidFile: string): Promise<ProcessIdentity | undefined> {
  const pid = Number(await readFile(pidFile, "utf8").catch(() => ""));
  return Number.isInteger(pid) && pid > 0 ? processIdentity(pid) : undefined;
}

async function kill(server: ProcessIdentity | undefined): Promise<void> {
  if (server !== undefined && (await isRunning(server))) process.kill(server.pid, "SIGKILL");
}

/** Whether a PING is answered by that process: R3. */
async function isAnsweredBy(pid: number, port: number): Promise<boolean> {
  const answer = await exchange(port, "PING\r\nINFO server\r\nQUIT\r\n");
  return answer.startsWith("+PONG\r\n") && answer.includes(`\r\nprocess_id:${pid}\r\n`);
}

/** What is answered until the other side closes; empty when nobody is there. */
function exchange(port: number, request: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(request));
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    socket.setEncoding("utf8").on("data", (text: string) => {
      answer += text;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

function anyFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** The line that says why; Redis says it before the last one. */
function reasonIn(said: string): string {
  const lines = said.trim().split("\n");
  const line = lines.find((one) => /address already in use|cannot|can't|failed/i.test(one));
  return (line ?? lines.at(-1) ?? "").replace(/^.*? [#*] /, "").trim() || "it said nothing";
}
