/**
 * What the code of a worker or a knowledge source may use while it works on one thing.
 *
 * Owns: binding an actor's means to the signal of the work, so that all ends when the work is called
 * off.
 */

import type { Log } from "../runtime/log.ts";
import type { Model } from "../runtime/model.ts";
import type { Clock } from "../runtime/ports/clock.ts";

/** The means at hand. */
export interface Work {
  /** Aborts when the result is not wanted any more. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
  /** A model by name, `auto` for the default one; its calls end with the work. */
  model(name: string): Model;
}

/** What of an actor's context is lent to its work. */
export interface Lender {
  readonly clock: Clock;
  readonly log: Log;
  model(name: string): Model;
}

/** The means of one piece of work. */
export function workOf(lender: Lender, signal: AbortSignal): Work {
  return {
    signal,
    clock: lender.clock,
    log: lender.log,
    model: (name) => {
      const model = lender.model(name);
      return {
        identity: model.identity,
        generate: (request) => {
          const own = request.signal;
          const both = own === undefined ? signal : AbortSignal.any([signal, own]);
          return model.generate({ ...request, signal: both });
        },
      };
    },
  };
}
