/**
 * Stores as actors: an `@xstate/store` store is the behaviour, its events are the protocol.
 *
 * Owns: the definition and its types. Its neighbour `store-run.ts` applies the store's transitions.
 *
 * A1: a definition may be spawned any number of times; a store that is given is a pattern for the
 *     actors' own, and never changed.
 * A2: a restart begins with the store's initial context.
 */
import {
  type AnyStore,
  type AnyStoreConfig,
  createStore,
  type EventPayloadMap,
  type ExtractEvents,
  type Store,
  type StoreConfig,
  type StoreContext,
  type StoreLogicCreator,
  type StoreSelectorsConfig,
} from "@xstate/store";
import {
  type ActorContext,
  type ActorDefinition,
  type ActorOptions,
  actor,
  type Handlers,
} from "../actor.ts";
import type { EventTell } from "../machine/machine-protocol.ts";
import {
  type Ask,
  ask,
  type Operation,
  type Operations,
  protocol,
  type Schema,
  tell,
} from "../protocol.ts";
import { FAIL, type RunContext, StoreRun } from "./store-run.ts";

/** The operations of a store actor: a tell for each event, and an ask for the context. */
export type StoreOperations<C extends StoreContext, E extends EventPayloadMap> = {
  readonly [K in keyof E & string as string extends K ? never : K]: EventTell<Omit<E[K], "type">>;
} & {
  /** The context, without what is not plain data. */
  readonly snapshot: Ask<undefined, { readonly context: C }>;
};

/** What the options of a store actor may do; the state is the store's own. */
export type StoreActorContext<C extends StoreContext, E extends EventPayloadMap> = Omit<
  ActorContext<StoreOperations<C, E>, unknown, unknown>,
  "state"
>;

/** Options of {@link storeActor}. */
export interface StoreActorOptions<
  C extends StoreContext,
  E extends EventPayloadMap,
  M extends { readonly type: string },
> extends ActorOptions {
  /** `name@version`; default `store@1`. */
  readonly protocol?: string;
  /** The events of a `createStoreLogic`, which does not tell; of other stores, further ones. */
  readonly events?: readonly (keyof E & string)[];
  /** Called with the context after every event that changed it, for example to publish it. */
  readonly changed?: (context: C, ctx: StoreActorContext<C, E>) => void;
  /** Called with what the store emits. */
  readonly emitted?: (event: M, ctx: StoreActorContext<C, E>) => void;
}

/** The options with their types erased. */
interface AnyOptions extends ActorOptions {
  readonly protocol?: string;
  readonly events?: readonly string[];
  readonly changed?: (context: unknown, ctx: RunContext) => unknown;
  readonly emitted?: (event: unknown, ctx: RunContext) => unknown;
}

/**
 * Defines an actor whose behaviour is an `@xstate/store` store.
 *
 * Its events are tells, `snapshot` asks for the context. What a transition or an effect throws, or an
 * effect's promise rejects with, fails the actor; an event whose transition throws changes nothing.
 *
 * @param of - a store, a configuration of one, or a `createStoreLogic`, whose input is then the actor's;
 *   where it has schemas for its events, payloads are checked against them
 * @throws {TypeError} when an event's type is no operation's name, or is `snapshot`
 *
 * @example
 * const cart = storeActor({
 *   context: { items: 0 },
 *   on: { add: (context, event: { count: number }) => ({ items: context.items + event.count }) },
 * });
 * system.spawn(cart).tell("add", { count: 2 });
 */
export function storeActor<
  C extends StoreContext,
  E extends EventPayloadMap,
  M extends { readonly type: string },
>(
  of: Store<C, E, M>,
  options?: StoreActorOptions<C, E, M>,
): ActorDefinition<StoreOperations<C, E>, undefined>;
export function storeActor<
  C extends StoreContext,
  E extends EventPayloadMap,
  M extends { readonly type: string },
  I,
  S extends StoreSelectorsConfig<C>,
>(
  of: StoreLogicCreator<C, E, M, I, S>,
  options: StoreActorOptions<C, E, M> & { readonly events: readonly (keyof E & string)[] },
): ActorDefinition<StoreOperations<C, E>, I>;
export function storeActor<
  C extends StoreContext,
  const E extends EventPayloadMap,
  // biome-ignore lint/complexity/noBannedTypes: what the store's own types say for no events
  M extends EventPayloadMap = {},
>(
  of: StoreConfig<C, E, M>,
  options?: StoreActorOptions<C, E, ExtractEvents<M>>,
): ActorDefinition<StoreOperations<C, E>, undefined>;
export function storeActor(of: unknown, options: unknown = {}): unknown {
  const { protocol: name = "store@1", events, changed, emitted, ...rest } = options as AnyOptions;
  const makeStore = makerOf(of as StoreSource);
  const operations: Record<string, Operation> = { snapshot: ask(), [FAIL]: tell<undefined>() };
  const handlers: Record<string, (ctx: Context, payload: unknown) => unknown> = {
    snapshot: ({ state }) => state.state(),
    [FAIL]: ({ state }) => state.failNow(),
  };
  for (const [type, schema] of eventsOf(of as StoreSource, events)) {
    if (Object.hasOwn(operations, type)) {
      throw new TypeError(`an event may not have the name of another operation: ${type}`);
    }
    operations[type] = tell<unknown>(schema);
    handlers[type] = ({ state }, payload) => state.receive(type, payload);
  }
  const init = (input: unknown, ctx: unknown): StoreRun =>
    new StoreRun(makeStore(input), ctx as RunContext, { changed, emitted });
  return actor(
    protocol(name, operations as Operations),
    init,
    handlers as unknown as Handlers<Operations, unknown, unknown>,
    rest,
  );
}

interface Context {
  readonly state: StoreRun;
}

interface StoreMaker {
  readonly createStore: (input: unknown) => AnyStore;
}

type StoreSource = AnyStore | StoreMaker | AnyStoreConfig;

/** The store whose transitions an actor applies; stores themselves are never sent anything. */
function makerOf(of: StoreSource): (input: unknown) => AnyStore {
  if ("createStore" in of) return (input) => of.createStore(input);
  const store = "getInitialSnapshot" in of ? of : createStore(of);
  return () => store;
}

/** The event types of a store, with their schemas. */
function eventsOf(
  of: StoreSource,
  given: readonly string[] | undefined,
): readonly (readonly [type: string, schema: Schema | undefined])[] {
  if ("createStore" in of) return (given ?? []).map((type) => [type, undefined] as const);
  const store = makerOf(of)(undefined);
  const schemas = (store.schemas?.events ?? {}) as Readonly<Record<string, Schema>>;
  return [...new Set([...Object.keys(store.trigger), ...(given ?? [])])].map((type) => [
    type,
    Object.hasOwn(schemas, type) ? ofPayload(schemas[type]) : undefined,
  ]);
}

/** An event without fields is told without a payload; its schema expects an object. */
function ofPayload(schema: Schema | undefined): Schema | undefined {
  if (schema === undefined) return undefined;
  const { validate, ...standard } = schema["~standard"];
  return { "~standard": { ...standard, validate: (value) => validate(value ?? {}) } };
}
