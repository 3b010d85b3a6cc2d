/**
 * The timers of one generation of an actor: messages to itself, keyed.
 *
 * T1: one timer per key; setting it again replaces it.
 * T2: a cancelled timer's message is not handled, also when it is already queued.
 * T3: of a periodic timer at most one message is queued; periods keep to their first instant.
 * T4: timers are not subject to the mailbox's bound: there is at most one message per key.
 * T5: S8: they are over with their generation: whoever still holds them sets and cancels nothing.
 */

import type { Timers } from "../actor.ts";
import { type Duration, durationMs } from "../duration.ts";
import type { Operations } from "../protocol.ts";
import { generationEnded } from "./ask-error.ts";
import type { OperationHandler } from "./behavior.ts";
import type { Cell } from "./cell.ts";
import { Message, type ReplyTo } from "./message.ts";
import { acceptOwn } from "./queue.ts";
import type { Span } from "./span.ts";
import type { Timed } from "./timer-wheel.ts";

/** A timer; also the queued message's reply, through which it is called off. */
class KeyedTimer implements Timed, ReplyTo {
  dueMs = 0;
  before: Timed | undefined = undefined;
  after: Timed | undefined = undefined;
  settled: boolean = false;
  readonly deadlineMs = 0;
  readonly cause = undefined;
  readonly chain = undefined;
  readonly #timers: ActorTimers;
  readonly key: string;
  readonly handler: OperationHandler;
  readonly payload: unknown;
  /** 0 when it fires once. */
  readonly periodMs: number;
  queued: boolean = false;
  span: Span | undefined = undefined;

  constructor(
    timers: ActorTimers,
    key: string,
    handler: OperationHandler,
    payload: unknown,
    periodMs: number,
  ) {
    this.#timers = timers;
    this.key = key;
    this.handler = handler;
    this.payload = payload;
    this.periodMs = periodMs;
  }

  expire(): void {
    this.#timers.fired(this);
  }

  isPast(): boolean {
    return false;
  }

  redirect(): void {}

  resolve(): void {
    this.queued = false;
    this.#timers.handled(this);
  }

  reject(): void {
    this.resolve();
  }
}

/** Implements {@link Timers} for a cell. */
export class ActorTimers {
  readonly #cell: Cell;
  readonly #timers = new Map<string, KeyedTimer>();
  #areOver: boolean = false;

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  after(key: string, delay: Duration, operation: string, payload?: unknown): void {
    this.#set(key, delay, operation, payload, 0);
  }

  every(key: string, period: Duration, operation: string, payload?: unknown): void {
    const periodMs = durationMs(period);
    if (periodMs < 1) throw new RangeError(`a period must be 1 ms or more: ${String(period)}`);
    this.#set(key, periodMs, operation, payload, periodMs);
  }

  cancel(key: string): void {
    if (this.#areOver) this.#cell.kernel.fenced++;
    else this.#cancel(key);
  }

  #cancel(key: string): void {
    const timer = this.#timers.get(key);
    if (timer === undefined) return;
    timer.settled = true;
    this.#timers.delete(key);
    this.#cell.kernel.wheel.remove(timer);
  }

  /** The generation ends. */
  end(): void {
    for (const key of [...this.#timers.keys()]) this.#cancel(key);
    this.#areOver = true;
  }

  /** As the typed interface that handlers see. */
  asTimers(): Timers<Operations> {
    return this as unknown as Timers<Operations>;
  }

  fired(timer: KeyedTimer): void {
    const { kernel } = this.#cell;
    if (timer.periodMs > 0) {
      const nowMs = kernel.nowMs();
      // A late wake must not be followed by a burst: instants that have passed are skipped.
      const missed = Math.floor((nowMs - timer.dueMs) / timer.periodMs);
      kernel.wheel.add(timer, timer.dueMs, (missed + 1) * timer.periodMs);
    }
    if (timer.queued) return;
    timer.queued = true;
    timer.span = kernel.spanUnder(undefined);
    acceptOwn(this.#cell, new Message(timer.handler, timer.payload, this.#cell, timer));
  }

  handled(timer: KeyedTimer): void {
    if (
      timer.periodMs === 0 &&
      this.#timers.get(timer.key) === timer &&
      timer.after === undefined
    ) {
      this.#timers.delete(timer.key);
    }
  }

  #set(key: string, delay: Duration, operation: string, payload: unknown, periodMs: number): void {
    if (this.#areOver) {
      this.#cell.kernel.fenced++;
      throw generationEnded();
    }
    const delayMs = durationMs(delay);
    const handler = this.#cell.behavior.find(operation);
    if (handler === undefined || handler.kind !== "tell") {
      throw new TypeError(`a timer tells; not a tell of this actor: ${operation}`);
    }
    this.#cancel(key);
    const timer = new KeyedTimer(this, key, handler, payload, periodMs);
    this.#timers.set(key, timer);
    const { kernel } = this.#cell;
    kernel.wheel.add(timer, kernel.nowMs(), delayMs);
  }
}
