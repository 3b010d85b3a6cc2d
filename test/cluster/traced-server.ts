/**
 * A real server whose writes are followed, so that its power can be cut: what it had not synced by then is gone.
 *
 * Owns: how much of each file was synced. strace(1) tells of writes and syncs. Blocks of messages grow at their
 * end; each is cut back to what was written before the last sync of it that ended. What the server derives from
 * them (`index.db`) goes with the power.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "nats";
import { locateNatsServer } from "../../cluster/nats-server/locate.ts";
import { until } from "./test-server.ts";

/** A server whose power can be cut. */
export interface TracedServer {
  /** Ends the server at once, and what was not synced; returns how many bytes of messages that was. */
  cut(): Promise<number>;
  /** Runs it again on what is left, followed no more. */
  restart(): Promise<void>;
  end(): Promise<void>;
}

/** What it is started with. */
export interface TracedServerOptions {
  /** Its configuration file. */
  readonly config: string;
  /** The store that the configuration names. */
  readonly store: string;
  /** Where its own files may lie. */
  readonly folder: string;
  readonly port: number;
}

/** Whether writes can be followed here. */
export function canTrace(): boolean {
  return spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;
}

/** Starts it. */
export async function startTracedServer(options: TracedServerOptions): Promise<TracedServer> {
  const { config, store, folder, port } = options;
  const binary = (await locateNatsServer({ env: process.env })).path;
  const [trace, pidFile] = [join(folder, "trace"), join(folder, "pid")];
  const calls = "trace=write,pwrite64,fsync,fdatasync";
  const server = [binary, "-c", config, "-P", pidFile];
  let end: () => Promise<void> = async () => {};
  const run = async ([command = "", ...args]: readonly string[]): Promise<void> => {
    const child = spawn(command, args, { stdio: "ignore" });
    const exit = once(child, "exit");
    await until("the server listens", async () => {
      // Users or not: it greets whoever comes.
      const refused = await connect({ servers: `127.0.0.1:${port}`, reconnect: false }).then(
        (connection) => connection.close(),
        (error: Error) => error,
      );
      return !(refused instanceof Error) || /authoriz/i.test(refused.message);
    });
    const pid = Number(await readFile(pidFile, "utf8"));
    end = async () => {
      end = async () => {};
      process.kill(pid, "SIGKILL");
      await exit;
    };
  };
  await run(["strace", "-f", "-y", "-s", "0", "-o", trace, "-e", calls, ...server]);
  return {
    cut: async () => {
      await end();
      return cutBack(store, syncedIn(await readFile(trace, "utf8")));
    },
    restart: () => run(server),
    end: () => end(),
  };
}

/** How many bytes of each file were written before its last sync began. */
function syncedIn(trace: string): ReadonlyMap<string, number> {
  const written = new Map<string, number>();
  const synced = new Map<string, number>();
  /** By thread: what is true once its call has ended. */
  const underWay = new Map<string, () => void>();
  for (const line of trace.split("\n")) {
    const [, thread = "", call = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (/^<\.\.\. \w+ resumed>/.test(call)) {
      if (/ = \d+$/.test(call)) underWay.get(thread)?.();
      underWay.delete(thread);
      continue;
    }
    const [, name = "", file = ""] = /^(\w+)\(\d+<([^>]*)>/.exec(call) ?? [];
    const effect = name.endsWith("sync")
      ? syncOf(synced, file, written.get(file) ?? 0)
      : writeOf(written, file, call);
    if (call.endsWith("<unfinished ...>")) underWay.set(thread, effect);
    else if (/ = \d+$/.test(call)) effect();
  }
  return synced;
}

function syncOf(synced: Map<string, number>, file: string, bytes: number): () => void {
  return () => synced.set(file, bytes);
}

function writeOf(written: Map<string, number>, file: string, call: string): () => void {
  // `pwrite64(7<…>, ""..., 39, 156) = 39` or `write(7<…>, ""..., 39) = 39`
  const [, count = "0", at] = /""\.*, (\d+)(?:, (\d+))?/.exec(call) ?? [];
  return () => {
    const before = written.get(file) ?? 0;
    const from = at === undefined ? before : Number(at);
    written.set(file, Math.max(before, from + Number(count)));
  };
}

async function cutBack(folder: string, synced: ReadonlyMap<string, number>): Promise<number> {
  let lostBytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) lostBytes += await cutBack(path, synced);
    else if (entry.name === "index.db") await rm(path);
    else if (entry.name.endsWith(".blk")) {
      const { size } = await stat(path);
      const left = Math.min(size, synced.get(path) ?? 0);
      lostBytes += size - left;
      await truncate(path, left);
    }
  }
  return lostBytes;
}
