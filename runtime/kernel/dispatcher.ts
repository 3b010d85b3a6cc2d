/**
 * Gives ready actors their turns.
 *
 * Owns: who runs next and for how long. What a turn does is the cell's business.
 *
 * I1: a turn starts in a microtask.
 * I2: an actor handles at most 64 messages, then the next ready one has its turn: no actor starves
 *     another.
 * I3: all turns together take at most 5 ms, or 16,384 messages, before pending I/O and timers have
 *     their chance: no actors starve the process. Handlers are never interrupted: one that blocks
 *     longer delays everything, and is logged past 50 ms.
 * I4: actors become ready in the order of their first message.
 * I5: an actor whose awaited handler ended goes on at once when nobody else is ready and the stretch is
 *     not over; otherwise it queues up like any other.
 * I6: a scheduler that picks (tests have one) is asked before each message whose turn it is, and each
 *     message is a turn of its own.
 *
 * The clock is read after 1, 2, 4 … 64 messages of a turn, not after each: a slow handler is seen
 * soon, and fast ones do not pay for it. So of several actors that ran between two reads it is not
 * known which one took the time: all are named. Time in which the operating system ran somebody
 * else counts too; the clock cannot tell.
 *
 * Why 64 messages do not end the stretch: a trip to the macrotask queue costs as much as a hundred
 * messages, and what it protects, the latency of I/O, is a matter of time and not of messages. The
 * bound by number is for clocks that stand still.
 */
import type { Log } from "../log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Scheduler } from "../ports/scheduler.ts";
import { RingBuffer } from "./ring-buffer.ts";
import type { Sampling } from "./sampling.ts";
import type { TimerWheel } from "./timer-wheel.ts";

/** Something with messages to handle. */
export interface Runnable {
  /** Where it is, for the log. */
  readonly path: string;
  /** Handles up to `limit` messages and returns how many. */
  run(limit: number): number;
  /** Whether it wants another turn; when not, it will be scheduled again. */
  readonly isScheduled: boolean;
}

/** Of one actor in one turn. */
const MOST_MESSAGES = 64;
/** Of all actors between two chances for I/O. */
const MOST_MS = 5;
const MOST_IN_STRETCH = 16_384;
/** The most messages between two reads of the clock. */
const MOST_UNREAD = 64;
const SLOW_MS = 50;

