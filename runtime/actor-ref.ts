/**
 * The calling side of an actor: the same interface wherever the actor lives.
 *
 * R1: `tell` never throws; `false` means that the message was refused on this side.
 * R2: `ask` settles exactly once, at the latest 100 ms after its deadline.
 * R3: leaving a stream early cancels its producer.
 */
import type { Address } from "./address.ts";
import type { Duration } from "./duration.ts";
import type { Args, Chunk, Named, Operations, Protocol, Reply, Request } from "./protocol.ts";

/** Options of an ask or a stream. */
export interface AskOptions {
  /** Until the answer, or for a stream until its end; default 30 s. */
  readonly timeout?: Duration;
  /** Aborting it cancels the ask and tells the callee. */
  readonly signal?: AbortSignal;
}

/** Options of a stream. */
export interface StreamOptions extends AskOptions {
  /** How many chunks the producer may be ahead of whoever iterates; 1 to 65,536, default 32. */
  readonly credit?: number;
}

/** Chunks as they come, and the result after the last. */
export interface ReplyStream<C, R> extends AsyncIterable<C> {
  /** Settles after the last chunk was taken; rejects when the stream breaks. */
  readonly result: Promise<R>;
  /** Stops the producer; the iteration ends. */
  cancel(reason?: string): void;
}

/** A reference to an actor, local or remote. */
export interface ActorRef<O extends Operations = Operations> {
  readonly address: Address;
  readonly protocol: Protocol<O>;
  /** Settles when the actor first runs; rejects when its start failed. A remote ref is ready at once. */
  readonly ready: Promise<void>;
  /** Sends a message without an answer; `false` when it was refused here. Never throws. */
  tell<N extends Named<O, "tell">>(operation: N, ...args: Args<Request<O[N]>, []>): boolean;
  /**
   * Sends a message without an answer, waiting for room where `tell` would be refused: for room in the
   * mailbox, or on the link to another node. Of its options `timeout` says how long, default 30 s, and
   * `signal` gives up.
   *
   * @returns whether it was queued; what was not is a counted dead letter. Never rejects.
   */
  offer<N extends Named<O, "tell">>(
    operation: N,
    ...args: Args<Request<O[N]>, [options?: AskOptions]>
  ): Promise<boolean>;
  /**
   * Sends a message and waits for its answer.
   *
   * @throws {TroupeError} whose `outcome` says whether the handler ran
   */
  ask<N extends Named<O, "ask">>(
    operation: N,
    ...args: Args<Request<O[N]>, [options?: AskOptions]>
  ): Promise<Reply<O[N]>>;
  /** Opens a stream of chunks that ends with a result. */
  stream<N extends Named<O, "stream">>(
    operation: N,
    ...args: Args<Request<O[N]>, [options?: StreamOptions]>
  ): ReplyStream<Chunk<O[N]>, Reply<O[N]>>;
}

/** A reference whose protocol does not matter here. */
export type AnyActorRef = Pick<ActorRef, "address" | "protocol" | "ready">;
