/**
 * Rewrites of compiled files: what they are, and applying them to sources.
 *
 * Owns: that a rewrite fits. Its neighbour `rewrite-loader.ts` puts the result in front of the files.
 *
 * Z1: `find` stands exactly once in its file, after the rewrites before it; anything else is an error,
 *     so that a rewrite whose source has changed is noticed at once.
 * Z2: a rewrite changes something.
 * Z3: nothing outside the folder is read.
 */
import { readFileSync, realpathSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";

/** A change to one compiled file. */
export interface Rewrite {
  /** Below `dist/`, for example `runtime/kernel/mailbox.js`. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

/**
 * The sources that stand for the files, by path.
 *
 * @param folder - the folder that `file` is below
 * @throws {RangeError} naming the rewrite that does not fit
 */
export function rewritten(
  folder: string,
  rewrites: readonly Rewrite[],
): ReadonlyMap<string, string> {
  const root = realpathSync(folder);
  const sources = new Map<string, string>();
  for (const { file, find, replace } of rewrites) {
    const path = join(root, file);
    const inside = relative(root, path);
    if (inside.startsWith("..") || isAbsolute(inside)) {
      throw new RangeError(`${file} is not below ${root}`);
    }
    const source = sources.get(path) ?? readFileSync(path, "utf8");
    const times = find === "" ? 0 : source.split(find).length - 1;
    if (times !== 1) {
      throw new RangeError(`stands ${times} times in ${file}, not once: ${JSON.stringify(find)}`);
    }
    if (find === replace) throw new RangeError(`changes nothing in ${file}: ${find}`);
    // A function: in a string `$&` and the like would be read as patterns.
    sources.set(
      path,
      source.replace(find, () => replace),
    );
  }
  return sources;
}

/**
 * Reads rewrites from JSON.
 *
 * @throws {TypeError} unless it is an array of `{file, find, replace}`, all strings
 */
export function parsedRewrites(json: string): readonly Rewrite[] {
  const given: unknown = JSON.parse(json);
  if (!Array.isArray(given)) throw new TypeError("not an array of rewrites");
  return given.map((one: Partial<Rewrite> | null) => {
    const { file, find, replace } = one ?? {};
    if (typeof file !== "string" || typeof find !== "string" || typeof replace !== "string") {
      throw new TypeError(`not a rewrite {file, find, replace}: ${JSON.stringify(one)}`);
    }
    return { file, find, replace };
  });
}
