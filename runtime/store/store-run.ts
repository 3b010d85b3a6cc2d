/**
 * One generation of a store actor: a store's transitions, applied by our handlers.
 *
 * Owns: the present snapshot, what becomes of effects and of what is sent late.
 *
 * R1: an event whose transition throws changes nothing.
 * R2: an event that an effect sends at once is handled at once, as in a store; one that it sends later
 *     is a message like any other.
 * R3: an effect's promise that rejects fails the actor by a message of its own.
 */
import type { AnyStore, EventObject } from "@xstate/store";
import type { ActorContext } from "../actor.ts";
import { isThenable } from "../kernel/thenable.ts";
import { plainParts } from "../plain-copy.ts";
import type { Operations } from "../protocol.ts";

/** Tells a store to fail of what an effect rejected with; its own business. */
export const FAIL = "troupe.fail";

/** The context of the actor whose behaviour the store is. */
export type RunContext = ActorContext<Operations, unknown, unknown>;

/** What a run tells its owner; types are erased. */
export interface RunListeners {
  readonly changed: ((context: unknown, ctx: RunContext) => unknown) | undefined;
  readonly emitted: ((event: unknown, ctx: RunContext) => unknown) | undefined;
}

interface Snapshot {
  readonly context: unknown;
}

type Effect = EventObject | ((enqueue: unknown) => unknown);

/** A store that runs. */
export class StoreRun {
  readonly #store: AnyStore;
  readonly #ctx: RunContext;
  readonly #listeners: RunListeners;
  #snapshot: Snapshot;
  /** What effects send meanwhile is handled at once. */
  #isHandling: boolean = false;
  readonly #rejections: unknown[] = [];
  #isOwed: boolean = false;
  readonly #enqueue: unknown;

  constructor(store: AnyStore, ctx: RunContext, listeners: RunListeners) {
    this.#store = store;
    this.#ctx = ctx;
    this.#listeners = listeners;
    this.#snapshot = store.getInitialSnapshot();
    const trigger = new Proxy(
      {},
      { get: (_, type) => (payload?: object) => this.#send({ ...payload, type: String(type) }) },
    );
    this.#enqueue = {
      trigger,
      send: (event: EventObject) => this.#send(event),
      getSnapshot: () => this.#snapshot,
    };
  }

  /** Handles an event. */
  receive(type: string, payload: unknown): void {
    if (payload !== undefined && (typeof payload !== "object" || Array.isArray(payload))) {
      this.#ctx.fail("not-an-event", payload);
    }
    this.#isHandling = true;
    try {
      this.#handle({ ...(payload as object | null | undefined), type });
    } finally {
      this.#isHandling = false;
    }
    if (this.#isOwed) this.#announce();
  }

  /** The context as plain data. */
  state(): unknown {
    return { context: plainParts(this.#snapshot.context) };
  }

  /** Fails of the oldest rejection, if there is one. */
  failNow(): void {
    if (this.#rejections.length > 0) throw this.#rejections.shift();
  }

  #handle(event: EventObject): void {
    const before = this.#snapshot;
    const [next, effects] = this.#store.transition(before as never, event as never);
    this.#snapshot = next;
    // Before the effects, whose events bring contexts that are newer.
    if (next.context !== before.context)
      this.#watch(this.#listeners.changed?.(next.context, this.#ctx));
    for (const effect of effects as readonly Effect[]) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    if (typeof effect === "function") this.#watch(effect(this.#enqueue));
    else this.#watch(this.#listeners.emitted?.(effect, this.#ctx));
  }

  #send(event: EventObject): void {
    if (this.#isHandling) {
      this.#handle(event);
      return;
    }
    const { type, ...payload } = event;
    this.#own.tell(type, Object.keys(payload).length > 0 ? payload : undefined);
  }

  /** Nobody awaits an effect; its promise must not reject unseen. */
  #watch(result: unknown): void {
    if (!isThenable(result)) return;
    result.then(undefined, (error: unknown) => {
      this.#rejections.push(error);
      this.#announce();
    });
  }

  /** Refused by a full mailbox, it is tried again after the next event. */
  #announce(): void {
    this.#isOwed = !this.#own.tell(FAIL, undefined);
  }

  get #own(): { tell(type: string, payload: unknown): boolean } {
    return this.#ctx.self as unknown as { tell(type: string, payload: unknown): boolean };
  }
}
