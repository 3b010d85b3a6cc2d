/**
 * An answer that comes after its handler has returned.
 *
 * A handler of an ask that returns a `DeferredReply` keeps the ask open and gives its turn up, so that
 * the actor can handle the very messages that the answer depends on. Erlang's `{noreply, State}` and
 * `gen_server:reply/2`.
 *
 * Owns: the answer until somebody waits for it, and which asks of an actor are open in this way. The
 * ask keeps its deadline and its cancellation, which are `pending-reply.ts`.
 *
 * Y1: it settles once; settling it again changes nothing.
 * Y2: those still open when the actor stops or restarts are rejected, outcome unknown.
 */
import { TroupeError } from "./troupe-error.ts";

/** Whoever waits for the answer of an ask; the kernel's side. */
export interface ReplyWaiter {
  /** Nobody waits any more. */
  readonly settled: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

/** The answer of an ask, to be given later. Return it from the handler, and keep it. */
export class DeferredReply<R> {
  // Without a use of R, replies of different types would be assignable to each other.
  declare protected readonly reply: R;
  #waiter: ReplyWaiter | undefined;
  #answer: Answer | undefined;

  /** Whether the asker still waits; before the handler has returned, whether it was answered yet. */
  get isAwaited(): boolean {
    return this.#answer === undefined && this.#waiter?.settled !== true;
  }

  /** Answers. */
  resolve(value: R): void {
    this.#settle({ ok: true, value });
  }

  /** Fails the ask: a `TroupeError` crosses the wire with its code, any other as `actor.failed`. */
  reject(error: unknown): void {
    this.#settle({ ok: false, error });
  }

  /**
   * For the kernel: names who waits, once the handler has returned.
   *
   * @internal
   */
  attach(waiter: ReplyWaiter): void {
    this.#waiter = waiter;
    if (this.#answer !== undefined) deliver(waiter, this.#answer);
  }

  #settle(answer: Answer): void {
    if (this.#answer !== undefined) return;
    this.#answer = answer;
    if (this.#waiter !== undefined) deliver(this.#waiter, answer);
  }
}

/** A reply that settles as `answer` does; the handler that returns it gives its turn up meanwhile. */
export function replyLater<R>(answer: Promise<R>): DeferredReply<R> {
  const deferred = new DeferredReply<R>();
  answer.then(
    (value) => deferred.resolve(value),
    (error: unknown) => deferred.reject(error),
  );
  return deferred;
}

function deliver(waiter: ReplyWaiter, answer: Answer): void {
  if (waiter.settled) return;
  if (answer.ok) waiter.resolve(answer.value);
  else waiter.reject(answer.error);
}

/** The deferred replies of one actor's present generation; made at its first. */
export class DeferredReplies {
  readonly #open = new Set<ReplyWaiter>();

  /** How many wait. */
  get size(): number {
    return this.#open.size;
  }

  /** Keeps `waiter` open until `deferred` settles, which `answer` passes on to it. */
  add(
    deferred: DeferredReply<unknown>,
    waiter: ReplyWaiter,
    answer: Pick<ReplyWaiter, "resolve" | "reject">,
  ): void {
    const open = this.#open;
    if (!waiter.settled) open.add(waiter);
    deferred.attach({
      get settled() {
        return waiter.settled;
      },
      resolve: (value) => {
        open.delete(waiter);
        answer.resolve(value);
      },
      reject: (error) => {
        open.delete(waiter);
        answer.reject(error);
      },
    });
  }

  /** Forgets a waiter that gave up; `false` when it was not open. */
  delete(waiter: ReplyWaiter): boolean {
    return this.#open.delete(waiter);
  }

  /** The generation ends (Y2). */
  rejectAll(why: string): void {
    for (const waiter of this.#open) {
      waiter.reject(new TroupeError("actor.stopped", why, { outcome: "unknown" }));
    }
    this.#open.clear();
  }
}
