/**
 * A supervisor as a definition: an actor that only starts and keeps its children.
 *
 * Owns: starting them in order. What happens when one ends is decided in `supervision.ts`, as for
 * the children of any actor.
 *
 * I1: a child is started when the one before it is ready; when one does not start, the supervisor
 *     does not start either, and stops those that did.
 */
import { type ActorDefinition, type ActorOptions, actor } from "./actor.ts";
import type { ChildSpec } from "./child-spec.ts";
import { type Ask, ask, type Protocol, protocol } from "./protocol.ts";

/** What a supervisor answers. */
export interface SupervisorOperations {
  /** The addresses of the children it was made with, in start order. */
  readonly children: Ask<undefined, readonly string[]>;
  readonly [operation: string]: Ask<undefined, readonly string[]>;
}

/** The protocol of supervisors. */
export const Supervisor: Protocol<SupervisorOperations> = protocol("supervisor@1", {
  children: ask<undefined, readonly string[]>(),
});

/** What a supervisor is made of. */
export interface SupervisorSpec
  extends Pick<
    ActorOptions,
    "strategy" | "intensity" | "decide" | "autoShutdown" | "restart" | "shutdown"
  > {
  /** Started in this order, stopped in reverse. */
  readonly children: readonly ChildSpec[];
}

/**
 * Defines a supervisor.
 *
 * @example
 * const tree = supervisor({
 *   strategy: "rest-for-one",
 *   intensity: { restarts: 3, within: "30s" },
 *   children: [child(store, { name: "store" }), child(worker, { name: "worker" })],
 * });
 */
export function supervisor(spec: SupervisorSpec): ActorDefinition<SupervisorOperations, undefined> {
  const { children, ...options } = spec;
  return actor(
    Supervisor,
    async (_input: undefined, ctx) => {
      const addresses: string[] = [];
      for (const each of children) {
        const ref = each.start(ctx);
        await ref.ready;
        addresses.push(ref.address);
      }
      return addresses;
    },
    { children: (ctx) => ctx.state },
    options,
  );
}
