/**
 * The seeds that once failed, kept in a file of the project so that they are tried first ever after.
 *
 * Owns: the file's form: JSON, an object of suites by name, each a list of seeds.
 *
 * I1: a file that is not there keeps nothing; one that is no such JSON is a mistake of its writer.
 * I2: a seed is kept once; what else the file holds is left as it is.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** Seeds by the name of their suite. */
export type KeptSeeds = Readonly<Record<string, readonly number[]>>;

/**
 * What the file at `path` keeps.
 *
 * @throws {TypeError} when it is not of the form above (I1)
 */
export function keptSeeds(path: string): KeptSeeds {
  if (!existsSync(path)) return {};
  const kept: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (isKeptSeeds(kept)) return kept;
  throw new TypeError(`${path} does not hold lists of seeds by suite`);
}

/** Keeps a seed of a suite in the file at `path`, which is made when there is none. */
export function keepSeed(path: string, suite: string, seed: number): void {
  const kept = keptSeeds(path);
  const seeds = kept[suite] ?? [];
  if (seeds.includes(seed)) return;
  const all = { ...kept, [suite]: [...seeds, seed].sort((a, b) => a - b) };
  const lines = Object.entries(all)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, list]) => `  ${JSON.stringify(name)}: [${list.join(", ")}]`);
  writeFileSync(path, `{\n${lines.join(",\n")}\n}\n`);
}

function isKeptSeeds(value: unknown): value is KeptSeeds {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(
    (seeds) => Array.isArray(seeds) && seeds.every((seed) => Number.isInteger(seed)),
  );
}
