/**
 * Events that promises and callbacks bring back to their actor.
 *
 * Owns: getting them into the actor's own turn. A callback must not touch an actor's state: it pushes
 * an event here, one message wakes the actor, and its handler takes all that came.
 *
 * IN1: as long as events wait, a wake-up was accepted or the next push tries again; an owner that
 *      wakes itself by a timer too misses nothing even when its mailbox was full.
 * IN2: it holds no more events than its owner has promises and callbacks under way.
 */
export class Inbox<E> {
  readonly #wake: () => boolean;
  #events: E[] = [];
  #woken: boolean = false;
  readonly #waiting: (() => void)[] = [];

  /** @param wake - tells the actor to take what came; `false` when the message was refused */
  constructor(wake: () => boolean) {
    this.#wake = wake;
  }

  /** Adds an event and wakes the owner. */
  push(event: E): void {
    this.#events.push(event);
    if (!this.#woken) this.#woken = this.#wake();
    for (const arrived of this.#waiting.splice(0)) arrived();
  }

  /** All that came since the last time, oldest first. */
  takeAll(): readonly E[] {
    this.#woken = false;
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** Resolves when an event waits; for a handler that goes on only after one. */
  arrived(): Promise<void> {
    if (this.#events.length > 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
