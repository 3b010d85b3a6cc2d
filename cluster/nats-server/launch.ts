/**
 * Runs a nats-server of our own beside this process.
 *
 * Owns: starting, knowing when it is ready, stopping, and that it never outlives its parent. What it
 * runs with is `nats-server.conf` at the root of the package; port, store and log are given on top.
 *
 * N1: the server listens on 127.0.0.1 only.
 * N2: when this process ends, however it ends, the server ends: `keeper.ts` sees to it.
 * N3: a store directory has one server at a time (`store-lock.ts`).
 * N4: signals of the terminal do not reach the server: a node drains first, then stops it.
 * N5: ready means that the ports file parses and JetStream answers.
 * N6: a temporary store is removed by the keeper once the server has ended, so that it goes with its
 *     parent, however the parent went.
 * N7: a server of several is ready when it knows the others and their JetStream has a leader.
 *
 * Cost: about 40 ms to start; 15 MB and one shell.
 */
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { awaitedClock, type Clock } from "../../runtime/ports/clock.ts";
import { messageOf, TroupeError } from "../../runtime/troupe-error.ts";
import { dial } from "../client-dial.ts";
import { serverConfigFile } from "./config-file.ts";
import { makeFolder } from "./folder.ts";
import { letGo, release, spawnKept } from "./keeper.ts";
import { isRunning, type ProcessIdentity, processIdentity } from "./process-identity.ts";
import { lockStore, type StoreLock } from "./store-lock.ts";

/** What becomes of a store directory when its server ends. */
export type StoreLife = "kept" | "temporary";

/** What makes a server one of several: `launch-cluster.ts` decides it. */
export interface ClusterMembership {
  /** Unique among the servers. */
  readonly serverName: string;
  readonly clusterName: string;
  /** The port of 127.0.0.1 on which the others reach it. */
  readonly routePort: number;
  /** Of all servers, this one's too. */
  readonly routePorts: readonly number[];
  /** How many servers must have found each other before it counts as ready; default all. */
  readonly readyWith?: number;
}

/** Options of {@link launchNatsServer}. */
export interface LaunchOptions {
  /** The path of a nats-server, as `locateNatsServer` finds it. */
  readonly binary: string;
  /** Where streams are kept; made when it does not exist. */
  readonly storeDir: string;
  /** `temporary` removes `storeDir` with all it holds when the server ends; default `kept`. */
  readonly storeLife?: StoreLife;
  /** A port of 127.0.0.1; default any free one. */
  readonly port?: number;
  /** One server for itself when absent. */
  readonly member?: ClusterMembership;
  readonly clock?: Clock;
  /** How long it may take to get ready; default 10,000. */
  readonly readyWithinMs?: number;
  /** How long another server may take to leave the store directory; default 5,000. */
  readonly lockWithinMs?: number;
}

/** A server of our own. */
export interface NatsServerProcess {
  /** `nats://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly storeDir: string;
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** Stops it gracefully, after 5 s by force; resolves when it has ended. May be repeated. */
  stop(): Promise<void>;
}

/**
 * Starts a server and waits until it is ready.
 *
 * @throws {TroupeError} `nats.unavailable` in one line: no such binary, port occupied, store not
 *   writable or in use, not ready in time
 */
export async function launchNatsServer(options: LaunchOptions): Promise<NatsServerProcess> {
  const clock = options.clock ?? awaitedClock;
  const { storeDir } = options;
  const locked = await lockStore(storeDir, {
    clock,
    holder: randomUUID(),
    waitMs: options.lockWithinMs ?? 5_000,
  });
  if (!locked.ok) throw unavailable(locked.error);
  const portsDir = join(storeDir, "ports");
  try {
    await rm(portsDir, { recursive: true, force: true });
    await makeFolder(portsDir);
    return await start(options, clock, portsDir, locked.value);
  } catch (thrown) {
    await locked.value.release();
    throw thrown instanceof TroupeError ? thrown : unavailable(messageOf(thrown), thrown);
  }
}

const POLL_MS = 5;
const STOP_MS = 5_000;
const MOST_SAID = 4_096;

