/**
 * Actors whose state is what their events come to: a log, and a snapshot now and then.
 *
 * Owns: the definition, and the events of the message in hand. Its neighbour `journal.ts` reads, claims
 * and appends, `kept-handlers.ts` puts it around the handlers.
 *
 * E1: the state is the fold of the stored events; a start reads the last snapshot and the events since.
 * E2: the events of a message are appended together before its answer leaves: an answer that was seen is
 *     durable, and half a message's events never are.
 * E3: of two activations the later one appends; the other's next append is refused, its message fails
 *     with `state.stale`, nothing of it is stored, and it ends. The log is the fence.
 * E4: after an append of unknown outcome the message fails with outcome `unknown`, and the actor restarts
 *     with what is stored.
 * E5: a handler that throws has persisted nothing; one that refuses (`ctx.fail`) has.
 *
 * Cost: a message without events costs nothing; one with events an append.
 */
import {
  type ActorContext,
  type ActorDefinition,
  type ActorOptions,
  type AskAnswer,
  actor,
  type Handlers,
  type Hooks,
  type StreamResult,
} from "../actor.ts";
import type { Terminated } from "../exit-reason.ts";
import type { AnyContext } from "../kernel/behavior.ts";
import type { Chunk, Operations, Protocol, Reply, Request } from "../protocol.ts";
import { type EventSourcedContext, withPersist } from "./event-sourced-context.ts";
import { Journal } from "./journal.ts";
import { Keepers } from "./keepers.ts";
import { type Keeper, keptDefinition } from "./kept-handlers.ts";
import { checkedVersion, type Migrations, migrated } from "./migration.ts";
import { type GivenId, persistenceIdOf } from "./persistence-id.ts";
import { stateCopy } from "./state-copy.ts";

/** What is kept of an actor, and how. */
export interface EventSourcedOptions<S, E, I> {
  /** The version of the events' and the state's shape: a whole number from 1, raised when one changes. */
  readonly version: number;
  /** The state before the first event. */
  readonly initial: (input: I) => S;
  /**
   * The state after an event. Pure, and the same for ever: it is run again at every start. It must not
   * change the state that it is given.
   */
  readonly apply: (state: NoInfer<S>, event: E) => NoInfer<S>;
  /** Events of each older version as the next one has them. */
  readonly upcast?: Migrations;
  /** Snapshots of each older version as the next one has them; without it the events are read anew. */
  readonly migrate?: Migrations;
  /** After how many entries a snapshot is taken; default 100. */
  readonly snapshotEvery?: number;
  /** Whether events that a snapshot tells of stay in the log; default `everything`. */
  readonly keep?: "everything" | "since-snapshot";
  /** Of an actor that is neither virtual nor a singleton: under which name its events are kept. */
  readonly id?: GivenId<I>;
}

/** A handler for each operation of a protocol, which persists events. */
export type EventSourcedHandlers<O extends Operations, S, I, E> = {
  readonly [N in keyof O]: O[N] extends { readonly kind: "stream" }
    ? (
        ctx: EventSourcedContext<O, S, I, E>,
        payload: Request<O[N]>,
      ) => AsyncGenerator<Chunk<O[N]>, StreamResult<Reply<O[N]>>>
    : O[N] extends { readonly kind: "ask" }
      ? (ctx: EventSourcedContext<O, S, I, E>, payload: Request<O[N]>) => AskAnswer<Reply<O[N]>>
      : (ctx: EventSourcedContext<O, S, I, E>, payload: Request<O[N]>) => void | Promise<void>;
};

/** What an event-sourced actor does beside its operations. */
export interface EventSourcedHooks<O extends Operations, S, I, E> {
  /** A watched actor ended. Runs serially like a handler, and may persist. */
  readonly terminated?: (
    ctx: EventSourcedContext<O, S, I, E>,
    ended: Terminated,
  ) => void | Promise<void>;
  /** The actor is about to stop or restart, and may persist. Errors are logged. */
  readonly stopping?: (ctx: EventSourcedContext<O, S, I, E>) => void | Promise<void>;
}

const SNAPSHOT_EVERY = 100;

