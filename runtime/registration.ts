/**
 * What a node can run when somebody asks for it by name: virtual actors, singletons, and actors that
 * others may spawn there.
 *
 * Owns: the three kinds, their options and names. Code never travels: every node registers its own. What
 * becomes of a registration is `runtime/virtual/`'s business, or that of whoever spawns.
 *
 * G1: a name means one registration in a system, of whichever kind.
 * G2: a wrong option is told where it is given, not when the first message comes.
 */
import type { ActorDefinition, ActorOptions } from "./actor.ts";
import type { Duration } from "./duration.ts";
import { durationMs } from "./duration.ts";
import type { AnyDefinition } from "./kernel/behavior.ts";
import { checkedPlacement, type Placement } from "./placement/placement.ts";
import type { Operations, Protocol, Schema } from "./protocol.ts";
import { reminded } from "./reminder/reminded.ts";

/** Options of {@link virtual}. */
export interface VirtualOptions<I> {
  /** Default the protocol's name without its version. */
  readonly name?: string;
  /** Default `spread`. */
  readonly placement?: Placement;
  /** How long an activation may be idle before it is passivated; default 2 min. */
  readonly passivateAfter?: Duration;
  /** How many activations one node keeps; past it the one that was used least recently goes. Default 100,000. */
  readonly limit?: number;
  /** What an activation is made from; by default nothing. */
  readonly input?: (key: string) => I;
}

/** Options of {@link singleton}. */
export interface SingletonOptions<I> {
  /** Default the protocol's name without its version. */
  readonly name?: string;
  /** Default `spread`; a singleton cannot be `local`. */
  readonly placement?: Exclude<Placement, "local">;
  readonly input?: I;
}

/** Options of {@link spawnable}. */
export interface SpawnableOptions extends ActorOptions {
  /** Default the protocol's name without its version. */
  readonly name?: string;
  /** What an input must be, whoever asks for the start; by default anything. */
  readonly input?: Schema;
}

interface Registered {
  readonly name: string;
  readonly definition: AnyDefinition;
}

/** A type of virtual actors: one per key in the cluster, there when a message comes. */
export interface VirtualRegistration extends Registered {
  readonly kind: "virtual";
  readonly placement: Placement;
  readonly passivateAfterMs: number;
  readonly limit: number;
  /** What an activation of that key is made from. */
  readonly inputOf: (key: string) => unknown;
}

/** An actor of which the cluster has one, always. */
export interface SingletonRegistration extends Registered {
  readonly kind: "singleton";
  readonly placement: Placement;
  /** What an activation of that key is made from. */
  readonly inputOf: (key: string) => unknown;
}

/** An actor that others may start here by its name. */
export interface SpawnableRegistration extends Registered {
  readonly kind: "spawnable";
  readonly input: Schema | undefined;
  /** They go before the definition's own. */
  readonly options: ActorOptions;
}

/** What a node can run by name. */
export type Registration = VirtualRegistration | SingletonRegistration | SpawnableRegistration;

const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
const PASSIVATE_AFTER_MS = 120_000;
const LIMIT = 100_000;

/**
 * Registers a type of virtual actors.
 *
 * @throws {TypeError | RangeError} naming the option that is wrong
 *
 * @example
 * export const actors = [virtual(session, { passivateAfter: "10m", input: (key) => ({ user: key }) })];
 * // anywhere in the cluster: node.actorOf(Session, "user-42").tell("said", "hello");
 */
export function virtual<O extends Operations, I>(
  definition: ActorDefinition<O, I>,
  ...[options]: undefined extends I
    ? [options?: VirtualOptions<I>]
    : [options: VirtualOptions<I> & { readonly input: (key: string) => I }]
): VirtualRegistration {
  const given: VirtualOptions<I> = options ?? {};
  if (definition.isPool === true) throw new TypeError("a pool cannot be a virtual actor");
  const passivateAfterMs = durationMs(given.passivateAfter ?? PASSIVATE_AFTER_MS);
  if (passivateAfterMs <= 0) throw new RangeError("passivateAfter must be above 0");
  const limit = given.limit ?? LIMIT;
  if (!Number.isInteger(limit) || limit < 1) {
    throw new RangeError(`limit must be a whole number from 1: ${limit}`);
  }
  return {
    kind: "virtual",
    ...heard(registered(definition, given.name)),
    placement: checkedPlacement(given.placement ?? "spread"),
    passivateAfterMs,
    limit,
    inputOf: given.input ?? (() => undefined),
  };
}

