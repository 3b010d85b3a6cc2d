/** Where benchmarks keep what they fetched, so that a later run needs no network. */
import { homedir } from "node:os";
import { join } from "node:path";

/** The environment variables that are read. */
export interface CacheEnvironment {
  readonly XDG_CACHE_HOME?: string | undefined;
  readonly HOME?: string | undefined;
}

/** `~/.cache/troupe/<name>`, or where the environment puts the cache. */
export function cacheFolder(env: CacheEnvironment, name: string): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "troupe", name);
}
