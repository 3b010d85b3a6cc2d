/**
 * Rewrites our built sources when they are loaded: `node --import <this file>` with
 * `TROUPE_REWRITE`, a JSON array of `{file, find, replace}`, the files below `dist/`.
 *
 * R1: `find` must stand in its file exactly once, or the process ends with an error: a rewrite that
 *     does nothing must not pass for one that does.
 *
 * The module customization hooks run in a thread of their own, which loads this file as well.
 */
import { register } from "node:module";
import { isMainThread } from "node:worker_threads";
import type { Rewrite } from "./benchmark.ts";

const DIST = new URL("../", import.meta.url);

let rewrites: readonly Rewrite[] = [];

interface Loaded {
  readonly format: string;
  readonly source?: string | ArrayBuffer | Uint8Array;
}

if (isMainThread) {
  const data: unknown = JSON.parse(process.env["TROUPE_REWRITE"] ?? "[]");
  register(import.meta.url, { data });
}

/** Called in the hooks' thread with what `register` was given. */
export function initialize(data: readonly Rewrite[]): void {
  rewrites = data;
}

/** Called there for every module. */
export async function load(
  url: string,
  context: unknown,
  nextLoad: (url: string, context: unknown) => Promise<Loaded>,
): Promise<Loaded> {
  const loaded = await nextLoad(url, context);
  const here = rewrites.filter(({ file }) => new URL(file, DIST).href === url);
  if (here.length === 0) return loaded;
  return { ...loaded, source: rewritten(String(textOf(loaded)), here) };
}

/**
 * A source with its rewrites.
 *
 * @throws {Error} when a text to find is not there exactly once
 */
export function rewritten(source: string, rewrites: readonly Rewrite[]): string {
  let text = source;
  for (const { file, find, replace } of rewrites) {
    const times = text.split(find).length - 1;
    if (times !== 1) throw new Error(`${file} has ${times} times, not once: ${find}`);
    text = text.replace(find, () => replace);
  }
  return text;
}

function textOf({ source }: Loaded): string {
  if (typeof source === "string") return source;
  return new TextDecoder().decode(source);
}
