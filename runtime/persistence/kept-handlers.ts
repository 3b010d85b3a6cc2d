/**
 * Handlers whose effect on the state is durable before anybody learns of it.
 *
 * Owns: when that is asked for. What it takes is the keeper's business (`durable-state.ts`,
 * `event-sourced.ts`).
 *
 * H1: what a handler answers, yields or refuses leaves after its state was kept.
 * H2: a handler that throws has changed nothing: its state is undone. What it had sent is not.
 * H3: a handler that changed nothing costs no more than being asked.
 */
import { Refusal } from "../kernel/ask-error.ts";
import type { AnyContext, AnyDefinition } from "../kernel/behavior.ts";
import { isThenable, promiseOf } from "../kernel/thenable.ts";

/** Keeps the state of one generation of one actor. */
export interface Keeper {
  /** What handlers are given. */
  readonly ctx: AnyContext;
  /** Makes what changed durable; `undefined` = nothing has changed. */
  keep(): Promise<void> | undefined;
  /** Puts the state back to what was kept last. */
  undo(): void;
}

type Run = (ctx: AnyContext, payload: unknown) => unknown;
type KeeperOf = (ctx: AnyContext) => Keeper;

/**
 * A definition with their keeper around its handlers and hooks.
 *
 * @param keepers - has the keeper of a context; throws when its generation is gone
 */
export function keptDefinition<D extends object>(
  definition: D,
  keepers: { of(ctx: AnyContext): Keeper },
): D {
  const keeperOf: KeeperOf = (ctx) => keepers.of(ctx);
  return { ...definition, ...keptParts(definition as unknown as AnyDefinition, keeperOf) };
}

function keptParts(
  definition: AnyDefinition,
  keeperOf: KeeperOf,
): Pick<AnyDefinition, "handlers" | "hooks"> {
  const around = (run: Run): Run => kept(run, keeperOf);
  const handlers: Record<string, AnyDefinition["handlers"][string]> = {};
  for (const [operation, run] of Object.entries(definition.handlers)) {
    const isStream = definition.protocol.operations[operation]?.kind === "stream";
    handlers[operation] = isStream ? keptStream(run, keeperOf) : around(run);
  }
  const { terminated, stopping } = definition.hooks;
  const ending = stopping === undefined ? undefined : around(stopping as Run);
  return {
    handlers,
    hooks: {
      ...(terminated === undefined ? {} : { terminated: around(terminated as Run) }),
      ...(ending === undefined ? {} : { stopping: (ctx) => ending(ctx, undefined) }),
    },
  };
}

function kept(run: Run, keeperOf: KeeperOf): Run {
  return (ctx, payload) => {
    let result: unknown;
    try {
      result = run(keeperOf(ctx).ctx, payload);
    } catch (error) {
      return thrown(ctx, keeperOf, error);
    }
    if (isThenable(result)) return later(ctx, keeperOf, result);
    const keeping = keep(ctx, keeperOf);
    return keeping === undefined ? result : keeping.then(() => result);
  };
}

async function later(
  ctx: AnyContext,
  keeperOf: KeeperOf,
  result: PromiseLike<unknown>,
): Promise<unknown> {
  let value: unknown;
  try {
    value = await promiseOf(result);
  } catch (error) {
    return thrown(ctx, keeperOf, error);
  }
  await keep(ctx, keeperOf);
  return value;
}

/** The handler threw: a refusal is an answer, everything else undoes what it did. */
function thrown(ctx: AnyContext, keeperOf: KeeperOf, error: unknown): Promise<never> {
  if (!(error instanceof Refusal)) {
    keeperOf(ctx).undo();
    throw error;
  }
  const keeping = keep(ctx, keeperOf);
  if (keeping === undefined) throw error;
  return keeping.then(() => {
    throw error;
  });
}

/** Keeps, or undoes what cannot be kept. Asks for the keeper anew: the generation may be gone. */
function keep(ctx: AnyContext, keeperOf: KeeperOf): Promise<void> | undefined {
  const keeper = keeperOf(ctx);
  try {
    return keeper.keep()?.catch((error: unknown) => {
      keeper.undo();
      throw error;
    });
  } catch (error) {
    keeper.undo();
    throw error;
  }
}

function keptStream(run: Run, keeperOf: KeeperOf): Run {
  return async function* (ctx, payload) {
    const { ctx: seen } = keeperOf(ctx);
    const producing = run(seen, payload) as AsyncGenerator<unknown, unknown, undefined>;
    try {
      for (;;) {
        const step = await producing.next();
        await keep(ctx, keeperOf);
        if (step.done === true) return step.value;
        yield step.value;
      }
    } catch (error) {
      return await thrown(ctx, keeperOf, error);
    } finally {
      // Its consumer may have left: what its `finally` blocks change is kept too.
      await producing.return(undefined);
      await keep(ctx, keeperOf);
    }
  };
}
