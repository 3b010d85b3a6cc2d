/**
 * The keepers of a definition's actors, one for each generation.
 *
 * K1: a keeper is found by the context that its `init` was given. Where several handlers run at a time
 *     each has a context of its own, and a half-done state would be stored: such an actor is refused.
 * K2: what a generation that is gone does is not kept.
 */
import type { ActorOptions } from "../actor.ts";
import { generationEnded } from "../kernel/ask-error.ts";
import { Context } from "../kernel/context.ts";

/** Keepers by context; they go with their generation. */
export class Keepers<K extends object> {
  readonly #protocol: string;
  readonly #keepers = new WeakMap<object, K>();

  /** @throws {TypeError} when the options ask for several handlers at a time (K1) */
  constructor(protocol: string, { concurrency = 1, interleave = [] }: ActorOptions) {
    this.#protocol = protocol;
    if (concurrency > 1 || interleave.length > 0) throw this.#notSerial();
  }

  add(ctx: object, keeper: K): void {
    if (ctx instanceof Context && !ctx.cell.options.isSerial) throw this.#notSerial();
    this.#keepers.set(ctx, keeper);
  }

  /** @throws {TroupeError} `actor.stopped` when the generation has ended (K2) */
  of(ctx: object): K {
    if (ctx instanceof Context && !ctx.isCurrent) throw generationEnded();
    const keeper = this.#keepers.get(ctx);
    if (keeper === undefined) throw this.#notSerial();
    return keeper;
  }

  #notSerial(): TypeError {
    return new TypeError(
      `an actor of ${this.#protocol} keeps its state and must be serial: no concurrency, no interleave`,
    );
  }
}
