/**
 * The configuration file: finding it, loading it, saying in one line what is wrong with it.
 *
 * Owns: `jiti`, which loads TypeScript. A file is code of the user's own: it is run, not parsed.
 *
 * I1: `troupe` in it is this package, also where it is not installed.
 */
import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";
import { messageOf, TroupeError } from "../../runtime/index.ts";

const NAMES = ["troupe.config.ts", "troupe.config.mts", "troupe.config.js", "troupe.config.mjs"];

/** A loaded file. */
export interface ConfigFile {
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * The file that was named, or the one in the working directory; `undefined` when there is none.
 *
 * @throws {TroupeError} `config.invalid` when it is missing, does not load or exports no object
 */
export async function loadConfigFile(
  named: string | undefined,
  cwd: string,
): Promise<ConfigFile | undefined> {
  const path = named ?? NAMES.find((name) => existsSync(resolve(cwd, name)));
  if (path === undefined) return undefined;
  const file = resolve(cwd, path);
  if (!existsSync(file)) throw invalid(`${path}: there is no such file`);
  let loaded: unknown;
  try {
    const alias = { troupe: fileURLToPath(new URL("../../index.js", import.meta.url)) };
    const jiti = createJiti(import.meta.url, { alias, fsCache: false });
    loaded = await jiti.import(file, { default: true });
  } catch (cause) {
    throw invalid(`${path} does not load: ${messageOf(cause)}`, cause);
  }
  if (typeof loaded !== "object" || loaded === null || Array.isArray(loaded))
    throw invalid(`${path} must export its settings: export default defineConfig({ … })`);
  return { name: basename(path), values: loaded as Readonly<Record<string, unknown>> };
}

function invalid(line: string, cause?: unknown): TroupeError {
  return new TroupeError("config.invalid", line, { cause });
}
