/**
 * Actor definitions: a protocol, an initial state and a handler per operation.
 *
 * Owns: what a definition is and what a handler may do through its context. Its neighbour `cell.ts`
 * owns the running instance.
 *
 * A1: handlers run one at a time per actor, awaits included.
 * A2: a definition is data; the same one may be spawned any number of times.
 */
import type { Activation } from "./activation.ts";
import type { ActorRef, AnyActorRef } from "./actor-ref.ts";
import type { Address } from "./address.ts";
import type { DeferredReply } from "./deferred-reply.ts";
import type { Duration } from "./duration.ts";
import type { Terminated } from "./exit-reason.ts";
import type { MailboxOptions } from "./kernel/mailbox.ts";
import type { Log } from "./log.ts";
import type { Model } from "./model.ts";
import type { Clock } from "./ports/clock.ts";
import type { Ports } from "./ports/ports.ts";
import type { Random } from "./ports/random.ts";
import type { Args, Chunk, Named, Operations, Protocol, Reply, Request } from "./protocol.ts";
import type { ActorReminders } from "./reminder/actor-reminders.ts";
import type { ChildPlacement } from "./spawning/child-placement.ts";
import type {
  AutoShutdown,
  Backoff,
  Decision,
  Intensity,
  RestartType,
  Strategy,
} from "./supervision.ts";

declare const input: unique symbol;

/** Timers of an actor: messages to itself, keyed; gone on restart and stop. */
export interface Timers<O extends Operations> {
  /** Tells `operation` once after `delay`; a timer of the same key is replaced. */
  after<N extends Named<O, "tell">>(
    key: string,
    delay: Duration,
    operation: N,
    ...args: Args<Request<O[N]>, []>
  ): void;
  /** Tells `operation` every `period`, first after one period. */
  every<N extends Named<O, "tell">>(
    key: string,
    period: Duration,
    operation: N,
    ...args: Args<Request<O[N]>, []>
  ): void;
  /** Calls a timer off, also when its message is already queued. */
  cancel(key: string): void;
}