/** The ready queue of a system. */
export class Dispatcher {
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #log: Log;
  readonly #wheel: TimerWheel;
  readonly #sampling: Sampling;
  #ready: RingBuffer<Runnable> = new RingBuffer<Runnable>();
  /** Those that are left when a stretch ends; their turn comes after pending I/O. */
  #later: RingBuffer<Runnable> = new RingBuffer<Runnable>();
  /** A turn is under way, or about to start: whoever becomes ready will be seen. */
  #isArmed: boolean = false;
  #macrotaskArmed: boolean = false;
  /** Somebody has a turn. */
  #isRunning: boolean = false;
  /** When this stretch between two rounds of I/O ends; `NaN` when none has begun. */
  #endMs = Number.NaN;
  /** There is a stretch, and it may go on; decided with each reading of the clock. */
  #isInStretch: boolean = false;
  /** Messages handled in this stretch before the clock was last read. */
  #handled = 0;
  #readMs = 0;
  #wallMs = 0;
  #wallReadMs = Number.NaN;
  /** How many messages are handled between two readings of the clock, and what is left of them. */
  #share = 1;
  #left = 1;
  /** Who ran since the clock was read, and how many messages, each where `#left` stood before. */
  readonly #ran: (Runnable | undefined)[] = new Array<Runnable | undefined>(MOST_UNREAD + 1).fill(
    undefined,
  );
  readonly #counts: Uint8Array = new Uint8Array(MOST_UNREAD + 1);

  readonly #onMicrotask = (): void => {
    try {
      this.#turn();
    } finally {
      this.#isArmed = false;
    }
    if (this.#ready.length > 0) this.#armMicrotask();
  };

  readonly #onMacrotask = (): void => {
    this.#macrotaskArmed = false;
    this.#endMs = Number.NaN;
    this.#isInStretch = false;
    this.#handled = 0;
    this.#sampling.passed(this.#share - this.#left);
    this.#left = this.#share;
    this.#wheel.hangNoted();
    // So that an actor that ended can be collected.
    this.#ran.fill(undefined);
    // Those that waited for this go before those that became ready since.
    moveAll(this.#ready, this.#later);
    this.#swap();
    if (this.#ready.length === 0) return;
    const wasArmed = this.#isArmed;
    this.#isArmed = true;
    try {
      this.#turn();
    } finally {
      this.#isArmed = wasArmed;
    }
    if (this.#ready.length > 0 && !wasArmed) this.#armMicrotask();
  };

  constructor(
    world: { readonly clock: Clock; readonly scheduler: Scheduler; readonly log: Log },
    wheel: TimerWheel,
    sampling: Sampling,
  ) {
    this.#clock = world.clock;
    this.#scheduler = world.scheduler;
    this.#log = world.log;
    this.#wheel = wheel;
    this.#sampling = sampling;
  }

  /** The monotonic clock as this turn last read it: at most 64 messages ago. */
  get readMs(): number {
    return this.#readMs;
  }

  /** The wall clock at that reading; read when somebody asks, once per reading. */
  get wallMs(): number {
    if (this.#wallReadMs !== this.#readMs || !this.#isRunning) {
      this.#wallMs = this.#clock.nowMs();
      this.#wallReadMs = this.#readMs;
    }
    return this.#wallMs;
  }

  /** Gives `runnable` a turn soon. The caller sees to it that it is queued once. */
  schedule(runnable: Runnable): void {
    this.#ready.push(runnable);
    if (!this.#isArmed) this.#armMicrotask();
  }

  /** Gives `runnable` a turn now, when that delays nobody (I5), or soon. */
  resume(runnable: Runnable): void {
    if (this.#ready.length > 0 || !this.#isInStretch || this.#scheduler.pick !== undefined) {
      this.schedule(runnable);
      return;
    }
    const wasArmed = this.#isArmed;
    this.#isArmed = true;
    this.#isRunning = true;
    this.#give(runnable);
    this.#isRunning = false;
    this.#isArmed = wasArmed;
    if (this.#ready.length === 0) this.#stampRest();
    else if (!wasArmed) this.#armMicrotask();
  }

  /** Gives turns until nobody is ready or the stretch is over. */
  #turn(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#readMs = nowMs;
    this.#wheel.stamp(nowMs);
    this.#handled += this.#share - this.#left;
    this.#sampling.passed(this.#share - this.#left);
    this.#share = 1;
    this.#left = 1;
    if (Number.isNaN(this.#endMs)) this.#endMs = nowMs + MOST_MS;
    this.#isInStretch = nowMs < this.#endMs && this.#handled < MOST_IN_STRETCH;
    if (!this.#macrotaskArmed) this.#armMacrotask();
    this.#isRunning = true;
    const { pick } = this.#scheduler;
    if (pick !== undefined) {
      this.#step(pick);
      this.#isRunning = false;
      this.#stampRest();
      return;
    }
    while (this.#isInStretch) {
      const runnable = this.#ready.shift();
      if (runnable === undefined) break;
      this.#give(runnable);
    }
    this.#isRunning = false;
    if (this.#ready.length > 0) this.#yield();
    this.#stampRest();
  }

  /** Calls that this turn made and that still wait: nothing else may read the clock for them. */
  #stampRest(): void {
    if (this.#wheel.hasUnstamped) this.#wheel.stamp(this.#clock.monotonicMs());
  }

  /** Gives one actor one message's time, whichever the scheduler picks (I6). */
  #step(pick: (ready: number) => number): void {
    if (this.#ready.length === 0) return;
    for (let i = pick(this.#ready.length); i > 0; i--) {
      this.#ready.push(this.#ready.shift() as Runnable);
    }
    const runnable = this.#ready.shift() as Runnable;
    const ran = runnable.run(1);
    if (!runnable.isScheduled) return;
    if (ran === 0) this.#later.push(runnable);
    else this.#ready.push(runnable);
  }

  /** One turn of one actor. */
  #give(runnable: Runnable): void {
    const room = this.#left;
    const ran = runnable.run(room);
    this.#left = room - ran;
    this.#ran[room] = runnable;
    this.#counts[room] = ran;
    if (ran === room) this.#read();
    if (runnable.isScheduled) this.#goOn(runnable, ran);
  }

  /** The rest of a turn that did not end by itself after `ran` messages. */
  #goOn(runnable: Runnable, ran: number): void {
    let left = MOST_MESSAGES - ran;
    let last = ran;
    while (left > 0 && last > 0 && this.#isInStretch) {
      const room = this.#left;
      last = runnable.run(Math.min(left, room));
      left -= last;
      this.#left = room - last;
      this.#ran[room] = runnable;
      this.#counts[room] = last;
      if (last === room) this.#read();
      if (!runnable.isScheduled) return;
    }
    // One that had something to do and did nothing must not keep the others from it.
    if (last === 0) this.#later.push(runnable);
    else this.#ready.push(runnable);
  }

  /** Reads the clock after some messages. */
  #read(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#readMs > SLOW_MS) this.#report(this.#share, nowMs - this.#readMs);
    this.#readMs = nowMs;
    this.#wheel.stamp(nowMs);
    this.#handled += this.#share;
    this.#sampling.passed(this.#share);
    this.#isInStretch = nowMs < this.#endMs && this.#handled < MOST_IN_STRETCH;
    if (this.#share < MOST_UNREAD) this.#share *= 2;
    this.#left = this.#share;
  }

  /** Leaves the rest for after pending I/O. */
  #yield(): void {
    moveAll(this.#later, this.#ready);
    this.#swap();
  }

  /** Exchanges the queues: a million actors may be ready, and a stretch handles a few thousand. */
  #swap(): void {
    const ready = this.#ready;
    this.#ready = this.#later;
    this.#later = ready;
  }

  #armMicrotask(): void {
    this.#isArmed = true;
    this.#scheduler.microtask(this.#onMicrotask);
  }

  #armMacrotask(): void {
    this.#macrotaskArmed = true;
    this.#scheduler.macrotask(this.#onMacrotask);
  }

  #report(messages: number, spanMs: number): void {
    const paths = new Set<string>();
    for (let left = this.#share; left > 0; left -= this.#counts[left] || 1) {
      paths.add(this.#ran[left]?.path ?? "");
    }
    const elapsedMs = Math.round(spanMs);
    const [path] = paths;
    if (paths.size === 1) {
      this.#log.warn({ path, messages, elapsedMs }, "a handler blocked the event loop");
      return;
    }
    const fields = { paths: [...paths], messages, elapsedMs };
    this.#log.warn(fields, "handlers of these actors blocked the event loop");
  }
}

/** Appends all of one queue to another. */
function moveAll(from: RingBuffer<Runnable>, to: RingBuffer<Runnable>): void {
  for (let next = from.shift(); next !== undefined; next = from.shift()) to.push(next);
}
