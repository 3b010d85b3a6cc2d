/**
 * What load is put on: an operation of an actor that a module exports, a capability, or a pattern.
 *
 * Owns: reading `--op`, finding the actor, and saying clearly what is not there.
 *
 * T1: `--op name@1.operation` names the protocol, `--op operation` takes the first actor that has it;
 *     without `--op` it is the first ask of the first actor with a name.
 * T2: several actors of that protocol take turns.
 * T3: children are looked at first, then what the module registers: virtual actors, whose keys take turns,
 *     and singletons. What can only be spawned by name is there when somebody did.
 */
import {
  type ActorRegistration,
  addressOf,
  type ChildSpec,
  checkedNodeName,
  type LoadTarget,
  nodeOf,
  type Operations,
  type Protocol,
} from "../../runtime/index.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import type { PlainProtocol } from "./generator-plan.ts";

/** Where an actor is found: on every node, by its key, or as the cluster's one. */
export type Dwelling = "child" | "virtual" | "singleton";

/** An operation, and the actors that have it. */
export interface OperationTarget {
  readonly protocol: PlainProtocol;
  readonly operation: string;
  readonly kind: "ask" | "tell" | "stream";
  readonly dwelling: Dwelling;
  /** By their names as children, or as they are registered. */
  readonly actors: readonly string[];
}

/** What was asked for. */
export interface WantedOperation {
  readonly op?: string;
  readonly actor?: string;
  /** As the user wrote it. */
  readonly module: string;
}

/** `name@1.operation`, or an operation alone. */
interface NamedOperation {
  readonly protocol: string | undefined;
  readonly operation: string | undefined;
}

const PROTOCOL_AND_OPERATION = /^([a-z][a-z0-9.-]*@[1-9][0-9]*)\.(.+)$/;

/** Reads `--op`. */
export function namedOperation(op: string | undefined): NamedOperation {
  const match = PROTOCOL_AND_OPERATION.exec(op ?? "");
  return match === null
    ? { protocol: undefined, operation: op }
    : { protocol: match[1], operation: match[2] };
}

/**
 * The operation among the module's actors.
 *
 * @throws {CommandError} `notFound`, saying what there is instead
 */
export function operationTarget(
  children: readonly ChildSpec[],
  registered: readonly ActorRegistration[],
  wanted: WantedOperation,
): OperationTarget {
  const { protocol, operation } = namedOperation(wanted.op);
  const named = [...children.flatMap(childIn), ...registered.flatMap(registeredIn)];
  const actorName = wanted.actor?.slice(wanted.actor.lastIndexOf("/") + 1);
  const ofName = actorName === undefined ? named : named.filter(({ name }) => name === actorName);
  if (ofName.length === 0) {
    const known = named.map(({ name }) => name).join(", ") || "none with a name";
    throw notFound(`no actor ${actorName ?? ""} in ${wanted.module}: it has ${known}`);
  }
  const ofProtocol =
    protocol === undefined ? ofName : ofName.filter((one) => one.protocol.name === protocol);
  if (ofProtocol.length === 0) {
    const known = [...new Set(ofName.map((one) => one.protocol.name))].join(", ");
    throw notFound(`no actor of ${protocol} in ${wanted.module}: it has ${known}`);
  }
  for (const { protocol: spoken, dwelling } of ofProtocol) {
    const found = operation ?? firstAskOf(spoken);
    const kind = found === undefined ? undefined : spoken.operations[found]?.kind;
    if (found === undefined || kind === undefined) continue;
    return {
      protocol: plainProtocol(spoken),
      operation: found,
      kind,
      dwelling,
      actors: ofProtocol
        .filter((one) => one.protocol.name === spoken.name && one.dwelling === dwelling)
        .map(({ name }) => name),
    };
  }
  const protocols = [...new Set(ofProtocol.map((one) => one.protocol))];
  const known = protocols.map(
    (one) => `${one.name} has ${operationsOf(one).join(", ") || "no operations"}`,
  );
  throw notFound(`no operation ${operation ?? "to ask"}: ${known.join("; ")}`);
}

/** Without the runtime's own. */
function operationsOf({ operations }: Protocol<Operations>): readonly string[] {
  return Object.keys(operations).filter((name) => !name.startsWith("$"));
}

/** An actor that a request could be sent to. */
interface Candidate {
  readonly name: string;
  readonly protocol: Protocol<Operations>;
  readonly dwelling: Dwelling;
}

/** Its operations, but none of the runtime's own. */
function spokenIn({ name, operations }: Protocol<Operations>): Protocol<Operations> {
  const own = Object.entries(operations).filter(([operation]) => !operation.startsWith("$"));
  return { name, operations: Object.fromEntries(own) };
}

function childIn({ name, definition: { protocol } }: ChildSpec): readonly Candidate[] {
  return name === undefined ? [] : [{ name, protocol, dwelling: "child" }];
}

function registeredIn(registration: ActorRegistration): readonly Candidate[] {
  const { kind, name, definition } = registration;
  if (kind === "spawnable") return [];
  return [{ name, protocol: spokenIn(definition.protocol), dwelling: kind }];
}

/** Every key of every type of virtual actors that was found. */
export function keysOf(
  target: OperationTarget,
  count: number,
): readonly { readonly type: string; readonly key: string }[] {
  return target.actors.flatMap((type) =>
    Array.from({ length: count }, (_, at) => ({ type, key: `load-${at + 1}` })),
  );
}

/**
 * Where the actors are: on every node that was started, or at the address that was given.
 *
 * @throws {CommandError} `usage` when the address is none
 */
export function addressesOf(
  target: OperationTarget,
  nodes: readonly string[],
  actor: string | undefined,
): readonly string[] {
  if (actor?.includes("/") === true) {
    try {
      checkedNodeName(nodeOf(actor));
    } catch {
      throw new CommandError(ExitCode.usage, `--actor ${actor}: not an address like node/path`);
    }
    return [actor];
  }
  return nodes.flatMap((node) => target.actors.map((name) => addressOf(node, name)));
}

/** The target as reports name it. */
export function loadTargetOf(target: OperationTarget): LoadTarget {
  return { kind: target.kind, name: `${target.protocol.name}.${target.operation}` };
}

function plainProtocol({ name, operations }: Protocol<Operations>): PlainProtocol {
  return {
    name,
    operations: Object.fromEntries(
      // Whether it must be signed is for the sender to know; schemas are code and stay where they are.
      Object.entries(operations).map(([operation, { schemas: _schemas, ...plain }]) => [
        operation,
        plain,
      ]),
    ),
  };
}

function firstAskOf({ operations }: Protocol<Operations>): string | undefined {
  return Object.entries(operations).find(([, { kind }]) => kind === "ask")?.[0];
}

function notFound(message: string): CommandError {
  return new CommandError(ExitCode.notFound, message);
}