/** What a handler may do. Bound to one generation: after a restart the old one's context is fenced. */
export interface ActorContext<O extends Operations, S, I> {
  readonly self: ActorRef<O>;
  /** Who sent the current message; absent when a program outside any actor did. */
  readonly sender: Address | undefined;
  /** Shared by handlers that run at the same time, see {@link ActorOptions.concurrency}. */
  state: S;
  readonly input: I;
  /** With what right it acts, of a virtual actor or a singleton; absent for any other. */
  readonly activation?: Activation | undefined;
  /** Aborts on restart, stop and kill, and when the asker of the current message gives up. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly ports: Ports;
  readonly timers: Timers<O>;
  /** Of a virtual actor or a singleton: reminders that outlive it and its node. */
  readonly reminders: ActorReminders<O>;
  /**
   * Runs work beside the mailbox, supervised: what it resolves to comes back as a message, told as
   * `operation` in its turn; when it rejects, this actor fails as if a handler had thrown. A restart or a
   * stop aborts `signal` and waits for it as for a handler; a result of a generation that is gone is
   * fenced.
   *
   * @throws {TroupeError} `mailbox.full` when as many tasks run as the mailbox has room
   */
  task<N extends Named<O, "tell">>(
    run: (signal: AbortSignal) => Request<O[N]> | PromiseLike<Request<O[N]>>,
    operation: N,
  ): void;
  /**
   * Hands the ask in hand on to `ref`, which answers in this actor's place: the asker's deadline holds for
   * it, and giving up reaches it. What an error says of the outcome, it says of the last in line. Return
   * what this returns.
   *
   * @throws {TypeError} when the message in hand is no ask
   */
  forward<P extends Operations, N extends Named<P, "ask">>(
    ref: ActorRef<P>,
    operation: N,
    ...args: Args<Request<P[N]>, []>
  ): DeferredReply<Reply<P[N]>>;
  /**
   * Puts the message in hand aside: it is neither answered nor lost when the handler returns, and comes
   * back with {@link unstash}, with a restart, or, on a stop, as a leftover. A handler that throws
   * after it takes its message with it.
   *
   * @returns `false` when as many messages are stashed as the mailbox has room; the message is then
   *   refused as by a full mailbox
   */
  stash(): boolean;
  /** Puts all stashed messages back, before those that wait, in the order of their stashing. */
  unstash(): void;
  /**
   * Tells this actor `operation` when it handled nothing for that long, and again after each such span.
   * A later call replaces it; `undefined` calls it off.
   */
  receiveTimeout<N extends Named<O, "tell">>(
    after: Duration | undefined,
    operation: N,
    ...args: Args<Request<O[N]>, []>
  ): void;
  /** Calls the receive time-out off. */
  receiveTimeout(after: undefined): void;
  /** Starts a child, supervised by this actor. */
  spawn<P extends Operations, J>(
    definition: ActorDefinition<P, J>,
    ...options: SpawnArgs<J>
  ): ActorRef<P>;
  /** A reference to whoever lives at `address`, here or elsewhere. */
  refOf<P extends Operations>(protocol: Protocol<P>, address: Address): ActorRef<P>;
  /**
   * A reference to the virtual actor of that key, wherever it is active or not yet.
   *
   * @param type - what it is registered as; default the protocol's name without its version
   * @throws {TypeError | RangeError} when the key is no text of 1 to 256 bytes
   */
  actorOf<P extends Operations>(protocol: Protocol<P>, key: string, type?: string): ActorRef<P>;
  /** A reference to the cluster's one; `name` is what it is registered as, default as for `actorOf`. */
  singletonOf<P extends Operations>(protocol: Protocol<P>, name?: string): ActorRef<P>;
  /**
   * Asks to be told once when that actor ends; see {@link Hooks.terminated}. A virtual actor has no end:
   * watching one is a `TypeError`.
   */
  watch(target: AnyActorRef | Address): void;
  /** Ends a watch; not even news already queued is handed over. */
  unwatch(target: AnyActorRef | Address): void;
  /** Stops a child, or this actor itself when none is named, after the current message. */
  stop(child?: AnyActorRef): void;
  /** Receives what is published on `topic`, on any node, as `operation`. */
  subscribe<N extends Named<O, "tell">>(topic: string, operation: N): void;
  /** Ends this actor's subscription to the topic. */
  unsubscribe(topic: string): void;
  /** Tells every subscriber of `topic` on every node; at most once each. */
  publish(topic: string, payload: unknown): boolean;
  /** A model by name; `auto` is the node's default. */
  model(name: string): Model;
  /** Refuses the current ask with a code and data of the actor's own; supervision is not involved. */
  fail(code: string, data?: unknown): never;
  /** Ends the actor for good, whatever its restart type. */
  fatal(reason: string): never;
}

/** What a handler of an ask may return: the answer, a promise of it, or {@link DeferredReply}. */
export type AskAnswer<R> = R | DeferredReply<R> | Promise<R | DeferredReply<R>>;

/** A stream without a result may end without a `return`. */
// biome-ignore lint/suspicious/noConfusingVoidType: the return type of a generator without a return
export type StreamResult<R> = [undefined] extends [R] ? R | void : R;

/** A handler for each operation of a protocol. */
export type Handlers<O extends Operations, S, I> = {
  readonly [N in keyof O]: O[N] extends { readonly kind: "stream" }
    ? (
        ctx: ActorContext<O, S, I>,
        payload: Request<O[N]>,
      ) => AsyncGenerator<Chunk<O[N]>, StreamResult<Reply<O[N]>>>
    : O[N] extends { readonly kind: "ask" }
      ? (ctx: ActorContext<O, S, I>, payload: Request<O[N]>) => AskAnswer<Reply<O[N]>>
      : (ctx: ActorContext<O, S, I>, payload: Request<O[N]>) => void | Promise<void>;
};

/** What an actor does beside its operations. */
export interface Hooks<O extends Operations, S, I> {
  /** A watched actor ended. Runs serially like a handler. */
  readonly terminated?: (ctx: ActorContext<O, S, I>, ended: Terminated) => void | Promise<void>;
  /** The actor is about to stop or restart; its state is still there. Errors are logged. */
  readonly stopping?: (ctx: ActorContext<O, S, I>) => void | Promise<void>;
}

