/**
 * Tries a test under many seeds, and says how to try the one that failed again.
 *
 * Owns: which seeds are tried, in which order, and what a failure says. The one place of
 * `troupe/testing` that reads the process's environment, because that is how a seed is handed in:
 *
 * - `TROUPE_SEED=17` tries seed 17 alone; several are joined by commas.
 * - `TROUPE_KEEP_SEEDS=1` writes a seed that fails into the file of kept seeds.
 *
 * I1: kept seeds are tried first, then the others; each once.
 * I2: the first seed that fails ends the run.
 */
import { relative } from "node:path";
import { messageOf } from "../troupe-error.ts";
import { keepSeed, keptSeeds } from "./kept-seeds.ts";
import { type SeededWorld, seededWorld, type WorldOptions } from "./seeded-world.ts";
import { divergence } from "./world-history.ts";

/** Options of {@link forSeeds}. */
export interface SeedsOptions {
  /** The suite's name, under which its seeds are kept. */
  readonly suite: string;
  /** How many seeds, counted from 1, or which. */
  readonly seeds: number | readonly number[];
  /** The file of kept seeds, from the working directory; default `test/seeds.json`. */
  readonly kept?: string;
  /**
   * The command that tries one seed again; default `TROUPE_SEED=<seed> npm test -- <file>`, where the
   * file is the program that runs now.
   */
  readonly command?: (seed: number) => string;
}

/** A test failed under a seed; `cause` is what it threw. */
export class SeedFailure extends Error {
  override readonly name: string = "SeedFailure";
  readonly suite: string;
  readonly seed: number;
  /** The command that tries this seed again. */
  readonly command: string;

  /** @param failure - the suite, the seed, the command, and what was thrown */
  constructor(failure: {
    readonly suite: string;
    readonly seed: number;
    readonly command: string;
    readonly kept: string;
    readonly cause: unknown;
  }) {
    const { suite, seed, command, kept, cause } = failure;
    super(
      `${suite}: seed ${seed} failed: ${messageOf(cause)}\n` +
        `try it again:  ${command}\n` +
        `keep it:       ${seed} under ${JSON.stringify(suite)} in ${kept}, or TROUPE_KEEP_SEEDS=1`,
      { cause },
    );
    this.suite = suite;
    this.seed = seed;
    this.command = command;
  }
}

/**
 * Calls `test` with one seed after the other.
 *
 * @throws {SeedFailure} when one failed; its message has the command that tries it again
 * @throws {TypeError} when `TROUPE_SEED` is no list of whole numbers
 *
 * @example
 * await forSeeds({ suite: "transfers", seeds: 200 }, async (seed) => {
 *   const world = seededWorld({ seed });
 *   // …
 *   await world.end();
 * });
 */
export async function forSeeds(
  options: SeedsOptions,
  test: (seed: number) => unknown,
): Promise<void> {
  const { suite, kept = "test/seeds.json", command = commandOf } = options;
  for (const seed of seedsOf(options, kept)) {
    try {
      await test(seed);
    } catch (cause) {
      if (process.env["TROUPE_KEEP_SEEDS"] === "1") keepSeed(kept, suite, seed);
      throw new SeedFailure({ suite, seed, command: command(seed), kept, cause });
    }
  }
}

/**
 * Runs a scenario twice in worlds of the same options, and compares what happened byte by byte.
 *
 * @param scenario - all that it does must follow from its world: no clock, chance, file or socket
 *   from outside
 * @returns the first world, ended, with its history
 * @throws {Error} when the histories differ, with the first lines that do; otherwise what `scenario`
 *   throws
 */
export async function checkedWorld(
  options: WorldOptions,
  scenario: (world: SeededWorld) => Promise<unknown>,
): Promise<SeededWorld> {
  const [first, again] = [seededWorld(options), seededWorld(options)];
  for (const world of [first, again]) {
    await scenario(world);
    await world.end();
  }
  const parted = divergence(first.history(), again.history());
  if (parted === undefined) return first;
  const { line, a, b } = parted;
  throw new Error(
    `seed ${options.seed} has two histories, which part at line ${line}:\n  ${a}\n  ${b}\n` +
      "something in the scenario does not follow from the seed",
  );
}

function seedsOf(options: SeedsOptions, kept: string): Iterable<number> {
  const { suite, seeds } = options;
  const asked = process.env["TROUPE_SEED"];
  if (asked !== undefined && asked !== "") return asked.split(",").map(parsedSeed);
  const others = typeof seeds === "number" ? Array.from({ length: seeds }, (_, i) => i + 1) : seeds;
  return new Set([...(keptSeeds(kept)[suite] ?? []), ...others]);
}

function parsedSeed(text: string): number {
  const seed = Number(text);
  if (text.trim() !== "" && Number.isInteger(seed)) return seed;
  throw new TypeError(`TROUPE_SEED is no list of whole numbers: ${JSON.stringify(text)}`);
}

function commandOf(seed: number): string {
  const file = process.argv[1];
  const which = file === undefined ? "" : ` -- ${relative(process.cwd(), file)}`;
  return `TROUPE_SEED=${seed} npm test${which}`;
}
