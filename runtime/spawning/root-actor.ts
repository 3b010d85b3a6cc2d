/**
 * The actor at `$root` of every node: starts registered actors for programs that are no nodes.
 *
 * Owns: what such a program may ask for. What it starts is a top-level actor of this node, supervised one
 * for one by the system, whose child may live anywhere; it ends with this node, wherever its child is.
 *
 * R1: only what was started here is stopped here.
 * R2: nothing is started that is not registered as spawnable, and no other version than the asker's.
 */
import { type ActorDefinition, actor } from "../actor.ts";
import type { Address } from "../address.ts";
import { DeferredReply } from "../deferred-reply.ts";
import type { Cell } from "../kernel/cell.ts";
import type { Context } from "../kernel/context.ts";
import { stop } from "../kernel/ending.ts";
import { type Ask, ask, type Protocol, protocol } from "../protocol.ts";
import type { Registration } from "../registration.ts";
import type { RestartType } from "../supervision.ts";
import { TroupeError } from "../troupe-error.ts";
import { checkedPlacement } from "./child-placement.ts";

/** The path of that actor. */
export const ROOT_NAME = "$root";

/** What is to be started. */
export interface RootStart {
  /** The registered name. */
  readonly type: string;
  /** `name@version` of the protocol that the asker means. */
  readonly protocol: string;
  readonly name: string;
  readonly input?: unknown;
  readonly placement?: string;
  readonly restart?: RestartType;
}

/** What programs that are no nodes may ask a node for. */
export type RootOperations = {
  /** Answers with the address once it runs. */
  readonly start: Ask<RootStart, { readonly address: Address }>;
  /** Answers once it has ended; `false` when there is none of that name. */
  readonly stop: Ask<{ readonly name: string }, boolean>;
};

/** The protocol of the actor at {@link ROOT_NAME}. */
export const Root: Protocol<RootOperations> = protocol("root@1", {
  start: ask<RootStart, { readonly address: Address }>(),
  stop: ask<{ readonly name: string }, boolean>(),
});

/** Defines the `$root` actor of a system; `root` is the actor above all others. */
export function rootActor(
  root: Cell,
  registrations: ReadonlyMap<string, Registration>,
): ActorDefinition<RootOperations, undefined> {
  return actor(
    Root,
    (_input: undefined, ctx) => {
      const { node } = (ctx as unknown as Context).cell.kernel;
      return { node, started: new Map<string, Cell>() };
    },
    {
      start: ({ state }, request) => {
        const { node, started } = state;
        return later(
          startIn(root, registrations.get(request.type), request, node).then(async (cell) => {
            started.set(request.name, cell);
            await cell.ready;
            return { address: cell.address };
          }),
        );
      },
      stop: ({ state: { started } }, { name }) => {
        const cell = started.get(name);
        started.delete(name);
        if (cell === undefined || cell.hasStopped) return false;
        return later(stop(cell, "stop").then(() => true));
      },
    },
    { restart: "permanent" },
  );
}

async function startIn(
  root: Cell,
  registration: Registration | undefined,
  { type, protocol: wanted, name, input, placement = "spread", restart }: RootStart,
  node: string,
): Promise<Cell> {
  if (registration?.kind !== "spawnable") {
    throw refused(`${node} has no spawnable(…) named ${type}`);
  }
  const has = registration.definition.protocol.name;
  if (has !== wanted) throw refused(`${type} of ${node} speaks ${has}, not ${wanted}`);
  try {
    const where = checkedPlacement(placement);
    return root.spawn(registration.definition, {
      // Elsewhere the registration of that node counts.
      ...(where === "local" ? registration.options : {}),
      name,
      input,
      placement: where,
      ...(restart === undefined ? {} : { restart }),
    });
  } catch (error) {
    if (error instanceof TroupeError) throw error;
    throw new TroupeError("ask.invalid", error instanceof Error ? error.message : String(error), {
      outcome: "never-ran",
    });
  }
}

function refused(why: string): TroupeError {
  return new TroupeError("placement.none", why, { outcome: "never-ran" });
}

function later<T>(answer: Promise<T>): DeferredReply<T> {
  const deferred = new DeferredReply<T>();
  answer.then(
    (value) => deferred.resolve(value),
    (error: unknown) => deferred.reject(error),
  );
  return deferred;
}
