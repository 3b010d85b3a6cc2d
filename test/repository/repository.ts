/** The repository as its tests read it: its root, its files, and its documents. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The root: tests run from `dist/test/repository/`. */
export const ROOT: string = fileURLToPath(new URL("../../../", import.meta.url));

/** A file's text, by its path from the root. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The sources below `folder`, as paths from the root. */
export function sourcesUnder(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

/** The modules that a source imports, as they are written. */
export function importsOf(path: string): readonly string[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^"';]*?from\s+"([^"]+)"|import\(\s*"([^"]+)"\s*\)/g;
  return [...read(path).matchAll(pattern)].map((match) => match[1] ?? match[2] ?? "");
}

/** The relative links of a Markdown document, without those to the web. */
export function linksOf(markdown: string): readonly string[] {
  const targets = [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** The fenced blocks of one language in a Markdown document. */
export function blocksOf(markdown: string, language: string): readonly string[] {
  const pattern = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...markdown.matchAll(pattern)].map((match) => match[1] ?? "");
}