/**
 * Defines an actor whose state is what its events come to. It is serial: `concurrency` and `interleave`
 * are refused.
 *
 * @param of - the protocol it speaks
 * @param kept - the version, the state's beginning, what events do to it, and the older versions
 * @param handlers - as of any actor; they read `ctx.state` and call `ctx.persist`
 * @throws {TypeError | RangeError} naming the option that is wrong
 *
 * @example
 * const account = eventSourced(
 *   Account,
 *   {
 *     version: 1,
 *     initial: () => ({ balance: 0 }),
 *     apply: (state, event: { deposited: number }) => ({ balance: state.balance + event.deposited }),
 *   },
 *   {
 *     deposit: (ctx, amount) => {
 *       ctx.persist({ deposited: amount });
 *       return ctx.state.balance;
 *     },
 *   },
 * );
 */
export function eventSourced<O extends Operations, S, E, I = undefined>(
  of: Protocol<O>,
  kept: EventSourcedOptions<S, E, I>,
  handlers: EventSourcedHandlers<O, NoInfer<S>, NoInfer<I>, NoInfer<E>>,
  options: ActorOptions & EventSourcedHooks<O, NoInfer<S>, NoInfer<I>, NoInfer<E>> = {},
): ActorDefinition<O, I> {
  const { version, upcast, migrate, snapshotEvery = SNAPSHOT_EVERY, keep = "everything" } = kept;
  checkedVersion(version, upcast);
  if (migrate !== undefined) checkedVersion(version, migrate);
  if (!Number.isInteger(snapshotEvery) || snapshotEvery < 1)
    throw new RangeError(`snapshotEvery must be a whole number from 1: ${snapshotEvery}`);
  const apply = kept.apply as (state: unknown, event: unknown) => unknown;
  const keepers = new Keepers<EventKeeper>(of.name, options);
  const init = async (input: I, ctx: ActorContext<O, never, I>): Promise<unknown> => {
    const { activation, log, ports } = ctx;
    const id = persistenceIdOf(of.name, activation, kept.id, input);
    let state: unknown;
    const journal = await Journal.claim({
      id,
      activation,
      ports,
      log,
      schema: version,
      snapshotEvery,
      keep,
      begin: (snapshot) => {
        if (snapshot === undefined) {
          state = kept.initial(input);
          return true;
        }
        if (snapshot.schema < version && migrate === undefined) return false;
        const what = `the snapshot of ${id.name}`;
        const copy = stateCopy(what, snapshot.state.value);
        state = migrated(what, copy, snapshot.schema, version, migrate);
        return true;
      },
      replay: ({ schema, value }) => {
        const event = migrated(`an event of ${id.name}`, value, schema, version, upcast);
        state = apply(state, event);
      },
    });
    const what = `the snapshot of ${id.name}`;
    const keeper = new EventKeeper(ctx as unknown as AnyContext, { what, journal, apply, state });
    keepers.add(ctx, keeper);
    return state;
  };
  const definition = actor<O, unknown, I>(
    of,
    init,
    handlers as unknown as Handlers<O, unknown, I>,
    options as ActorOptions & Hooks<O, unknown, I>,
  );
  return keptDefinition(definition, keepers);
}

/** Knows the events that the message in hand has persisted, and the state before them. */
class EventKeeper implements Keeper {
  readonly ctx: AnyContext;
  readonly #own: AnyContext;
  readonly #what: string;
  readonly #journal: Journal;
  readonly #apply: (state: unknown, event: unknown) => unknown;
  #stored: unknown;
  #pending: unknown[] = [];

  constructor(
    ctx: AnyContext,
    setting: {
      readonly what: string;
      readonly journal: Journal;
      readonly apply: (state: unknown, event: unknown) => unknown;
      readonly state: unknown;
    },
  ) {
    this.#own = ctx;
    this.#what = setting.what;
    this.#journal = setting.journal;
    this.#apply = setting.apply;
    this.#stored = setting.state;
    this.ctx = withPersist(ctx, (...events) => this.#persist(events));
  }

  keep(): Promise<void> | undefined {
    return this.#pending.length === 0 ? undefined : this.#append(this.#pending.splice(0));
  }

  undo(): void {
    this.#pending = [];
    this.#own.state = this.#stored;
  }

  #persist(events: readonly unknown[]): void {
    for (const event of events) {
      this.#own.state = this.#apply(this.#own.state, event);
      this.#pending.push(event);
    }
  }

  async #append(events: readonly unknown[]): Promise<void> {
    await this.#journal.append(events);
    this.#stored = this.#own.state;
    await this.#journal.snapshotIfDue(() => stateCopy(this.#what, this.#stored));
  }
}
