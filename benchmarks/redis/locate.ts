/**
 * Finds a redis-server for the benchmarks on this machine, or unpacks one.
 *
 * Owns: the order of places. Tried in turn: the path in `TROUPE_REDIS_SERVER`, `PATH` and `/usr/sbin`,
 * the cache, the distribution's package of the machine's own release. What is unpacked goes to the
 * cache, so that later runs need no network. Never needs root, installs nothing.
 *
 * L1: a path given by `TROUPE_REDIS_SERVER` is used or refused; nothing else is tried.
 * L2: that there is none is an outcome, not an error: rows that need it are skipped.
 *
 * Cost: 10 ms when there is one, 10 s for packages.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import {
  type DistributionPackage,
  unpackPackage,
} from "../../cluster/nats-server/distribution-package.ts";
import { err, ok, type Result } from "../../runtime/result.ts";
import { type CacheEnvironment, cacheFolder } from "../cache-folder.ts";
import { PROGRAM, probeRedis, type RedisBinary } from "./redis-binary.ts";
import { cachedRedis, installRedis, type RedisCache } from "./redis-cache.ts";

/** The environment variables that are read. */
export interface RedisEnvironment extends CacheEnvironment {
  readonly TROUPE_REDIS_SERVER?: string | undefined;
  readonly PATH?: string | undefined;
}

/** Options of {@link locateRedis}. */
export interface LocateRedisOptions {
  readonly env: RedisEnvironment;
  /** Hears, in one line each, what was tried and why it was passed over. */
  readonly note?: (line: string) => void;
  /** The machine's configuration, from which its mirrors are read; default `/etc`. */
  readonly etc?: string;
  /** Searched after `PATH`; default `/usr/sbin`. */
  readonly morePath?: string;
}

const PACKAGE: DistributionPackage = { name: "redis-server", program: PROGRAM, suite: "own" };

/** The first usable redis-server, or in one line why there is none. */
export async function locateRedis(
  options: LocateRedisOptions,
): Promise<Result<RedisBinary, string>> {
  const given = options.env.TROUPE_REDIS_SERVER;
  if (given !== undefined && given !== "") {
    const probed = await probeRedis(given, []);
    return probed.ok ? probed : err(`TROUPE_REDIS_SERVER cannot be used: ${probed.error}`);
  }
  const notes: string[] = [];
  const passOver = (line: string): void => {
    notes.push(line);
    options.note?.(line);
  };
  const cache = { root: cacheFolder(options.env, "redis-server"), nonce: randomUUID() };
  const present = (await redisInPath(options, passOver)) ?? (await cachedRedis(cache, passOver));
  if (present !== undefined) return ok(present);
  const unpacked = await unpackRedis(cache, options.etc ?? "/etc");
  if (unpacked.ok) return unpacked;
  passOver(unpacked.error);
  return err(`no redis-server: ${notes.join("; ")}`);
}

async function redisInPath(
  { env, morePath = "/usr/sbin" }: LocateRedisOptions,
  passOver: (line: string) => void,
): Promise<RedisBinary | undefined> {
  const folders = [...(env.PATH ?? "").split(delimiter), morePath];
  for (const folder of new Set(folders.filter((name) => name !== ""))) {
    const probed = await probeRedis(join(folder, "redis-server"), []);
    if (probed.ok) return probed.value;
    if (!probed.error.endsWith("not found")) passOver(probed.error);
  }
  return undefined;
}

async function unpackRedis(cache: RedisCache, etc: string): Promise<Result<RedisBinary, string>> {
  const folder = await mkdtemp(join(tmpdir(), "troupe-redis-"));
  try {
    const unpacked = await unpackPackage(PACKAGE, folder, etc, userInfo().username);
    return unpacked.ok ? await installRedis(cache, unpacked.value.root) : unpacked;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
