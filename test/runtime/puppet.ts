/** An actor that does what a test tells it, so that a test reads as one story. */
import {
  type ActorContext,
  type ActorDefinition,
  type ActorOptions,
  type Ask,
  actor,
  ask,
  type Hooks,
  type Protocol,
  protocol,
  type Stream,
  stream,
  type Tell,
  tell,
} from "../../runtime/index.ts";

/** What a handler sees. The state is what the test makes of it. */
export type PuppetContext = ActorContext<PuppetOperations, { count: number }, undefined>;
/** What a handler does; a promise is awaited. */
export type Act<R = unknown> = (ctx: PuppetContext) => R;
export type PuppetOperations = {
  /** Writes a line into the log. */
  readonly note: Tell<string>;
  readonly act: Tell<Act>;
  readonly get: Ask<Act, unknown>;
  /** The same as `get`, under a name that may interleave. */
  readonly peek: Ask<Act, unknown>;
  readonly flow: Stream<Act<AsyncGenerator<number, string>>, number, string>;
};

export const Puppet: Protocol<PuppetOperations> = protocol("puppet@1", {
  note: tell<string>(),
  act: tell<Act>(),
  get: ask<Act, unknown>(),
  peek: ask<Act, unknown>(),
  flow: stream<Act<AsyncGenerator<number, string>>, number, string>(),
});

/** A puppet that writes its starts (`init`) and notes into `log`. */
export function puppet(
  log: string[] = [],
  {
    init = () => {},
    ...options
  }: ActorOptions &
    Hooks<PuppetOperations, { count: number }, undefined> & {
      /** Runs at each start, before anything else; the state is not there yet. */
      readonly init?: (ctx: ActorContext<PuppetOperations, never, undefined>) => unknown;
    } = {},
): ActorDefinition<PuppetOperations, undefined> {
  const begin = (_input: undefined, ctx: ActorContext<PuppetOperations, never, undefined>) => {
    log.push("init");
    const started = init(ctx);
    if (!(started instanceof Promise)) return { count: 0 };
    return started.then(() => ({ count: 0 }));
  };
  return actor(
    Puppet,
    begin,
    {
      note: (_ctx, line) => {
        log.push(line);
      },
      act: (ctx, act) => act(ctx) as undefined,
      get: (ctx, act) => act(ctx),
      peek: (ctx, act) => act(ctx),
      async *flow(ctx, act) {
        return yield* act(ctx);
      },
    },
    options,
  );
}

/** A handler that throws. */
export const boom: Act = () => {
  throw new Error("boom");
};

/** A handler that ends when its signal aborts. */
export const untilAborted: Act<Promise<void>> = (ctx) =>
  new Promise((resolve) => {
    ctx.signal.addEventListener("abort", () => resolve());
  });

/** A handler that never ends, whatever its signal says. */
export const forEver: Act<Promise<never>> = () => new Promise(() => {});
