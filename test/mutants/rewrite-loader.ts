/**
 * Loads other sources for some compiled files: `node --import <this file>` with `TROUPE_REWRITE` set to
 * a JSON array of {@link Rewrite}.
 *
 * The files themselves hold no hook for it, so that production code pays nothing.
 *
 * I1: a rewrite that does not fit ends the process with exit code 2 before any of its code has run,
 *     whether or not its file would have been loaded.
 * I2: without `TROUPE_REWRITE` everything is loaded as it is.
 */
import { loadRewritten } from "./load-rewritten.ts";
import { parsedRewrites } from "./rewrite.ts";

const json = process.env["TROUPE_REWRITE"] ?? "";
if (json !== "") {
  try {
    loadRewritten(parsedRewrites(json));
  } catch (error) {
    process.stderr.write(`rewrite: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}
