/**
 * The consumer's end of a stream.
 *
 * Owns: the chunks that came and were not taken, the credit given, the deadline. Its neighbour
 * `stream-producer.ts` owns the producing end; between nodes `remote-calls.ts` and
 * `incoming-calls.ts` carry both ways.
 *
 * I1: at most as many chunks as its credit, {@link CREDIT} by default, are on their way or waiting here.
 * I2: chunks are taken in sequence; a gap breaks the stream with `stream.aborted`.
 * I3: what came before the end is taken before the end is seen, also when the stream broke.
 * I4: leaving early, aborting, the deadline and the end of the consuming generation all cancel the
 *     producer, once.
 */
import type { ReplyStream, StreamOptions } from "../actor-ref.ts";
import type { Result } from "../result.ts";
import { TroupeError } from "../troupe-error.ts";
import { addAbortListener, removeAbortListener } from "./abort-listeners.ts";
import { cancelled, streamAborted, timedOut } from "./ask-error.ts";
import type { Context } from "./context.ts";
import { Deferred } from "./deferred.ts";
import type { Callee, ChunkSink, Message, Upstream } from "./message.ts";
import type { PendingReplies } from "./pending-reply.ts";
import { RingBuffer } from "./ring-buffer.ts";
import type { Span } from "./span.ts";
import type { Timed } from "./timer-wheel.ts";

/** How many chunks a producer may be ahead of a consumer that does not say. */
const CREDIT = 32;
const MOST_CREDIT = 65_536;

type Step = IteratorResult<unknown, undefined>;

