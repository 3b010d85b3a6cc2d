/**
 * Finds a usable nats-server on this machine, or fetches one.
 *
 * Owns: the order of places. Tried in turn: the path in `TROUPE_NATS_SERVER`, `PATH` and `/usr/sbin`,
 * the cache, the official release with a pinned checksum, the distribution's newest package. What is
 * fetched goes to the cache, so that later starts need no network. Never needs root.
 *
 * L1: a server older than 2.12 is passed over with a note, wherever it is.
 * L2: a path given by `TROUPE_NATS_SERVER` is used or refused; nothing else is tried.
 * L3: several processes may locate at once.
 *
 * Cost: about 20 ms when there is one, 4 s for a package, a download of 6 MB for a release.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { arch, homedir, platform, tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { ok, type Result } from "../../runtime/result.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { type DistributionPackage, unpackPackage } from "./distribution-package.ts";
import { probeServerBinary, type ServerBinary } from "./server-binary.ts";
import { cachedServer, installServer, type ServerCache } from "./server-cache.ts";
import { downloadRelease, PINNED_RELEASE, type ServerRelease } from "./server-release.ts";
import { OLDEST_SERVER, serverVersionText } from "./server-version.ts";

/** Older suites carry servers that are too old. */
const PACKAGE: DistributionPackage = {
  name: "nats-server",
  program: "usr/sbin/nats-server",
  suite: "newest",
};

/** The environment variables that are read. */
export interface LocateEnvironment {
  readonly TROUPE_NATS_SERVER?: string | undefined;
  readonly PATH?: string | undefined;
  readonly XDG_CACHE_HOME?: string | undefined;
  readonly HOME?: string | undefined;
}

/** Options of {@link locateNatsServer}. */
export interface LocateOptions {
  readonly env: LocateEnvironment;
  /** Hears, in one line each, what was tried and why it was passed over. */
  readonly note?: (line: string) => void;
  /** Whether to fetch one when there is none; default true. */
  readonly fetching?: boolean;
  /** The release to fetch; default the one pinned in this version. */
  readonly release?: ServerRelease;
  /** The machine's configuration, from which its mirrors are read; default `/etc`. */
  readonly etc?: string;
  /** Searched after `PATH`; default `/usr/sbin`, which is missing from many users' `PATH`. */
  readonly morePath?: string;
}

/**
 * The first usable nats-server.
 *
 * @throws {TroupeError} `nats.unavailable` when there is none; `data.notes` says what was tried
 */
export async function locateNatsServer(options: LocateOptions): Promise<ServerBinary> {
  const notes: string[] = [];
  const passOver = (line: string): void => {
    notes.push(line);
    options.note?.(line);
  };
  const given = options.env.TROUPE_NATS_SERVER;
  if (given !== undefined && given !== "") {
    const probed = await probeServerBinary(given);
    if (probed.ok) return probed.value;
    throw unavailable(`TROUPE_NATS_SERVER cannot be used: ${probed.error}`, [probed.error]);
  }
  const cache = { root: cacheRoot(options.env), nonce: randomUUID() };
  const present = (await serverInPath(options, passOver)) ?? (await cachedServer(cache, passOver));
  if (present !== undefined) return present;
  if (options.fetching !== false) {
    const fetched = await fetchServer(options, cache, passOver);
    if (fetched !== undefined) return fetched;
  }
  const oldest = serverVersionText(OLDEST_SERVER);
  throw unavailable(
    `no nats-server of version ${oldest} or newer was found; install one, or name it in ` +
      `TROUPE_NATS_SERVER, or a running one in TROUPE_NATS_URL (tried: ${notes.join("; ") || "PATH, cache"})`,
    notes,
  );
}

async function serverInPath(
  options: LocateOptions,
  passOver: (line: string) => void,
): Promise<ServerBinary | undefined> {
  const folders = (options.env.PATH ?? "").split(delimiter);
  folders.push(options.morePath ?? "/usr/sbin");
  for (const folder of new Set(folders.filter((name) => name !== ""))) {
    const probed = await probeServerBinary(join(folder, "nats-server"));
    if (probed.ok) return probed.value;
    if (!probed.error.endsWith("not found")) passOver(probed.error);
  }
  return undefined;
}

async function fetchServer(
  options: LocateOptions,
  cache: ServerCache,
  passOver: (line: string) => void,
): Promise<ServerBinary | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "troupe-nats-"));
  const host = { platform: platform(), arch: arch() };
  const sources: readonly (() => Promise<Result<string, string>>)[] = [
    () => downloadRelease(options.release ?? PINNED_RELEASE, folder, host),
    async () => {
      const unpacked = await unpackPackage(
        PACKAGE,
        folder,
        options.etc ?? "/etc",
        userInfo().username,
      );
      return unpacked.ok ? ok(unpacked.value.program) : unpacked;
    },
  ];
  try {
    for (const source of sources) {
      const path = await source();
      const installed = path.ok ? await installServer(cache, path.value) : path;
      if (installed.ok) return installed.value;
      passOver(installed.error);
    }
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function cacheRoot(env: LocateEnvironment): string {
  const base = env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache");
  return join(base, "troupe", "nats-server");
}

function unavailable(message: string, notes: readonly string[]): TroupeError {
  return new TroupeError("nats.unavailable", message, { data: { notes } });
}
