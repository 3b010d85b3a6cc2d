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
  readonly #subscribers = new Set<(event: TroupeEvent) => void>();
  #seq = 0;

  constructor(node: string, clock: Clock) {
    this.#node = node;
    this.#clock = clock;
  }

  get watched(): boolean {
    return this.#subscribers.size > 0;
  }

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
    for (const subscriber of this.#subscribers) {
      try {
        subscriber(event);
      } catch {
        this.#subscribers.delete(subscriber);
      }
    }
  }

  /** Calls `subscriber` with every event from now on. */
  subscribe(subscriber: (event: TroupeEvent) => void): Cancel {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }
}
