/**
 * An executable redis-server on this machine.
 *
 * Unpacked from packages it finds no library of its own, since nothing was installed: the folders of
 * those libraries go with it.
 */
import { readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { runCommand } from "../../cluster/nats-server/run-command.ts";
import { err, ok, type Result } from "../../runtime/result.ts";

/** Where a usable redis-server is. */
export interface RedisBinary {
  readonly path: string;
  /** `1.2.3`. */
  readonly version: string;
  /** Folders of shared libraries that it needs beside the machine's; often none. */
  readonly libraries: readonly string[];
}

/** A command line. */
export interface RedisCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** Where a package's program is once unpacked. */
export const PROGRAM = "usr/bin/redis-server";

const PROBE_MS = 5_000;
const LIBRARY = /\.so(\.\d+)*$/;

/** How to run a redis-server with its libraries. */
export function redisCommand(
  { path, libraries }: Pick<RedisBinary, "path" | "libraries">,
  args: readonly string[],
): RedisCommand {
  if (libraries.length === 0) return { program: path, args };
  // Not in the environment of whoever starts it: a shell between the two must use its own libraries.
  const variable = `LD_LIBRARY_PATH=${libraries.join(delimiter)}`;
  return { program: "/usr/bin/env", args: [variable, path, ...args] };
}

/** Asks a program for its version; an error says in one line why it cannot be used. */
export async function probeRedis(
  path: string,
  libraries: readonly string[],
): Promise<Result<RedisBinary, string>> {
  const { program, args } = redisCommand({ path, libraries }, ["--version"]);
  const said = await runCommand(program, args, { timeoutMs: PROBE_MS });
  if (!said.ok) return said;
  const version = /Redis server v=(\d+\.\d+\.\d+)/.exec(said.value)?.[1];
  return version === undefined
    ? err(`${path}: is no redis-server`)
    : ok({ path, version, libraries });
}

/** The same for packages that were unpacked under `root`. */
export async function probeUnpackedRedis(root: string): Promise<Result<RedisBinary, string>> {
  return probeRedis(join(root, PROGRAM), await libraryFolders(root));
}

async function libraryFolders(root: string): Promise<string[]> {
  const folders = new Set<string>();
  for (const place of ["lib", join("usr", "lib")]) {
    const entries = await readdir(join(root, place), {
      recursive: true,
      withFileTypes: true,
    }).catch(() => []);
    for (const entry of entries)
      if (!entry.isDirectory() && LIBRARY.test(entry.name)) folders.add(entry.parentPath);
  }
  return [...folders].sort((a, b) => a.localeCompare(b));
}
