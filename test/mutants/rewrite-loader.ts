/**
 * Loads other sources for some compiled files: `node --import <this file>` with `TROUPE_REWRITE` set to
 * a JSON array of {@link Rewrite}.
 *
 * The files themselves hold no hook for it, so that production code pays nothing. Rewriting is done
 * here and once, before anything is loaded; the hook only hands out the results.
 *
 * I1: a rewrite that does not fit ends the process with exit code 2 before any of its code has run,
 *     whether or not its file would have been loaded.
 * I2: without `TROUPE_REWRITE` everything is loaded as it is.
 */
import { register } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parsedRewrites, rewritten } from "./rewrite.ts";

const json = process.env["TROUPE_REWRITE"] ?? "";
if (json !== "") {
  try {
    const folder = fileURLToPath(new URL("../../", import.meta.url));
    const sources = [...rewritten(folder, parsedRewrites(json))].map(([path, source]) => [
      pathToFileURL(path).href,
      source,
    ]);
    register("./rewrite-hooks.js", { parentURL: import.meta.url, data: sources });
  } catch (error) {
    process.stderr.write(`rewrite: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}
