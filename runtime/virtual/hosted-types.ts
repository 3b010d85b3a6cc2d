/**
 * The types that a system runs, each below a supervisor of its own.
 *
 * Owns: these supervisors. What a type's activations are is `hosted-type.ts`.
 *
 * I1: a supervisor never gives up itself; that of a singleton not its child either.
 */
import { type Behavior, behaviorOf, cellOptions } from "../kernel/behavior.ts";
import type { Cell } from "../kernel/cell.ts";
import type { Registration } from "../registration.ts";
import type { EntrySetting } from "./entry.ts";
import { HostedType } from "./hosted-type.ts";
import { VIRTUAL } from "./virtual-address.ts";

/**
 * The types among `registrations`, by name.
 *
 * @param root - the actor above all others
 */
export function hostedTypes(
  registrations: Iterable<Registration>,
  root: Cell,
  setting: EntrySetting,
): ReadonlyMap<string, HostedType> {
  const types = new Map<string, HostedType>();
  let above: Cell | undefined;
  for (const each of registrations) {
    if (each.kind === "spawnable") continue;
    above ??= supervisorBelow(root, VIRTUAL, false);
    const supervisor = supervisorBelow(above, each.name, each.kind === "singleton");
    types.set(each.name, new HostedType(each, supervisor, setting));
  }
  return types;
}

function supervisorBelow(above: Cell, name: string, forEver: boolean): Cell {
  const { kernel } = above;
  return above.adopt(
    { kernel, behavior: supervision(), options: guarding(forEver) },
    name,
    undefined,
  );
}

/** Does nothing but supervise. */
const supervisorDefinition: object = {
  protocol: { name: "virtual@1", operations: {} },
  init: () => undefined,
  handlers: {},
  hooks: {},
  options: { restart: "temporary" },
};

function supervision(): Behavior {
  return behaviorOf(supervisorDefinition);
}

function guarding(forEver: boolean): ReturnType<typeof cellOptions> {
  const options = cellOptions({ restart: "temporary", mailbox: { capacity: 1 } });
  const endless = { restarts: Number.POSITIVE_INFINITY, withinMs: 1 };
  return {
    ...options,
    guards: true,
    limit: endless,
    childLimit: forEver ? endless : options.childLimit,
  };
}
