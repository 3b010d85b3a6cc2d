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

/** Something with messages to handle. */
export interface Runnable {
  /** Where it is, for the log. */
  readonly path: string;
  /** Handles up to `limit` messages and returns how many. */
  run(limit: number): number;
  /** Whether it wants another turn; when not, it will be scheduled again. */
  parked(): boolean;
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
  readonly #ready = new RingBuffer<Runnable>();
  /** Those that are left when a stretch ends; their turn comes after pending I/O. */
  readonly #later = new RingBuffer<Runnable>();
  #microtaskArmed: boolean = false;
  #macrotaskArmed: boolean = false;
  /** When this stretch between two rounds of I/O began; `NaN` when none has. */
  #sinceMs = Number.NaN;
  /** Messages handled in this stretch. */
  #handled = 0;
  #readMs = 0;
  /** Who ran since the clock was read. */
  readonly #unread: (Runnable | undefined)[] = new Array<Runnable | undefined>(MOST_UNREAD).fill(
    undefined,
  );
  #unreadCount = 0;

  readonly #onMicrotask = (): void => {
    this.#microtaskArmed = false;
    this.#turn();
  };

  readonly #onMacrotask = (): void => {
    this.#macrotaskArmed = false;
    this.#sinceMs = Number.NaN;
    this.#handled = 0;
    // So that an actor that ended can be collected.
    this.#unread.fill(undefined);
    for (let i = this.#later.length; i > 0; i--) this.#ready.push(this.#later.shift() as Runnable);
    if (this.#ready.length > 0) this.#turn();
  };

  constructor(world: {
    readonly clock: Clock;
    readonly scheduler: Scheduler;
    readonly log: Log;
  }) {
    this.#clock = world.clock;
    this.#scheduler = world.scheduler;
    this.#log = world.log;
  }

  /** The monotonic clock as this turn last read it: at most 64 messages ago. */
  get readMs(): number {
    return this.#readMs;
  }

  /** Gives `runnable` a turn soon. The caller sees to it that it is queued once. */
  schedule(runnable: Runnable): void {
    this.#ready.push(runnable);
    if (this.#microtaskArmed) return;
    this.#microtaskArmed = true;
    this.#scheduler.microtask(this.#onMicrotask);
  }

  /** Gives turns until nobody is ready or the stretch is over. */
  #turn(): void {
    this.#readMs = this.#clock.monotonicMs();
    this.#unreadCount = 0;
    if (Number.isNaN(this.#sinceMs)) this.#sinceMs = this.#readMs;
    this.#armMacrotask();
    const endMs = this.#sinceMs + MOST_MS;
    let share = 1;
    let unread = 0;
    while (this.#readMs < endMs && this.#handled < MOST_IN_STRETCH) {
      const runnable = this.#ready.shift();
      if (runnable === undefined) return;
      let left = MOST_MESSAGES;
      for (;;) {
        this.#note(runnable);
        const ran = runnable.run(Math.min(left, share - unread));
        left -= ran;
        unread += ran;
        this.#handled += ran;
        if (unread >= share) {
          this.#read(unread);
          unread = 0;
          share = Math.min(share * 2, MOST_UNREAD);
        }
        if (runnable.parked()) break;
        if (left > 0 && ran > 0 && this.#readMs < endMs) continue;
        // One that had something to do and did nothing must not keep the others from it.
        if (ran === 0) this.#later.push(runnable);
        else this.#ready.push(runnable);
        break;
      }
    }
    this.#yield();
  }

  #note(runnable: Runnable): void {
    const count = this.#unreadCount;
    if (count === MOST_UNREAD || (count > 0 && this.#unread[count - 1] === runnable)) return;
    this.#unread[count] = runnable;
    this.#unreadCount = count + 1;
  }

  /** Reads the clock after `messages` messages. */
  #read(messages: number): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#readMs > SLOW_MS) this.#report(messages, nowMs - this.#readMs);
    this.#readMs = nowMs;
    this.#unreadCount = 0;
  }

  /** Leaves the rest for after pending I/O. */
  #yield(): void {
    for (let next = this.#ready.shift(); next !== undefined; next = this.#ready.shift()) {
      this.#later.push(next);
    }
  }

  #armMacrotask(): void {
    if (this.#macrotaskArmed) return;
    this.#macrotaskArmed = true;
    this.#scheduler.macrotask(this.#onMacrotask);
  }

  #report(messages: number, spanMs: number): void {
    const paths = new Set(this.#unread.slice(0, this.#unreadCount).map((ran) => ran?.path ?? ""));
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
