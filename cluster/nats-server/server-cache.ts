/**
 * The nats-servers that Troupe fetched, one folder per version: `<root>/<version>/nats-server`.
 *
 * I1: a binary appears under its final name by a rename, complete; so several processes may install at
 *     once, and a reader never sees half a file.
 */
import { chmod, copyFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { err, type Result } from "../../runtime/result.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import { makeFolder } from "./folder.ts";
import { probeServerBinary, type ServerBinary } from "./server-binary.ts";
import { compareServerVersions, parseServerVersion } from "./server-version.ts";

/** Where binaries are kept. */
export interface ServerCache {
  /** For example `~/.cache/troupe/nats-server`. */
  readonly root: string;
  /** Names an installation while it is incomplete; unique among processes. */
  readonly nonce: string;
}

/** The newest usable binary of the cache; broken ones go to `passOver`. */
export async function cachedServer(
  cache: ServerCache,
  passOver: (note: string) => void,
): Promise<ServerBinary | undefined> {
  const names = await readdir(cache.root).catch(() => []);
  const versions = names.flatMap((name) => {
    const version = parseServerVersion(name);
    return version === undefined ? [] : [{ name, version }];
  });
  versions.sort((a, b) => compareServerVersions(b.version, a.version));
  for (const { name } of versions) {
    const probed = await probeServerBinary(join(cache.root, name, "nats-server"));
    if (probed.ok) return probed.value;
    passOver(probed.error);
  }
  return undefined;
}

/** Copies a binary into the cache; what cannot be used is not kept. */
export async function installServer(
  cache: ServerCache,
  source: string,
): Promise<Result<ServerBinary, string>> {
  const probed = await probeServerBinary(source);
  if (!probed.ok) return probed;
  const folder = join(cache.root, probed.value.version);
  const incomplete = join(folder, `.${cache.nonce}`);
  const path = join(folder, "nats-server");
  try {
    await makeFolder(folder);
    await copyFile(source, incomplete);
    await chmod(incomplete, 0o755);
    await rename(incomplete, path);
  } catch (thrown) {
    await rm(incomplete, { force: true }).catch(() => {});
    return err(`cannot write the cache: ${messageOf(thrown)}`);
  }
  return probeServerBinary(path);
}
