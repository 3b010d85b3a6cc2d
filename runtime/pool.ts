/**
 * A pool: one address, one queue, several workers of one definition.
 *
 * Owns: starting the workers. Handing out is `kernel/pool-turn.ts`; the workers are supervised as the
 * children of any actor.
 *
 * S5: work is pulled: a message waits in the pool until a worker has room for it.
 */
import type { ActorDefinition, ActorOptions, Handlers, SpawnArgs, SpawnOptions } from "./actor.ts";
import type { Context } from "./kernel/context.ts";
import { LocalRef } from "./kernel/local-ref.ts";
import { Crew } from "./kernel/pool-turn.ts";
import type { Operations } from "./protocol.ts";

/** What a pool is made of; `mailbox` is the bound of its queue, `worker` the options of its workers. */
export interface PoolOptions
  extends Pick<
    ActorOptions,
    "restart" | "mailbox" | "strategy" | "intensity" | "decide" | "shutdown"
  > {
  /** How many workers; 1 to 10,000. */
  readonly size: number;
  /** Options of each worker; its `concurrency` is how many messages it takes at a time. */
  readonly worker?: Omit<SpawnOptions, "name" | "significant">;
}

const MOST_WORKERS = 10_000;

/**
 * Defines a pool of workers that speaks their protocol: refs, asks and streams work as with one of them.
 * Messages of one sender are handed out in order, but workers run side by side.
 *
 * @throws {RangeError} unless `size` is a whole number from 1 to 10,000
 *
 * @example
 * const readers = pool(reader, { size: 4, mailbox: { capacity: 10_000 } });
 * const ref = system.spawn(readers, { name: "readers" });
 */
export function pool<O extends Operations, I>(
  worker: ActorDefinition<O, I>,
  options: PoolOptions,
): ActorDefinition<O, I> {
  const { size, worker: workerOptions, ...own } = options;
  if (!Number.isInteger(size) || size < 1 || size > MOST_WORKERS) {
    throw new RangeError(`size must be a whole number from 1 to ${MOST_WORKERS}: ${size}`);
  }
  const { capability } = worker.options;
  const handlers = Object.fromEntries(
    Object.keys(worker.protocol.operations).map((operation) => [operation, neverRun]),
  );
  return {
    protocol: worker.protocol,
    init: async (input, ctx) => {
      const args = [{ ...workerOptions, input }] as unknown as SpawnArgs<I>;
      const refs = Array.from({ length: size }, () => ctx.spawn(worker, ...args));
      const { cell } = ctx as unknown as Context;
      cell.holdings.crew = new Crew(refs.flatMap((ref) => LocalRef.cellOf(ref) ?? []));
      for (const ref of refs) await ref.ready;
    },
    handlers: handlers as unknown as Handlers<O, never, I>,
    hooks: {},
    options: capability === undefined ? own : { ...own, capability },
    isPool: true,
  };
}

function neverRun(): never {
  throw new Error("a pool hands its messages on");
}
