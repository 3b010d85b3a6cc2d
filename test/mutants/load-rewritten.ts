/**
 * Puts rewritten sources in front of compiled files, for the rest of this process.
 *
 * Owns: the hook. What a rewrite is and whether it fits is `rewrite.ts`; the loaders that ask for it are
 * `rewrite-loader.ts` and `test/chaos/fail-point-loader.ts`.
 *
 * Rewriting is done here and once, before anything is loaded; the hook only hands out the results.
 */
import { register } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Rewrite, rewritten } from "./rewrite.ts";

/** Where the compiled files are. */
const DIST: string = fileURLToPath(new URL("../../", import.meta.url));

/**
 * From now on those files are loaded as rewritten; what is loaded already stays as it is.
 *
 * @throws {RangeError} naming the rewrite that does not fit
 */
export function loadRewritten(rewrites: readonly Rewrite[]): void {
  const sources = [...rewritten(DIST, rewrites)].map(([path, source]) => [
    pathToFileURL(path).href,
    source,
  ]);
  register("./rewrite-hooks.js", { parentURL: import.meta.url, data: sources });
}
