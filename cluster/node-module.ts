/**
 * The module that a node is started with: it exports the actors to start, as `children`.
 *
 * Owns: loading it and saying clearly what is wrong with it. Code never travels: every node loads its
 * own module.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ChildSpec } from "../runtime/child-spec.ts";
import { messageOf, TroupeError } from "../runtime/troupe-error.ts";
import type { Node } from "./node.ts";

/** The actors to start, or a function that says which once the node is there. */
export type Children = readonly ChildSpec[] | ((node: Node) => readonly ChildSpec[]);

/**
 * The children that a module exports.
 *
 * @param path - absolute, or relative to `from`
 * @throws {TroupeError} `module.unusable` when it is missing, does not load, or exports no children
 *
 * @example
 * const children = await loadNodeModule("./actors.js", process.cwd());
 */
export async function loadNodeModule(path: string, from: string): Promise<Children> {
  const file = resolve(from, path);
  if (!existsSync(file)) throw unusable(path, "there is no such file");
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(file).href);
  } catch (cause) {
    throw unusable(path, `it does not load: ${messageOf(cause)}`, cause);
  }
  const { children } = module;
  if (typeof children === "function") return children as Children;
  if (Array.isArray(children) && children.length > 0 && children.every(isChildSpec))
    return children;
  const exported = Object.keys(module).join(", ") || "nothing";
  throw unusable(
    path,
    children === undefined
      ? `it exports ${exported}, but no "children"; export const children = [child(definition, …)]`
      : `its "children" is no array of child(…), nor a function that returns one`,
  );
}

function isChildSpec(value: unknown): value is ChildSpec {
  return typeof value === "object" && value !== null && "definition" in value;
}

function unusable(path: string, why: string, cause?: unknown): TroupeError {
  return new TroupeError("module.unusable", `${path} cannot be run as a node: ${why}`, { cause });
}
