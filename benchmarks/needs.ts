/**
 * What benchmarks need from outside, found once per run.
 *
 * Owns: asking for each thing at most once, and the reason when it cannot be had. Where the things are
 * is `redis/locate.ts` and `data/data-set.ts`.
 */
import { err, ok, type Result } from "../runtime/result.ts";
import type { Needs, Setting } from "./benchmark.ts";
import type { DataSetName } from "./data/catalogue.ts";
import { openDataSet } from "./data/data-set.ts";
import { locateRedis } from "./redis/locate.ts";
import type { RedisBinary } from "./redis/redis-binary.ts";

/** Where the things come from. */
export interface Sources {
  readonly redis: () => Promise<Result<RedisBinary, string>>;
  /** Whether a data set can be read; its value does not matter. */
  readonly data: (name: DataSetName) => Promise<Result<unknown, string>>;
}

/** What this machine has; `dataDir` is what `--data` names. */
export function machineSources(dataDir: string | undefined): Sources {
  return {
    redis: () => locateRedis({ env: process.env }),
    data: (name) => openDataSet(name, dataDir),
  };
}

/** Supplies benchmarks with what they need. */
export class Supplies {
  readonly #sources: Sources;
  #redis: Promise<Result<RedisBinary, string>> | undefined = undefined;
  readonly #data: Map<DataSetName, Promise<Result<unknown, string>>> = new Map();

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** The setting with what is needed in it, or in one line all that is missing. */
  async supply(needs: Needs | undefined, setting: Setting): Promise<Result<Setting, string>> {
    const missing: string[] = [];
    let supplied = setting;
    if (needs?.redis === true) {
      this.#redis ??= this.#sources.redis();
      const redis = await this.#redis;
      if (redis.ok) supplied = { ...setting, redis: redis.value };
      else missing.push(redis.error);
    }
    for (const name of needs?.data ?? []) {
      const opened = await this.#opened(name);
      if (!opened.ok) missing.push(opened.error);
    }
    return missing.length === 0 ? ok(supplied) : err(missing.join("; "));
  }

  #opened(name: DataSetName): Promise<Result<unknown, string>> {
    const known = this.#data.get(name);
    if (known !== undefined) return known;
    const opened = this.#sources.data(name);
    this.#data.set(name, opened);
    return opened;
  }
}