async function start(
  options: LaunchOptions,
  clock: Clock,
  portsDir: string,
  lock: StoreLock,
): Promise<NatsServerProcess> {
  const { binary, storeDir, storeLife = "kept", port = -1 } = options;
  // The shell's working folder is ours, but a path that begins with "-" or is relative invites accidents.
  const temporary = storeLife === "temporary" ? resolve(storeDir) : "";
  const logFile = join(storeDir, "nats-server.log");
  await rm(logFile, { force: true });
  const args = ["-c", serverConfigFile(), "-a", "127.0.0.1", "-p", String(port)];
  args.push("-sd", storeDir, "-l", logFile, "--ports_file_dir", portsDir);
  if (options.member !== undefined) args.push(...memberArgs(options.member));
  const shell = spawnKept({ name: "troupe-nats", binary, args, temporary });
  const said = collect(shell);
  const exit = new Promise<number>((resolve) => {
    shell.once("error", () => resolve(-1));
    shell.once("exit", (code) => resolve(code ?? -1));
  });
  let ended = false;
  const over = exit.then(async () => {
    ended = true;
    await lock.release();
  });
  try {
    const deadlineMs = clock.monotonicMs() + (options.readyWithinMs ?? 10_000);
    for (;;) {
      if (ended) throw unavailable(await reasonOfEnd(said(), logFile, binary, port));
      const ready = await readPorts(portsDir);
      if (ready !== undefined && (await answers(ready.url, serversOf(options.member)))) {
        const server = await processIdentity(ready.pid);
        if (server !== undefined) {
          await lock.record(server);
          release(shell);
          const stop = () => endOf(shell, over, clock, server);
          return {
            url: ready.url,
            port: portOf(ready.url),
            pid: ready.pid,
            storeDir,
            ended: over,
            stop,
          };
        }
      }
      if (clock.monotonicMs() >= deadlineMs)
        throw unavailable(`${binary} was not ready in time; its log is ${logFile}`);
      await Promise.race([exit, new Promise<void>((resolve) => clock.after(POLL_MS, resolve))]);
    }
  } catch (thrown) {
    await endOf(shell, over, clock, undefined);
    throw thrown;
  }
}

/** Closes the pipe and waits; what does not go is killed. */
async function endOf(
  shell: ChildProcess,
  over: Promise<void>,
  clock: Clock,
  server: ProcessIdentity | undefined,
): Promise<void> {
  shell.ref();
  letGo(shell);
  let late = false;
  const cancel = clock.after(STOP_MS, () => {
    late = true;
    if (server === undefined) shell.kill("SIGKILL");
    else
      void isRunning(server).then((running) => {
        if (running) process.kill(server.pid, "SIGKILL");
      });
  });
  await over;
  if (!late) cancel();
}

function collect(shell: ChildProcess): () => string {
  let said = "";
  shell.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-MOST_SAID);
  });
  return () => said;
}

async function readPorts(portsDir: string): Promise<{ url: string; pid: number } | undefined> {
  for (const name of await readdir(portsDir)) {
    const pid = Number(/_(\d+)\.ports$/.exec(name)?.[1]);
    try {
      const url: unknown = JSON.parse(await readFile(join(portsDir, name), "utf8")).nats?.[0];
      if (typeof url === "string" && Number.isInteger(pid)) return { url, pid };
    } catch {
      // Half written: the next look sees the rest.
    }
  }
  return undefined;
}

function memberArgs(member: ClusterMembership): readonly string[] {
  const { serverName, clusterName, routePort, routePorts } = member;
  const routeOf = (port: number): string => `nats://127.0.0.1:${port}`;
  return [
    ...["--server_name", serverName, "--cluster_name", clusterName],
    ...["--cluster", routeOf(routePort), "--routes", routePorts.map(routeOf).join(",")],
  ];
}

function serversOf(member: ClusterMembership | undefined): number {
  return member === undefined ? 1 : (member.readyWith ?? member.routePorts.length);
}

/** Whether its JetStream answers, of several servers their leader's (N7). */
async function answers(url: string, servers: number): Promise<boolean> {
  try {
    const connection = await dial({ servers: url, timeout: 1_000, reconnect: false });
    try {
      if (servers > 1 && (connection.info?.connect_urls?.length ?? 1) < servers) return false;
      await jetstreamManager(connection, { timeout: 1_000 });
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

async function reasonOfEnd(
  said: string,
  logFile: string,
  binary: string,
  port: number,
): Promise<string> {
  const log = await readFile(logFile, "utf8").catch(() => "");
  const fatal = [...log.split("\n"), ...said.split("\n")]
    .filter((line) => /\[(FTL|ERR)\]|nats-server:|not found|denied|cannot/i.test(line))
    .map((line) => line.replace(/^.*\[(FTL|ERR)\]\s*/, "").trim());
  if (fatal.some((line) => line.includes("address already in use")))
    return `port ${port} of 127.0.0.1 is occupied: choose another port, or stop what listens there`;
  return `${binary} ended at once: ${fatal.at(-1) ?? "it said nothing"}`;
}

function unavailable(message: string, cause?: unknown): TroupeError {
  return new TroupeError("nats.unavailable", message, { cause });
}
