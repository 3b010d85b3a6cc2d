/**
 * The module hook behind `rewrite-loader.ts`; Node runs it in a thread of its own.
 *
 * I1: a file that was not rewritten is loaded by Node as ever.
 */

let sources: ReadonlyMap<string, string> = new Map();

/** What a module's source is, as far as Node wants to know. */
interface Loaded {
  readonly format: string;
  readonly source: string;
  readonly shortCircuit: true;
}

/** Called by Node with what `register` was given. */
export function initialize(data: readonly (readonly [string, string])[]): void {
  sources = new Map(data);
}

/** Called by Node for every module. */
export function load(
  url: string,
  context: unknown,
  next: (url: string, context: unknown) => Promise<unknown>,
): Promise<unknown> {
  const source = sources.get(url);
  if (source === undefined) return next(url, context);
  const loaded: Loaded = { format: "module", source, shortCircuit: true };
  return Promise.resolve(loaded);
}
