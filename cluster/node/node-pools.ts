/**
 * A node that serves some capabilities only: which of a module's children it starts, and how many.
 *
 * Owns: that choice. One module can so run on many machines, each with the pools that suit it.
 *
 * P1: a capability without its version means every version of it.
 * P2: several of one child are named `name-1`, `name-2` and so on; a single one keeps its name.
 * P3: a capability that no child serves is refused: the node would do nothing, in silence.
 */
import type { ChildSpec } from "../../runtime/child-spec.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";

/** How many workers of each capability a node starts. */
export type Pools = Readonly<Record<string, number>>;

/**
 * The children to start for `pools`; all, once each, when there are none.
 *
 * @throws {TroupeError} `config.invalid` when nobody serves one of them
 */
export function pooled(
  children: readonly ChildSpec[],
  pools: Pools | undefined,
): readonly ChildSpec[] {
  if (pools === undefined) return children;
  return Object.entries(pools).flatMap(([capability, size]) => {
    const serving = children.filter((spec) => serves(spec, capability));
    if (serving.length === 0) {
      const known = [...new Set(children.flatMap((spec) => spec.capability ?? []))].join(", ");
      throw new TroupeError(
        "config.invalid",
        `pools: no child serves ${capability}; the module has ${known || "none that says what it serves"}`,
      );
    }
    return serving.flatMap((spec) => several(spec, size));
  });
}

function serves({ capability }: ChildSpec, wanted: string): boolean {
  if (capability === undefined) return false;
  return capability === wanted || capability.startsWith(`${wanted}@`);
}

function several(spec: ChildSpec, size: number): readonly ChildSpec[] {
  const { name } = spec;
  if (size === 1) return [spec];
  return Array.from({ length: size }, (_, at) => {
    if (name === undefined) return spec;
    const own = `${name}-${at + 1}`;
    return { ...spec, name: own, start: (parent) => spec.start(parent, own) };
  });
}
