/**
 * Actors whose state survives them: kept in a bucket, by compare-and-set.
 *
 * Owns: the definition, and when the state counts as changed. Its neighbour `state-store.ts` claims and
 * writes, `kept-handlers.ts` puts both around the handlers.
 *
 * D1: the state is loaded before the first message, and written after a handler that changed it, before
 *     its answer leaves: an answer that was seen is durable.
 * D2: of two activations the later one writes; the other's next write is refused, its message fails with
 *     `state.stale`, nothing of it is stored, and it ends.
 * D3: after a write of unknown outcome the message fails with outcome `unknown`, and the actor restarts
 *     with what is stored.
 * D4: a handler that throws changes nothing; one that refuses (`ctx.fail`) keeps what it changed.
 *
 * Cost: a claim per start; a copy and a comparison of the state per message; a write per change.
 */
import { isDeepStrictEqual } from "node:util";
import type { Handlers, Hooks } from "../actor.ts";
import { type ActorContext, type ActorDefinition, type ActorOptions, actor } from "../actor.ts";
import type { AnyContext } from "../kernel/behavior.ts";
import type { Operations, Protocol } from "../protocol.ts";
import { Keepers } from "./keepers.ts";
import { type Keeper, keptDefinition } from "./kept-handlers.ts";
import { checkedVersion, type Migrations, migrated } from "./migration.ts";
import { type GivenId, type PersistenceId, persistenceIdOf } from "./persistence-id.ts";
import { stateCopy } from "./state-copy.ts";
import { StateStore } from "./state-store.ts";

/** What is kept of an actor, and how. */
export interface DurableStateOptions<S, I> {
  /** The version of the state's shape: a whole number from 1, raised when it changes. */
  readonly version: number;
  /** The state of an actor of which none is stored. Plain data, up to 256 KB. */
  readonly initial: (input: I) => S | Promise<S>;
  /** From each older version to the next. */
  readonly migrate?: Migrations;
  /** Of an actor that is neither virtual nor a singleton: under which name its state is kept. */
  readonly id?: GivenId<I>;
}

/**
 * Defines an actor whose state survives it. It is serial: `concurrency` and `interleave` are refused.
 *
 * A virtual actor's state is kept under its type and key, another actor's under `kept.id`. An answer
 * leaves once the state that it tells of is stored. What a handler sends to others is not held back.
 *
 * @param of - the protocol it speaks
 * @param kept - the state's version, its beginning and its migrations
 * @param handlers - as of any actor; they change `ctx.state`, or set it
 * @throws {TypeError | RangeError} naming the option that is wrong
 *
 * @example
 * const counter = durableState(
 *   Counter,
 *   { version: 2, initial: () => ({ total: 0 }), migrate: { 1: (old: number) => ({ total: old }) } },
 *   {
 *     add: (ctx, n) => { ctx.state.total += n; },
 *     total: (ctx) => ctx.state.total,
 *   },
 * );
 */
export function durableState<O extends Operations, S, I = undefined>(
  of: Protocol<O>,
  kept: DurableStateOptions<S, I>,
  handlers: Handlers<O, NoInfer<S>, NoInfer<I>>,
  options: ActorOptions & Hooks<O, NoInfer<S>, NoInfer<I>> = {},
): ActorDefinition<O, I> {
  const { version, migrate } = kept;
  checkedVersion(version, migrate);
  const keepers = new Keepers<StateKeeper>(of.name, options);
  const init = async (input: I, ctx: ActorContext<O, never, I>): Promise<S> => {
    const { activation, ports } = ctx;
    const id = persistenceIdOf(of.name, activation, kept.id, input);
    const what = `the state of ${id.name}`;
    const { store, record } = await StateStore.claim(ports.keyValues, id, activation, version);
    const state =
      record.state === undefined
        ? await kept.initial(input)
        : migrated(what, stateCopy(what, record.state.value), record.schema, version, migrate);
    const keeper = new StateKeeper(ctx as unknown as AnyContext, id, store, stateCopy(what, state));
    keepers.add(ctx, keeper);
    return state as S;
  };
  const definition = actor<O, S, I>(of, init, handlers, options);
  return keptDefinition(definition, keepers);
}

/** Knows the state that is stored, and the one that the handlers see. */
class StateKeeper implements Keeper {
  readonly ctx: AnyContext;
  readonly #what: string;
  readonly #store: StateStore;
  /** As it is stored, or would be: never handed out. */
  #stored: unknown;

  constructor(ctx: AnyContext, { name }: PersistenceId, store: StateStore, stored: unknown) {
    this.ctx = ctx;
    this.#what = `the state of ${name}`;
    this.#store = store;
    this.#stored = stored;
  }

  keep(): Promise<void> | undefined {
    const state = stateCopy(this.#what, this.ctx.state);
    return isDeepStrictEqual(state, this.#stored) ? undefined : this.#write(state);
  }

  undo(): void {
    this.ctx.state = stateCopy(this.#what, this.#stored);
  }

  async #write(state: unknown): Promise<void> {
    await this.#store.write(state);
    this.#stored = state;
  }
}
