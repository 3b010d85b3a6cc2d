/**
 * The module that a node is started with: it exports the actors to start, as `children`, and those that
 * it can run when somebody asks for them by name, as `actors`.
 *
 * Owns: loading it and saying clearly what is wrong with it. Code never travels: every node loads its
 * own module.
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ChildSpec } from "../../runtime/child-spec.ts";
import { awaitedClock, type Clock } from "../../runtime/ports/clock.ts";
import { isRegistration, type Registration } from "../../runtime/registration.ts";
import { messageOf, TroupeError } from "../../runtime/troupe-error.ts";
import type { Node } from "./node.ts";

/** The actors to start, or a function that says which once the node is there. */
export type Children = readonly ChildSpec[] | ((node: Node) => readonly ChildSpec[]);

/** What a module exports. */
export interface NodeModule {
  /** To be started; none when it exports no `children`. */
  readonly children: Children;
  /** To be run by name; none when it exports no `actors`. */
  readonly actors: readonly Registration[];
}

/** Options of {@link loadNodeModule}. */
export interface NodeModuleOptions {
  readonly clock?: Clock;
  /** How long the module may take to load, its top-level awaits included; default 60,000. */
  readonly withinMs?: number;
}

const LOAD_MS = 60_000;

/**
 * The children and actors that a module exports.
 *
 * @param path - absolute, or relative to `from`
 * @throws {TroupeError} `module.unusable` when it is missing, does not load in time, or exports neither
 *   children nor actors
 *
 * @example
 * const { children, actors } = await loadNodeModule("./actors.js", process.cwd());
 */
export async function loadNodeModule(
  path: string,
  from: string,
  options: NodeModuleOptions = {},
): Promise<NodeModule> {
  const { clock = awaitedClock, withinMs = LOAD_MS } = options;
  const file = resolve(from, path);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) throw unusable(path, "there is no such file");
  if (!stat.isFile()) throw unusable(path === "" ? '""' : path, "it is no file");
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await within(withinMs, clock, import(pathToFileURL(file).href));
  } catch (cause) {
    throw unusable(path, `it does not load: ${messageOf(cause)}${hintFor(path, cause)}`, cause);
  }
  return { children: childrenIn(path, module), actors: actorsIn(path, module) };
}

function childrenIn(path: string, module: Readonly<Record<string, unknown>>): Children {
  const { children, actors } = module;
  if (typeof children === "function") return children as Children;
  if (Array.isArray(children) && children.length > 0 && children.every(isChildSpec))
    return children;
  if (children === undefined && actors !== undefined) return [];
  const exported = Object.keys(module).join(", ");
  const only = exported === "" ? "" : ` (it exports ${exported})`;
  throw unusable(
    path,
    children === undefined
      ? `it exports neither "children" nor "actors"${only}: write export const children = [child(definition, …)]`
      : `its "children" is no array of child(…), nor a function that returns one`,
  );
}

function actorsIn(
  path: string,
  { actors }: Readonly<Record<string, unknown>>,
): readonly Registration[] {
  if (actors === undefined) return [];
  if (Array.isArray(actors) && actors.length > 0 && actors.every(isRegistration)) return actors;
  throw unusable(path, 'its "actors" is no array of virtual(…), singleton(…) or spawnable(…)');
}

/**
 * The actors to start on a node.
 *
 * @throws {TroupeError} `module.unusable` when the function that says which throws or returns none
 */
export function childrenFor(node: Node, children: Children): readonly ChildSpec[] {
  const named = "the node's children";
  let specs: unknown = children;
  if (typeof children === "function") {
    try {
      specs = children(node);
    } catch (cause) {
      throw new TroupeError("module.unusable", `${named} are not known: ${messageOf(cause)}`, {
        cause,
      });
    }
  }
  if (Array.isArray(specs) && specs.every(isChildSpec)) return specs;
  const rather = specs instanceof Promise ? "a promise: await in the module instead" : "not that";
  throw new TroupeError(
    "module.unusable",
    `${named} must be an array of child(…); it is ${rather}`,
  );
}

function isChildSpec(value: unknown): value is ChildSpec {
  return (
    typeof value === "object" &&
    value !== null &&
    "definition" in value &&
    "start" in value &&
    typeof value.start === "function"
  );
}

/** Rejects when `loading` takes longer; an await that never settles would end the process in silence. */
async function within<T>(spanMs: number, clock: Clock, loading: Promise<T>): Promise<T> {
  let cancel = (): void => {};
  const late = new Promise<never>((_resolve, reject) => {
    const why = `it is not loaded after ${spanMs / 1_000} s; does it await what never comes?`;
    cancel = clock.after(spanMs, () => reject(new Error(why)));
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    cancel();
  }
}

/** What to do about a module that does not load. */
function hintFor(path: string, cause: unknown): string {
  // Where it does not parse, perhaps in what it imports, Node tells nobody who catches the error.
  if (cause instanceof SyntaxError) return ` (node ${path} shows where)`;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return code === "ERR_UNKNOWN_FILE_EXTENSION" && /\.[cm]?ts$/.test(path)
    ? "; compile it, with tsc for example, and give the JavaScript"
    : "";
}

function unusable(path: string, why: string, cause?: unknown): TroupeError {
  return new TroupeError("module.unusable", `${path} cannot be run as a node: ${why}`, { cause });
}
