/**
 * Installs the rivals' packages, for benchmarks only.
 *
 * They are a project of their own, `benchmarks/rivals/package.json` with its lock file, that nothing
 * else refers to: neither users nor the tests install it. It is installed under `.troupe/bench/`,
 * not among the sources, so that whatever reads the sources reads ours alone.
 *
 * E1: what is installed is what the lock file says, or it is installed anew.
 * E2: no script of a package is run.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { RivalNote } from "../report.ts";
import { TRAITS } from "./rivals.ts";

const run = promisify(execFile);
const INSTALL_MS = 300_000;

/** The repository: this file runs from `dist/benchmarks/rivals/`. */
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const SOURCE = join(ROOT, "benchmarks", "rivals");
const TARGET = join(ROOT, ".troupe", "bench", "rivals");
const STAMP = join(TARGET, "node_modules", ".troupe-rivals");

/** Where the rivals are, or why they are not. */
export type Installation =
  | { readonly ok: true; readonly directory: string }
  | { readonly ok: false; readonly problem: string };

/** Installs the rivals unless they are. */
export async function installRivals(say: (line: string) => void): Promise<Installation> {
  try {
    const wanted = createHash("sha256")
      .update(await readFile(join(SOURCE, "package-lock.json")))
      .digest("hex");
    const found = await readFile(STAMP, "utf8").catch(() => undefined);
    if (found === wanted) return { ok: true, directory: TARGET };
    say("installing the rivals' packages");
    await mkdir(TARGET, { recursive: true });
    for (const file of ["package.json", "package-lock.json"]) {
      await copyFile(join(SOURCE, file), join(TARGET, file));
    }
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    await run("npm", ["ci", ...flags], { cwd: TARGET, timeout: INSTALL_MS });
    await writeFile(STAMP, wanted);
    return { ok: true, directory: TARGET };
  } catch (error) {
    const line = (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
    return { ok: false, problem: `the rivals cannot be installed: ${line}` };
  }
}

/** What the report says of the rivals that took part. */
export async function notesOn(
  directory: string,
  names: readonly string[],
): Promise<readonly RivalNote[]> {
  const notes: RivalNote[] = [];
  for (const name of names) {
    const traits = TRAITS[name];
    if (traits === undefined) continue;
    const manifest = await readFile(join(directory, "node_modules", name, "package.json"), "utf8");
    const { version } = JSON.parse(manifest) as { readonly version: string };
    notes.push({ name, version, ...traits });
  }
  return notes;
}
