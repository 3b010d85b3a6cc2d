/**
 * Which messages are told of, while somebody watches: one in so many, and what it brings about.
 *
 * Owns: the balance. It is drawn up whenever the dispatcher reads the clock, so that a message which is not
 * told of pays for one look at {@link Sampling.isOpen} and nothing else.
 *
 * M1: on average one message in `every` is told of. M2: what a message that is told of brings about is
 *     told of too, until the sample is {@link MOST_AHEAD} messages ahead. M3: where `every` is 1, all are.
 */
import type { EventSink } from "../event.ts";

/** By how many messages a sample may be ahead, for the sake of whole traces. */
const MOST_AHEAD = 1_000;
/** How many messages may be told of at once when none was for a while. */
const MOST_SAVED = 2;

/** The sample of one system. */
export class Sampling {
  readonly #events: EventSink;
  /** How many more messages may be told of; below 0 when whole traces took more than their share. */
  #balance = 1;
  /** A message that is sent now may be told of. */
  isOpen: boolean = true;

  constructor(events: EventSink) {
    this.#events = events;
  }

  /** So many messages were handled since the last reading of the clock. */
  passed(messages: number): void {
    const { every = 1 } = this.#events;
    if (every > 1) this.#balance = Math.min(MOST_SAVED, this.#balance + messages / every);
    this.settle();
  }

  /** Whether a message is told of; `isCaused` by one that is. */
  takes(isCaused: boolean): boolean {
    const { every = 1 } = this.#events;
    if (every === 1) return true;
    if (this.#balance < (isCaused ? -MOST_AHEAD : 1)) return false;
    this.#balance--;
    if (!isCaused) this.settle();
    return true;
  }

  /** No message that is told of is handled any more. */
  settle(): void {
    this.isOpen = (this.#events.every ?? 1) === 1 || this.#balance >= 1;
  }
}
