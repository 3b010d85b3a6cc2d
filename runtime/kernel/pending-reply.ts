/**
 * An answer that somebody waits for.
 *
 * Owns: the promise, its deadline on the wheel, and telling the callee when the asker gave up. Which
 * correlation belongs to which remote ask is `remote-calls.ts`.
 *
 * A1: it settles once; whatever comes later is ignored. A2: by its deadline and the wheel's firing.
 * A4: once settled nothing holds it: no timer, no listener, no count.
 *
 * Cost: one object and one promise per ask; no closure, no timer.
 */
import type { Cancel, Clock } from "../ports/clock.ts";
import type { Scheduler } from "../ports/scheduler.ts";
import { addAbortListener, removeAbortListener } from "./abort-listeners.ts";
import { cancelled, timedOut } from "./ask-error.ts";
import type { Callee, Message, ReplyTo } from "./message.ts";
import type { Span } from "./span.ts";
import type { Timed, TimerWheel } from "./timer-wheel.ts";

/** How many answers are awaited, and offers; keeps the process alive meanwhile. */
export class PendingReplies {
  readonly wheel: TimerWheel;
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  #count = 0;
  #release: Cancel | undefined;
  #checking: boolean = false;

  constructor(wheel: TimerWheel, world: { readonly clock: Clock; readonly scheduler: Scheduler }) {
    this.wheel = wheel;
    this.#clock = world.clock;
    this.#scheduler = world.scheduler;
  }

  /** The monotonic clock. */
  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** How many are awaited now. */
  get count(): number {
    return this.#count;
  }

  opened(): void {
    this.#count++;
    if (this.#release === undefined) this.#release = this.#clock.keepAlive?.() ?? noRelease;
  }

  closed(): void {
    this.#count--;
    if (this.#count > 0 || this.#release === undefined || this.#checking) return;
    // Programs tend to ask again at once: let go only when a turn ends without anything awaited.
    this.#checking = true;
    this.#scheduler.macrotask(this.#check);
  }

  readonly #check = (): void => {
    this.#checking = false;
    if (this.#count > 0) return;
    this.#release?.();
    this.#release = undefined;
  };
}

const unsettled = (): void => {};
const noRelease = (): void => {};

/** The asker's end of an ask. Its fields are plain: one is made per ask, and `#` fields are set twice. */
export class PendingReply implements ReplyTo, Timed {
  dueMs = 0;
  before: Timed | undefined = undefined;
  after: Timed | undefined = undefined;
  settled: boolean = false;
  readonly promise: Promise<unknown>;
  readonly cause: Message | undefined;
  readonly span: Span | undefined;
  private readonly replies: PendingReplies;
  private readonly type: string;
  private callee: Callee;
  private readonly signal: AbortSignal | undefined;
  private settle: (value: unknown) => void = unsettled;
  private fail: (error: unknown) => void = unsettled;

  constructor(
    replies: PendingReplies,
    type: string,
    callee: Callee,
    cause: Message | undefined,
    signal: AbortSignal | undefined,
    span: Span | undefined,
  ) {
    this.replies = replies;
    this.type = type;
    this.callee = callee;
    this.cause = cause;
    this.span = span;
    this.signal = signal;
    // Engines inline this closure away; what it stores goes into an object as young as they are.
    this.promise = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.fail = reject;
    });
  }

  get kind(): "ask" {
    return "ask";
  }

  get chain(): undefined {
    return undefined;
  }

  /** Starts the wait. */
  open(nowMs: number, timeoutMs: number): void {
    this.replies.opened();
    this.replies.wheel.add(this, nowMs, timeoutMs);
    if (this.signal !== undefined) addAbortListener(this.signal, this);
  }

  /** Starts the wait without reading the clock: it is as long from the turn that follows. */
  openSoon(timeoutMs: number): void {
    this.replies.opened();
    this.replies.wheel.note(this, timeoutMs);
    if (this.signal !== undefined) addAbortListener(this.signal, this);
  }

  get deadlineMs(): number {
    if (this.dueMs < 0) this.replies.wheel.stamp(this.replies.nowMs());
    return this.dueMs;
  }

  isPast(nowMs: number): boolean {
    return this.dueMs > 0 && nowMs > this.dueMs;
  }

  redirect(callee: Callee): void {
    this.callee = callee;
  }

  resolve(value: unknown): void {
    if (this.settled) return;
    this.close();
    this.settle(value);
  }

  reject(error: unknown): void {
    if (this.settled) return;
    this.close();
    this.fail(error);
  }

  expire(): void {
    if (this.settled) return;
    this.close();
    const neverRan = this.callee.cancel(this);
    this.fail(timedOut(this.type, this.callee.address, neverRan));
  }

  /** The asker's signal aborted. */
  handleEvent(): void {
    if (this.settled) return;
    this.close();
    const neverRan = this.callee.cancel(this);
    this.fail(cancelled(this.type, this.callee.address, neverRan));
  }

  private close(): void {
    this.settled = true;
    this.replies.wheel.remove(this);
    this.replies.closed();
    if (this.signal !== undefined) removeAbortListener(this.signal, this);
  }
}
