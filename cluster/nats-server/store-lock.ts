/**
 * The lock of a store directory: two servers on one directory destroy each other's streams.
 *
 * Owns: the file `troupe.lock`, which names the process that launches and, once it runs, the server.
 *
 * I1: a lock stands while either of the processes it names runs; a crash of both frees it.
 * I2: a stale lock is taken away by a rename, so of several contenders one takes it.
 */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../runtime/ports/clock.ts";
import { err, ok, type Result } from "../../runtime/result.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import { makeFolder } from "./folder.ts";
import { isRunning, type ProcessIdentity, processIdentity } from "./process-identity.ts";

/** What the lock file says; version 1. */
interface LockRecord {
  readonly v: 1;
  readonly holder: string;
  readonly launcher: ProcessIdentity;
  readonly server?: ProcessIdentity;
}

/** A store directory that is ours. */
export interface StoreLock {
  /** Names the server, so that the lock stands as long as it runs. */
  record(server: ProcessIdentity): Promise<void>;
  /** Frees the directory, when the lock is still ours. */
  release(): Promise<void>;
}

/** Options of {@link lockStore}. */
export interface LockOptions {
  readonly clock: Clock;
  /** Unique among all who ever lock. */
  readonly holder: string;
  /** For how long a server that is on its way out is waited for. */
  readonly waitMs: number;
}

const RETRY_MS = 50;

/** Makes the directory and takes its lock; an error says in one line why it cannot. */
export async function lockStore(
  storeDir: string,
  options: LockOptions,
): Promise<Result<StoreLock, string>> {
  const { clock, holder } = options;
  const path = join(storeDir, "troupe.lock");
  const launcher = await processIdentity(process.pid);
  if (launcher === undefined) return err("this process cannot be identified");
  const mine: LockRecord = { v: 1, holder, launcher };
  const deadlineMs = clock.monotonicMs() + options.waitMs;
  for (;;) {
    try {
      await makeFolder(storeDir);
      await writeFile(path, JSON.stringify(mine), { flag: "wx" });
      return ok(lockAt(path, mine));
    } catch (thrown) {
      if (!(await isLocked(thrown, path)))
        return err(`cannot write ${storeDir}: ${messageOf(thrown)}`);
    }
    const standing = await readLock(path);
    const owner = standing && (await ownerOf(standing));
    if (owner === undefined) await takeAway(path, standing, holder);
    else if (clock.monotonicMs() >= deadlineMs)
      return err(
        `${storeDir} is in use by process ${owner.pid}: join its nats-server (nats, --nats), or name another folder (storeDir, --store)`,
      );
    await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
  }
}

/** Whether taking the lock failed because somebody has it, and not because it can never be had. */
async function isLocked(thrown: unknown, path: string): Promise<boolean> {
  if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) return false;
  // The directory itself may be the file that exists.
  return "path" in thrown && thrown.path === path;
}

function lockAt(path: string, mine: LockRecord): StoreLock {
  const isMine = async () => (await readLock(path))?.holder === mine.holder;
  return {
    record: async (server) => {
      if (await isMine()) await writeFile(path, JSON.stringify({ ...mine, server }));
    },
    release: async () => {
      if (await isMine()) await rm(path, { force: true });
    },
  };
}

/** `undefined` also when the file is gone or half written: by a crash, or a moment ago. */
async function readLock(path: string): Promise<LockRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(path, "utf8"));
    return record?.v === 1 ? record : undefined;
  } catch {
    return undefined;
  }
}

async function ownerOf(record: LockRecord): Promise<ProcessIdentity | undefined> {
  if (record.server !== undefined && (await isRunning(record.server))) return record.server;
  // A launcher that has recorded its server no longer matters: the server does.
  if (record.server === undefined && (await isRunning(record.launcher))) return record.launcher;
  return undefined;
}

async function takeAway(
  path: string,
  stale: LockRecord | undefined,
  holder: string,
): Promise<void> {
  const aside = `${path}.${holder}`;
  try {
    await rename(path, aside);
    const taken = await readLock(aside);
    // Another contender was faster and its fresh lock was taken: give it back.
    if (taken !== undefined && taken.holder !== stale?.holder) await rename(aside, path);
    else await rm(aside, { force: true });
  } catch {
    // Someone else took it away; the next round sees what stands.
  }
}
