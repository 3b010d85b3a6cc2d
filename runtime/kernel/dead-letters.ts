/**
 * Messages that nobody will handle: counted, logged at a bounded rate, shown to listeners.
 *
 * Owns: the count and the log line; the one point where `message.dead-lettered` is emitted.
 *
 * I1: every message that was refused or dropped on this node is counted once.
 * I2: at most {@link LINES_PER_WINDOW} lines are logged per window of ten seconds; the first line of
 *     a later window says how many were left out.
 * I3: what a listener sends in vain while it is called is counted and logged, but shown to no listener:
 *     a listener that tells a full actor would be called for ever.
 */

import type { DeadLetter } from "../dead-letter.ts";
import type { EventSink } from "../event.ts";
import type { Log } from "../log.ts";
import type { Cancel, Clock } from "../ports/clock.ts";

const LINES_PER_WINDOW = 10;
const WINDOW_MS = 10_000;

/** The dead letters of a system. */
export class DeadLetters {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #events: EventSink;
  readonly #listeners = new Set<(letter: DeadLetter) => void>();
  #count = 0;
  #windowEndMs = -Infinity;
  #lines = 0;
  #leftOut = 0;
  /** Listeners are being called. */
  #isReporting: boolean = false;

  constructor(world: { readonly clock: Clock; readonly log: Log; readonly events: EventSink }) {
    this.#clock = world.clock;
    this.#log = world.log;
    this.#events = world.events;
  }

  /** How many so far. */
  get count(): number {
    return this.#count;
  }

  /** Counts and shows a letter. */
  add(letter: DeadLetter): void {
    this.#count++;
    this.report(letter);
  }

  /** Shows a letter that another node has counted. */
  report(letter: DeadLetter): void {
    this.#write(letter);
    if (this.#isReporting) return;
    this.#isReporting = true;
    if (this.#events.watched) {
      const { from, to, type, reason } = letter;
      this.#events.emit({ type: "message.dead-lettered", from, to, message: type, reason });
    }
    for (const listener of this.#listeners) {
      try {
        listener(letter);
      } catch (error) {
        this.#log.error({ err: error }, "a dead-letter listener threw");
      }
    }
    this.#isReporting = false;
  }

  listen(listener: (letter: DeadLetter) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #write(letter: DeadLetter): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#windowEndMs) {
      this.#windowEndMs = nowMs + WINDOW_MS;
      this.#lines = 0;
    }
    if (this.#lines >= LINES_PER_WINDOW) {
      this.#leftOut++;
      return;
    }
    this.#lines++;
    const { to, from, type, reason } = letter;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    this.#log.warn({ to, from, type, reason, ...(leftOut > 0 ? { leftOut } : {}) }, "dead letter");
  }
}
