/**
 * The protocol of a state machine: its events as tells, and the asks that every machine answers.
 *
 * Owns: which operations a machine has, and their types. What they do is `machine-run.ts`.
 *
 * P1: an event that a machine declares is a tell; its payload is the event without `type`.
 * P2: an event type that is known only by pattern, or not at all, is none: a tell needs a name.
 */
import type {
  AnyStateMachine,
  AnyStateNode,
  ContextFrom,
  EventFromLogic,
  OutputFrom,
  SnapshotFrom,
  StateValueFrom,
  TagsFrom,
} from "xstate";
import {
  type Ask,
  ask,
  type Operation,
  type Operations,
  type Protocol,
  protocol,
  type Tell,
  tell,
} from "../protocol.ts";
import type { MachineRecord } from "./machine-record.ts";

/** Where a machine is. */
export interface MachineState<M extends AnyStateMachine> {
  readonly value: SnapshotFrom<M>["value"];
  /** Without what is not plain data; a spawned XState actor appears as its id. */
  readonly context: ContextFrom<M>;
  readonly status: "active" | "done";
  readonly tags: readonly TagsFrom<M>[];
  /** Of a machine that is done. */
  readonly output: OutputFrom<M> | undefined;
}

/** What to wait for: a state, whole or in part, a tag, or both. */
export interface MachineCondition<M extends AnyStateMachine> {
  readonly state?: StateValueFrom<M>;
  readonly tag?: TagsFrom<M>;
}

/** The fields of the events of type `K`, without the type. */
export type EventPayload<E, K> = E extends { readonly type: infer T }
  ? K extends T
    ? Omit<E, "type">
    : never
  : never;

/** An event without fields takes no payload. */
export type EventTell<P> = [keyof P] extends [never]
  ? Tell<undefined>
  : Partial<P> extends P
    ? Tell<P | undefined>
    : Tell<P>;

/** The asks of every machine. */
export type MachineAsks<M extends AnyStateMachine> = {
  /** Where it is now. */
  readonly snapshot: Ask<undefined, MachineState<M>>;
  /** Its state as plain data from which a machine can go on; refused with `not-plain` if it is none. */
  readonly persisted: Ask<undefined, MachineRecord>;
  /** Answers when the condition holds; rejects with `actor.stopped` if it ends first. */
  readonly until: Ask<MachineCondition<M>, MachineState<M>>;
  /** Answers with its output when it is done. */
  readonly output: Ask<undefined, OutputFrom<M>>;
};

/** The operations of a machine actor. */
export type MachineOperations<M extends AnyStateMachine> = {
  readonly [K in EventFromLogic<M>["type"] as string extends K ? never : K]: EventTell<
    EventPayload<EventFromLogic<M>, K>
  >;
} & MachineAsks<M>;

/** Tells a machine to catch up with what happened outside its handlers; its own business. */
export const STEP = "troupe.step";

const NAME = /^[a-z][a-z0-9.-]*$/;

/**
 * The protocol of `machine`.
 *
 * @param name - `name@version`; when absent, the machine's id at version 1, or `machine@1` when the
 *   id is no name
 * @param more - event types that no `on` of the machine names
 * @throws {TypeError} when an event has the name of another operation, or one that is no name
 */
export function machineProtocol(
  machine: AnyStateMachine,
  name: string | undefined,
  more: readonly string[],
): Protocol {
  const operations: Record<string, Operation> = {
    snapshot: ask(),
    persisted: ask(),
    until: ask(),
    output: ask(),
    [STEP]: tell<undefined>(),
  };
  for (const type of new Set([...eventTypesOf(machine.root), ...more])) {
    if (Object.hasOwn(operations, type)) {
      throw new TypeError(`an event may not have the name of another operation: ${type}`);
    }
    operations[type] = tell<unknown>();
  }
  const { id } = machine;
  return protocol(name ?? `${NAME.test(id) ? id : "machine"}@1`, operations as Operations);
}

/** The event types that a state or those within it name, forbidden ones too; patterns are none. */
function eventTypesOf(node: AnyStateNode): readonly string[] {
  const own = Object.keys((node.config.on ?? {}) as object).filter(
    (type) => !type.includes("*") && !type.startsWith("xstate."),
  );
  return [...own, ...Object.values(node.states).flatMap(eventTypesOf)];
}