/** How an actor is started; each can be overridden at `spawn`. */
export interface ActorOptions {
  /** `permanent`, `transient` (default) or `temporary`. */
  readonly restart?: RestartType;
  readonly mailbox?: MailboxOptions;
  /**
   * How many handlers may run at the same time; default 1, which is what makes an actor serial. For
   * stateless workers: handlers of one actor then see each other's changes of its state.
   */
  readonly concurrency?: number;
  /**
   * Operations that may run while another handler awaits, for answers that only read. They overtake
   * messages that wait, and may be part of an ask cycle.
   */
  readonly interleave?: readonly string[];
  /**
   * How long an asynchronous handler, or the work of a stream, may take; past it the actor fails. No
   * limit by default. A synchronous handler cannot be interrupted; it is logged past 50 ms.
   */
  readonly timeLimit?: Duration;
  /** Whom the failure of one of its children touches; default `one-for-one`. */
  readonly strategy?: Strategy;
  /**
   * Whether the end of a significant child ends this actor: when one of them ends by itself, or when
   * the last one does; default `never`. It then ends as by its own wish, its other children first.
   */
  readonly autoShutdown?: AutoShutdown;
  /**
   * How many restarts its children may need before it gives up itself; default 5 in 30 s for one
   * child and 20 in 60 s for all.
   */
  readonly intensity?: Intensity;
  /** Decides about a child's failure before the table of exits does. */
  readonly decide?: (error: unknown, child: Address) => Decision;
  readonly backoff?: Backoff;
  /**
   * The capability that it serves, like `summarise@1`, for those who start only what serves some:
   * `troupe node --pool`. Workers and bidders have theirs by themselves.
   */
  readonly capability?: string;
  /** How long a handler may run after its signal aborted before it is abandoned; default 5 s. */
  readonly shutdown?: Duration;
}

/** An actor's implementation; `spawn` starts instances of it. */
export interface ActorDefinition<O extends Operations, I> {
  readonly protocol: Protocol<O>;
  /** Makes the first state, and a fresh one after each restart. */
  readonly init: (input: I, ctx: ActorContext<O, never, I>) => unknown;
  readonly handlers: Handlers<O, never, I>;
  readonly hooks: Hooks<O, never, I>;
  readonly options: ActorOptions;
  /** It hands its messages to workers, see {@link pool}. */
  readonly isPool?: true;
  readonly [input]?: I;
}

/** Options of `spawn`. */
export interface SpawnOptions extends ActorOptions {
  /** Unique among its siblings; a generated one otherwise. */
  readonly name?: string;
  /**
   * On which node it lives; default `local`, with its parent. Elsewhere, the definition must be registered
   * with `spawnable(…)` here and there; the reference stays the same when it is restarted on another node.
   */
  readonly placement?: ChildPlacement;
  /** Its end by itself counts for its parent's `autoShutdown`; not for a permanent actor. */
  readonly significant?: boolean;
}

/** `spawn`'s second argument: it must carry `input` unless the actor takes none. */
export type SpawnArgs<I> = [undefined] extends [I]
  ? [options?: SpawnOptions & { readonly input?: I }]
  : [options: SpawnOptions & { readonly input: I }];

/**
 * Defines an actor. The initial state comes before the handlers because TypeScript then infers both.
 *
 * @param of - the protocol it speaks
 * @param init - makes the state, at first start and again at every restart; may be async
 * @param handlers - one per operation
 *
 * @example
 * const Counter = protocol("counter@1", { add: tell<number>(), total: ask<undefined, number>() });
 * const counter = actor(Counter, () => ({ total: 0 }), {
 *   add: (ctx, n) => { ctx.state.total += n; },
 *   total: (ctx) => ctx.state.total,
 * });
 */
export function actor<O extends Operations, S, I = undefined>(
  of: Protocol<O>,
  init: (input: I, ctx: ActorContext<O, never, I>) => S | Promise<S>,
  handlers: Handlers<O, NoInfer<S>, NoInfer<I>>,
  options: ActorOptions & Hooks<O, NoInfer<S>, NoInfer<I>> = {},
): ActorDefinition<O, I> {
  const { terminated, stopping, ...rest } = options;
  return {
    protocol: of,
    init,
    handlers: handlers as unknown as Handlers<O, never, I>,
    hooks: {
      ...(terminated === undefined ? {} : { terminated }),
      ...(stopping === undefined ? {} : { stopping }),
    } as Hooks<O, never, I>,
    options: rest,
  };
}