/**
 * Registers a singleton: some node of the cluster runs it, without being asked.
 *
 * @throws {TypeError} naming the option that is wrong
 *
 * @example
 * export const actors = [singleton(scheduler, { name: "scheduler", placement: "role:control" })];
 */
export function singleton<O extends Operations, I>(
  definition: ActorDefinition<O, I>,
  ...[options]: undefined extends I
    ? [options?: SingletonOptions<I>]
    : [options: SingletonOptions<I> & { readonly input: I }]
): SingletonRegistration {
  const given: SingletonOptions<I> = options ?? {};
  const placement = checkedPlacement(given.placement ?? "spread");
  if (placement === "local") throw new TypeError("placement: a singleton cannot be local");
  if (definition.isPool === true) throw new TypeError("a pool cannot be a singleton");
  const { input } = given;
  const inputOf = (): unknown => input;
  return {
    kind: "singleton",
    ...heard(registered(definition, given.name)),
    placement,
    inputOf,
  };
}

/**
 * Registers an actor that others may start on this node by its name.
 *
 * @throws {TypeError} when the name has another form
 *
 * @example
 * export const actors = [spawnable(worker, { name: "worker", restart: "permanent" })];
 */
export function spawnable<O extends Operations, I>(
  definition: ActorDefinition<O, I>,
  { name, input, ...options }: SpawnableOptions = {},
): SpawnableRegistration {
  return { kind: "spawnable", ...registered(definition, name), input, options };
}

/** The name of a protocol without its version: what its actors are registered under unless said otherwise. */
export function baseName({ name }: Pick<Protocol, "name">): string {
  return name.slice(0, name.lastIndexOf("@"));
}

/**
 * The name itself, when it may name a registration.
 *
 * @throws {TypeError} unless it is 1 to 64 of letters, digits, `_`, `.` and `-`, a letter first
 */
export function checkedRegistrationName(name: string): string {
  if (NAME.test(name)) return name;
  throw new TypeError(
    `not a name to register: ${JSON.stringify(name)} (1 to 64 of A-Z a-z 0-9 _ . -, a letter first)`,
  );
}

/**
 * Registrations by name.
 *
 * @throws {TypeError} when two have the same one (G1), or one is none
 */
export function registrationsByName(
  registrations: readonly Registration[],
): ReadonlyMap<string, Registration> {
  const named = new Map<string, Registration>();
  for (const each of registrations) {
    if (!isRegistration(each)) {
      throw new TypeError("actors must be an array of virtual(…), singleton(…) or spawnable(…)");
    }
    if (named.has(each.name)) {
      throw new TypeError(`two actors are registered as ${each.name}: give one another "name"`);
    }
    named.set(each.name, each);
  }
  return named;
}

/** Whether a value, from a module perhaps, is a registration. */
export function isRegistration(value: unknown): value is Registration {
  if (typeof value !== "object" || value === null) return false;
  const { kind, name, definition } = value as Partial<Registration>;
  const isKind = kind === "virtual" || kind === "singleton" || kind === "spawnable";
  return isKind && typeof name === "string" && typeof definition === "object";
}

function registered<O extends Operations, I>(
  definition: ActorDefinition<O, I>,
  name: string | undefined,
): Registered {
  return {
    name: checkedRegistrationName(name ?? baseName(definition.protocol)),
    definition: definition as unknown as AnyDefinition,
  };
}

/** Its actors hear reminders. */
function heard(of: Registered): Registered {
  return { ...of, definition: reminded(of.definition) };
}
