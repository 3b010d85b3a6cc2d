/**
 * Messages that nobody will handle: counted, logged at a bounded rate, shown to listeners.
 *
 * Owns: the count; the one point where `message.dead-lettered` is emitted. How many lines are logged, and
 * how long they are, is `paced-log.ts`.
 *
 * I1: every message that was refused or dropped on this node is counted once.
 * I2: at most ten lines are logged per ten seconds.
 * I3: what a listener sends in vain while it is called is counted and logged, but shown to no listener:
 *     a listener that tells a full actor would be called for ever.
 */

import type { DeadLetter } from "../dead-letter.ts";
import type { EventSink } from "../event.ts";
import type { Log } from "../log.ts";
import { PacedLog } from "../paced-log.ts";
import type { Cancel, Clock } from "../ports/clock.ts";

/** The dead letters of a system. */
export class DeadLetters {
  readonly #lines: PacedLog;
  readonly #events: EventSink;
  readonly #listeners = new Set<(letter: DeadLetter) => void>();
  #count = 0;
  /** Listeners are being called. */
  #isReporting: boolean = false;

  constructor(world: { readonly clock: Clock; readonly log: Log; readonly events: EventSink }) {
    this.#lines = new PacedLog(world.log, world.clock);
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
    const { from, to, type, reason } = letter;
    this.#lines.warn({ to, from, type, reason }, "dead letter");
    if (this.#isReporting) return;
    this.#isReporting = true;
    if (this.#events.watched)
      this.#events.emit({ type: "message.dead-lettered", from, to, message: type, reason });
    for (const listener of this.#listeners) {
      try {
        listener(letter);
      } catch (error) {
        this.#lines.error({ err: error }, "a dead-letter listener threw");
      }
    }
    this.#isReporting = false;
  }

  listen(listener: (letter: DeadLetter) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
