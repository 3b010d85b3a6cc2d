/**
 * The redis-servers that were unpacked, one folder per version: `<root>/<version>/usr/bin/redis-server`
 * with its libraries beside it.
 *
 * I1: a version appears under its name by a rename, complete; so several processes may install at
 *     once, and a reader never sees half a version.
 */
import { cp, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { err, type Result } from "../../runtime/result.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import { probeUnpackedRedis, type RedisBinary } from "./redis-binary.ts";

/** Where unpacked servers are kept. */
export interface RedisCache {
  /** For example `~/.cache/troupe/redis-server`. */
  readonly root: string;
  /** Names an installation while it is incomplete; unique among processes. */
  readonly nonce: string;
}

/** The newest usable server of the cache; broken ones go to `passOver`. */
export async function cachedRedis(
  { root }: RedisCache,
  passOver: (note: string) => void,
): Promise<RedisBinary | undefined> {
  const names = await readdir(root).catch(() => []);
  const versions = names.filter((name) => /^\d+\.\d+\.\d+$/.test(name));
  versions.sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  for (const version of versions) {
    const probed = await probeUnpackedRedis(join(root, version));
    if (probed.ok) return probed.value;
    passOver(probed.error);
  }
  return undefined;
}

/** Copies an unpacked server into the cache; what cannot be used is not kept. */
export async function installRedis(
  { root, nonce }: RedisCache,
  unpacked: string,
): Promise<Result<RedisBinary, string>> {
  const probed = await probeUnpackedRedis(unpacked);
  if (!probed.ok) return probed;
  const target = join(root, probed.value.version);
  const incomplete = join(root, `.${nonce}`);
  try {
    await mkdir(root, { recursive: true });
    await cp(unpacked, incomplete, { recursive: true, verbatimSymlinks: true });
    await place(target, incomplete, nonce);
  } catch (thrown) {
    return err(`cannot write the cache: ${messageOf(thrown)}`);
  } finally {
    await rm(incomplete, { recursive: true, force: true });
  }
  return probeUnpackedRedis(target);
}

/**
 * Puts a complete version in its place. A folder that holds something cannot be renamed over; what stands
 * there is moved aside only when it is broken, for another process may be about to use it.
 */
async function place(target: string, complete: string, nonce: string): Promise<void> {
  if (await isRenamed(complete, target)) return;
  // Of several contenders one wins, and its version is as good as ours.
  if ((await probeUnpackedRedis(target)).ok) return;
  const aside = `${complete}-${nonce}`;
  try {
    await rename(target, aside).catch(() => {});
    if (await isRenamed(complete, target)) return;
    const probed = await probeUnpackedRedis(target);
    if (!probed.ok) throw new Error(probed.error);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function isRenamed(from: string, to: string): Promise<boolean> {
  return await rename(from, to).then(
    () => true,
    () => false,
  );
}
