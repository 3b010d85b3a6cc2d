/**
 * An answer that comes after its handler has returned.
 *
 * A handler of an ask that returns a `DeferredReply` keeps the ask open and gives its turn up, so that
 * the actor can handle the very messages that the answer depends on. Erlang's `{noreply, State}` and
 * `gen_server:reply/2`.
 *
 * Owns: the answer until somebody waits for it, and nothing else: the ask keeps its deadline and its
 * cancellation.
 *
 * Y1: it settles once; settling it again changes nothing.
 * Y2: an actor that stops rejects its open ones in `stopping`; what it forgets, the deadline rejects.
 */

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

  /** For the kernel: names who waits, once the handler has returned. */
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

function deliver(waiter: ReplyWaiter, answer: Answer): void {
  if (waiter.settled) return;
  if (answer.ok) waiter.resolve(answer.value);
  else waiter.reject(answer.error);
}
