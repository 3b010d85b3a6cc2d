/** Data sets made up for tests, in the shape of the real ones. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Test } from "tap";
import { freshFolder } from "../../cluster/server-under-test.ts";

/** An arrival trace of three requests. */
export const TRACE: readonly string[] = [
  "ms,service,context_tokens,generated_tokens",
  "0,conv,100,10",
  "25,conv,200,20",
  "1000,conv,300,30",
];

/** A set on two models. */
export const LEADERBOARD: readonly string[] = [
  '{"models":["a","b"]}',
  '{"id":"x/1","q":"10"}',
  '{"id":"x/2","q":"?1"}',
];

/** A folder that goes with the test. */
export async function dataFolder(t: Test): Promise<string> {
  const folder = await freshFolder();
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file of lines, gzipped when its name ends in `.gz`. */
export async function writeLines(
  folder: string,
  name: string,
  lines: readonly string[],
): Promise<string> {
  const path = join(folder, name);
  const text = `${lines.join("\n")}\n`;
  await writeFile(path, name.endsWith(".gz") ? gzipSync(text) : text);
  return path;
}

/** All of an iterable. */
export async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
