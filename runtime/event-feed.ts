/**
 * The event feed of one node: numbers what happened and hands it to whoever watches.
 *
 * Owns: the envelope of events (`v`, `node`, `seq`, `atMs`). What happened is said where it happens.
 *
 * I1: `seq` grows by one per event, so that a reader sees gaps.
 * I2: with no subscriber nothing is built, and `watched` says so beforehand.
 * I3: a subscriber that throws is dropped; the feed and its other subscribers go on.
 */

import type { EventSink, Happening, TroupeEvent } from "./event.ts";
import type { Cancel, Clock } from "./ports/clock.ts";

/** A feed with subscribers. */
export class EventFeed implements EventSink {
  readonly #node: string;
  readonly #clock: Clock;
  readonly #subscribers = new Map<(event: TroupeEvent) => void, number>();
  #seq = 0;

  constructor(node: string, clock: Clock) {
    this.#node = node;
    this.#clock = clock;
  }

  /** Plain fields, not getters: every message sent looks here. */
  watched: boolean = false;
  every = 1;

  /** Numbers what happened and hands it to every subscriber, in the caller's turn. */
  emit(happening: Happening): void {
    if (this.#subscribers.size === 0) return;
    const event: TroupeEvent = {
      v: 1,
      node: this.#node,
      seq: ++this.#seq,
      atMs: this.#clock.nowMs(),
      ...happening,
    };
    for (const subscriber of this.#subscribers.keys()) {
      try {
        subscriber(event);
      } catch {
        this.#drop(subscriber);
      }
    }
  }

  /**
   * Calls `subscriber` with every event from now on.
   *
   * @param options - `every`: that one message in so many is enough, on average; what such a message brings
   *   about is told too, up to 1,000 messages ahead of that average. 1 or more, default 1. All hear what
   *   the most curious subscriber asked for.
   * @throws {RangeError} when `every` is no whole number from 1
   */
  subscribe(
    subscriber: (event: TroupeEvent) => void,
    { every = 1 }: { readonly every?: number } = {},
  ): Cancel {
    if (!Number.isInteger(every) || every < 1) {
      throw new RangeError(`every must be a whole number from 1: ${every}`);
    }
    this.#subscribers.set(subscriber, every);
    this.#look();
    return () => this.#drop(subscriber);
  }

  #drop(subscriber: (event: TroupeEvent) => void): void {
    this.#subscribers.delete(subscriber);
    this.#look();
  }

  #look(): void {
    this.watched = this.#subscribers.size > 0;
    this.every = this.watched ? Math.min(...this.#subscribers.values()) : 1;
  }
}