/** A stream as its consumer holds it. */
export class IncomingStream
  implements ReplyStream<unknown, unknown>, ChunkSink, Timed, AsyncIterator<unknown, undefined>
{
  dueMs = 0;
  before: Timed | undefined = undefined;
  after: Timed | undefined = undefined;
  settled: boolean = false;
  readonly cause: Message | undefined;
  span: Span | undefined = undefined;
  readonly #replies: PendingReplies;
  readonly #type: string;
  #callee: Callee;
  /** The actor that opened it; absent when a program outside any actor did. */
  readonly #consumer: Context | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #credit: number;
  /** As its iterator hands them out. */
  readonly #chunks: RingBuffer<Step> = new RingBuffer();
  readonly #waiting: Deferred<Step>[] = [];
  readonly #result: Deferred<unknown> = new Deferred<unknown>().optional();
  #upstream: Upstream | undefined;
  #received = 0;
  #taken = 0;
  #granted: number;
  /** Its consumer called it off: for whoever iterates it has ended. */
  #hasLeft: boolean = false;
  /** How it ended on the producing side; seen once all chunks are taken. */
  #outcome: Result<unknown, unknown> | undefined;

  constructor(
    replies: PendingReplies,
    type: string,
    callee: Callee,
    consumer: Context | undefined,
    options: StreamOptions | undefined,
  ) {
    const credit = options?.credit ?? CREDIT;
    if (!Number.isInteger(credit) || credit < 1 || credit > MOST_CREDIT) {
      throw new RangeError(`credit must be a whole number from 1 to ${MOST_CREDIT}: ${credit}`);
    }
    this.#credit = credit;
    this.#granted = credit;
    this.#replies = replies;
    this.#type = type;
    this.#callee = callee;
    this.cause = consumer?.message;
    this.#consumer = consumer;
    this.#signal = options?.signal;
  }

  get kind(): "stream" {
    return "stream";
  }

  get chain(): undefined {
    return undefined;
  }

  get deadlineMs(): number {
    return this.dueMs;
  }

  isPast(nowMs: number): boolean {
    return nowMs > this.dueMs;
  }

  /** The sequence of the last chunk that came. */
  get lastSequence(): number {
    return this.#received;
  }

  /** Starts the wait for its end. */
  open(nowMs: number, timeoutMs: number): void {
    this.#replies.opened();
    this.#replies.wheel.add(this, nowMs, timeoutMs);
    if (this.#signal !== undefined) addAbortListener(this.#signal, this);
    if (this.#consumer === undefined) return;
    const { holdings } = this.#consumer.cell;
    holdings.streams ??= new Set();
    holdings.streams.add(this);
  }

  get result(): Promise<unknown> {
    return this.#result.promise;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    if (this.#hasLeft) return Promise.resolve({ done: true, value: undefined });
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#take();
      // Whoever stops at the last chunk still wants the result.
      if (this.#outcome !== undefined && this.#chunks.length === 0) this.#finish(this.#outcome);
      return Promise.resolve(chunk);
    }
    const waiting = new Deferred<Step>();
    this.#waiting.push(waiting);
    if (this.#outcome !== undefined) this.#finish(this.#outcome);
    return waiting.promise;
  }

  return(): Promise<Step> {
    this.cancel();
    return Promise.resolve({ done: true, value: undefined });
  }

  cancel(reason = "its consumer left"): void {
    if (this.settled && this.#chunks.length === 0) return;
    this.#hasLeft = true;
    this.#chunks.clear();
    if (!this.settled) {
      this.#close();
      this.#cancelProducer();
    }
    const error = new TroupeError("ask.cancelled", `${this.#type} was cancelled: ${reason}`, {
      outcome: "unknown",
    });
    this.#outcome = { ok: false, error };
    this.#result.reject(error);
    for (const waiting of this.#waiting.splice(0))
      waiting.resolve({ done: true, value: undefined });
  }

  // The producing side.

  attach(producer: Upstream): void {
    this.#upstream = producer;
    if (this.settled) producer.cancel();
    else producer.credit(this.#granted);
  }

  chunk(sequence: number, value: unknown): void {
    if (this.settled) return;
    if (sequence !== this.#received + 1 || sequence > this.#granted) {
      this.#cancelProducer();
      const missing = this.#received + 1;
      const why =
        sequence > missing
          ? `chunk ${missing} could not be carried; is it too large, or no plain data?`
          : `chunk ${sequence} came out of turn`;
      this.#end({ ok: false, error: this.#aborted(why) });
      return;
    }
    this.#received = sequence;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      this.#chunks.push({ done: false, value });
      return;
    }
    this.#take();
    waiting.resolve({ done: false, value });
  }

  redirect(callee: Callee): void {
    this.#callee = callee;
  }

  resolve(value: unknown): void {
    if (!this.settled) this.#end({ ok: true, value });
  }

  /** The producer broke off; a `stream.aborted` is completed with the last sequence. */
  reject(error: unknown): void {
    if (this.settled) return;
    // One that was given up by its actor may wait for credit that will never come.
    this.#upstream?.cancel();
    const isAbort =
      error instanceof TroupeError &&
      (error.code === "stream.aborted" || (error.code === "actor.stopped" && this.#received > 0));
    this.#end({ ok: false, error: isAbort ? this.#aborted(error.message) : error });
  }

  expire(): void {
    this.#giveUp(timedOut);
  }

  /** The consumer's signal aborted. */
  handleEvent(): void {
    this.abandon();
  }

  /** Nobody takes its chunks any more. */
  abandon(): void {
    this.#giveUp(cancelled);
  }

  #giveUp(errorOf: typeof timedOut): void {
    if (this.settled) return;
    this.#close();
    const neverRan = this.#cancelProducer();
    const error = errorOf(this.#type, this.#callee.address, neverRan && this.#received === 0);
    this.#ended({ ok: false, error });
  }

  #cancelProducer(): boolean {
    this.#upstream?.cancel();
    return this.#callee.cancel(this);
  }

  #take(): void {
    this.#taken++;
    const credit = this.#credit;
    if (this.settled || this.#taken + credit - this.#granted < credit / 2) return;
    this.#granted = this.#taken + credit;
    this.#upstream?.credit(this.#granted);
  }

  #end(outcome: Result<unknown, unknown>): void {
    this.#close();
    this.#ended(outcome);
  }

  /** The result of a stream that broke is known at once; the iteration learns of it after its chunks. */
  #ended(outcome: Result<unknown, unknown>): void {
    this.#outcome = outcome;
    if (!outcome.ok) this.#result.reject(outcome.error);
    if (this.#chunks.length === 0) this.#finish(outcome);
  }

  #finish(outcome: Result<unknown, unknown>): void {
    if (outcome.ok) this.#result.resolve(outcome.value);
    else this.#result.reject(outcome.error);
    for (const waiting of this.#waiting.splice(0)) {
      if (outcome.ok) waiting.resolve({ done: true, value: undefined });
      else waiting.reject(outcome.error);
    }
  }

  #close(): void {
    this.settled = true;
    this.#replies.wheel.remove(this);
    this.#replies.closed();
    if (this.#signal !== undefined) removeAbortListener(this.#signal, this);
    this.#consumer?.cell.holdings.streams?.delete(this);
  }

  #aborted(why: string): TroupeError {
    return streamAborted(this.#type, why, this.#received);
  }
}
