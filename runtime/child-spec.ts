/**
 * What to start below a supervisor or a node: a definition with its options, types checked.
 *
 * Owns: that a list of children of different kinds is one list. Node modules export such lists.
 */
import type { ActorDefinition, SpawnArgs } from "./actor.ts";
import type { ActorRef, AnyActorRef } from "./actor-ref.ts";
import type { AnyDefinition } from "./kernel/behavior.ts";
import type { Operations } from "./protocol.ts";

/** Where children can be started: a system, or an actor's context. */
export interface Spawner {
  /** Starts a child; see {@link System.spawn}. */
  spawn<O extends Operations, I>(
    definition: ActorDefinition<O, I>,
    ...options: SpawnArgs<I>
  ): ActorRef<O>;
}

/** A child to be started. */
export interface ChildSpec {
  readonly definition: AnyDefinition;
  /** Absent for one with a generated name. */
  readonly name: string | undefined;
  /** What it serves, when it says so. */
  readonly capability: string | undefined;
  /** Starts it below `parent`, by another name when one is given. */
  readonly start: (parent: Spawner, name?: string) => AnyActorRef;
}

/**
 * A child of a supervisor or a node.
 *
 * @example
 * export const children = [child(counter, { name: "c1", input: 5, restart: "permanent" })];
 */
export function child<O extends Operations, I>(
  definition: ActorDefinition<O, I>,
  ...options: SpawnArgs<I>
): ChildSpec {
  return {
    definition: definition as unknown as AnyDefinition,
    name: options[0]?.name,
    capability: options[0]?.capability ?? definition.options.capability,
    start: (parent, name) => {
      if (name === undefined) return parent.spawn(definition, ...options);
      return parent.spawn(definition, ...([{ ...options[0], name }] as SpawnArgs<I>));
    },
  };
}
