/**
 * A definition made ready to run: its handlers by operation, its options parsed.
 *
 * Owns: finding the handler of an operation. One per definition, shared by all its cells.
 *
 * I1: only an operation of the protocol is ever found; names like `constructor` are not.
 */
import type { ActorContext, ActorOptions, SpawnOptions } from "../actor.ts";
import { durationMs } from "../duration.ts";
import type { Terminated } from "../exit-reason.ts";
import type { Operation, Operations, Protocol, Schema } from "../protocol.ts";
import {
  type AutoShutdown,
  childLimit,
  type Decision,
  defaultPause,
  type Pause,
  parsedBackoff,
  parsedIntensity,
  type RestartLimit,
  type RestartType,
  type Strategy,
  supervisorLimit,
} from "../supervision.ts";
import type { Kernel } from "./kernel.ts";
import { messageTypeOf } from "./message-type.ts";

/** A context whose types were erased: the definition checked them. */
export type AnyContext = ActorContext<Operations, unknown, unknown>;

/** A definition whose types were erased. */
export interface AnyDefinition {
  readonly protocol: Protocol;
  readonly init: (input: unknown, ctx: AnyContext) => unknown;
  readonly handlers: Readonly<Record<string, (ctx: AnyContext, payload: unknown) => unknown>>;
  readonly hooks: {
    readonly terminated?: (ctx: AnyContext, ended: Terminated) => unknown;
    readonly stopping?: (ctx: AnyContext) => unknown;
  };
  readonly options: ActorOptions;
  readonly isPool?: true;
}

/** An operation with its handler. */
export class OperationHandler {
  readonly operation: string;
  readonly kind: Operation["kind"];
  readonly isTell: boolean;
  /** A tell whose payload goes into the mailbox as it is. */
  readonly isPlainTell: boolean;
  /** An ask whose payload does. */
  readonly isPlainAsk: boolean;
  readonly isStream: boolean;
  /** Other nodes must sign it. */
  readonly isSigned: boolean;
  /** For example `auction.bid@1`. */
  readonly type: string;
  readonly run: (ctx: AnyContext, payload: unknown) => unknown;
  readonly request: Schema | undefined;
  readonly chunk: Schema | undefined;
  readonly reply: Schema | undefined;

  constructor(
    protocol: string,
    operation: string,
    of: Operation,
    run: (ctx: AnyContext, payload: unknown) => unknown,
  ) {
    this.operation = operation;
    this.kind = of.kind;
    this.isTell = of.kind === "tell";
    this.isStream = of.kind === "stream";
    this.isSigned = of.signed === true;
    this.type = messageTypeOf(protocol, operation);
    this.run = run;
    this.request = of.schemas?.request;
    this.chunk = of.schemas?.chunk;
    this.reply = of.schemas?.reply;
    this.isPlainTell = this.isTell && this.request === undefined;
    this.isPlainAsk = this.kind === "ask" && this.request === undefined;
  }
}

/** {@link ActorOptions}, parsed and complete. */
export interface CellOptions {
  readonly restart: RestartType;
  readonly capacity: number;
  readonly onFull: "reject" | "drop-oldest" | "drop-newest";
  readonly concurrency: number;
  /** Operations that may run while a handler awaits. */
  readonly interleave: ReadonlySet<string>;
  /** More than one handler may run at a time. */
  readonly isConcurrent: boolean;
  /** Neither concurrent nor a pool. */
  readonly isSerial: boolean;
  /** 0 for none. */
  readonly timeLimitMs: number;
  readonly significant: boolean;
  /** See {@link Cell.isGuardian}; of the runtime's own supervisors. */
  readonly guards: boolean;
  readonly autoShutdown: AutoShutdown;
  readonly strategy: Strategy;
  readonly childLimit: RestartLimit;
  readonly limit: RestartLimit;
  readonly pause: Pause;
  readonly shutdownMs: number;
  readonly decide: ((error: unknown, child: string) => Decision) | undefined;
}

const DEFAULT_CAPACITY = 1_024;
const DEFAULT_SHUTDOWN_MS = 5_000;

/** A definition, ready to run. */
export class Behavior {
  readonly definition: AnyDefinition;
  readonly options: CellOptions;
  readonly isPool: boolean;
  readonly #handlers = new Map<string, OperationHandler>();
  /** By message type, as other nodes name them. */
  readonly #byType = new Map<string, OperationHandler>();
  /** Programs tend to send one operation many times in a row. */
  #last: OperationHandler | undefined;

  constructor(definition: AnyDefinition) {
    this.definition = definition;
    this.options = parsedOptions(definition, {});
    this.isPool = definition.isPool === true;
    checkInterleave(definition, this.options);
    const { name, operations } = definition.protocol;
    for (const [operation, of] of Object.entries(operations)) {
      const run = Object.hasOwn(definition.handlers, operation)
        ? definition.handlers[operation]
        : undefined;
      if (typeof run !== "function") {
        throw new TypeError(`the actor of ${name} has no handler for ${operation}`);
      }
      const handler = new OperationHandler(name, operation, of, run);
      this.#handlers.set(operation, handler);
      this.#byType.set(handler.type, handler);
    }
  }

  /** The handler of a message type, name and version included. */
  findByType(type: string): OperationHandler | undefined {
    return this.#byType.get(type);
  }

  /** The handler of an operation; `undefined` when the protocol has none of that name. */
  find(operation: string): OperationHandler | undefined {
    const last = this.#last;
    if (last !== undefined && last.operation === operation) return last;
    const found = this.#handlers.get(operation);
    if (found !== undefined) this.#last = found;
    return found;
  }
}

const behaviors = new WeakMap<object, Behavior>();

/** The behaviour of an `ActorDefinition`, whatever its types, made at its first use. */
export function behaviorOf(definition: object): Behavior {
  const known = behaviors.get(definition);
  if (known !== undefined) return known;
  const behavior = new Behavior(definition as AnyDefinition);
  behaviors.set(definition, behavior);
  return behavior;
}

/** What a cell is made from beside its input; one for all cells of a definition that override nothing. */
export interface CellSpec {
  readonly kernel: Kernel;
  readonly behavior: Behavior;
  readonly options: CellOptions;
}

/**
 * A definition with the options of one spawn, which go before its own.
 *
 * @throws {RangeError | TypeError} naming the option that is wrong
 */
export function specOf(
  kernel: Kernel,
  definition: object,
  spawnOptions: SpawnOptions | undefined,
): CellSpec {
  let spec = kernel.specs.get(definition);
  if (spec === undefined) {
    const behavior = behaviorOf(definition);
    spec = { kernel, behavior, options: behavior.options };
    kernel.specs.set(definition, spec);
  }
  if (spawnOptions === undefined) return spec;
  const { behavior } = spec;
  const options = optionsFor(behavior, spawnOptions);
  return options === behavior.options ? spec : { kernel, behavior, options };
}

/** Most spawns override nothing, or only name and feed the actor: they share the definition's. */
function optionsFor(behavior: Behavior, spawnOptions: SpawnOptions): CellOptions {
  for (const option in spawnOptions) {
    if (option === "name" || option === "input" || option === "placement") continue;
    const options = parsedOptions(behavior.definition, spawnOptions);
    checkInterleave(behavior.definition, options);
    return options;
  }
  return behavior.options;
}

function parsedOptions(definition: AnyDefinition, overrides: SpawnOptions): CellOptions {
  const options = cellOptions({ ...definition.options, ...overrides });
  return definition.isPool === true ? { ...options, isSerial: false } : options;
}

function checkInterleave({ protocol }: AnyDefinition, { interleave }: CellOptions): void {
  for (const operation of interleave) {
    if (Object.hasOwn(protocol.operations, operation)) continue;
    throw new TypeError(`interleave: ${protocol.name} has no operation ${operation}`);
  }
}

/**
 * Options with defaults, parsed.
 *
 * @throws {RangeError | TypeError} naming the option that is wrong
 */
export function cellOptions(
  options: ActorOptions & Pick<SpawnOptions, "significant">,
): CellOptions {
  const { mailbox, intensity, backoff, significant = false, restart = "transient" } = options;
  const capacity = wholeFromOne("mailbox.capacity", mailbox?.capacity ?? DEFAULT_CAPACITY);
  const concurrency = wholeFromOne("concurrency", options.concurrency ?? 1);
  const interleave = new Set(options.interleave ?? []);
  const isConcurrent = concurrency > 1 || interleave.size > 0;
  const timeLimitMs = options.timeLimit === undefined ? 0 : durationMs(options.timeLimit);
  if (options.timeLimit !== undefined && timeLimitMs === 0) {
    throw new RangeError("timeLimit must be above 0");
  }
  if (significant && restart === "permanent") {
    throw new TypeError("significant: a permanent actor never ends by itself");
  }
  const limit = intensity === undefined ? supervisorLimit : parsedIntensity(intensity);
  return {
    restart,
    capacity,
    onFull: mailbox?.onFull ?? "reject",
    concurrency,
    interleave,
    isConcurrent,
    isSerial: !isConcurrent,
    timeLimitMs,
    significant,
    guards: false,
    autoShutdown: options.autoShutdown ?? "never",
    strategy: options.strategy ?? "one-for-one",
    // A supervisor that states its own intensity means that one alone.
    childLimit: intensity === undefined ? childLimit : limit,
    limit,
    pause: backoff === undefined ? defaultPause : parsedBackoff(backoff),
    shutdownMs: options.shutdown === undefined ? DEFAULT_SHUTDOWN_MS : durationMs(options.shutdown),
    decide: options.decide,
  };
}

function wholeFromOne(option: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new RangeError(`${option} must be a whole number from 1: ${value}`);
}
