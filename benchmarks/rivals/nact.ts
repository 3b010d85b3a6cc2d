/**
 * nact 7: functional actors with a mailbox each, one message at a time.
 *
 * Every message waits for a turn of `setImmediate`; a query has a time-out.
 */
import type { Setting } from "../benchmark.ts";
import { type RivalActor, type RivalHandlers, type RivalMessage, rivalModule } from "./rival.ts";

declare const reference: unique symbol;

/** A reference of nact's. */
export interface NactRef {
  readonly [reference]: true;
}

/** What a nact actor sees beside its state and message. */
export interface NactContext {
  readonly self: NactRef;
  readonly parent: NactRef;
  readonly sender: NactRef;
}

/** What the benchmarks use of nact. */
export interface Nact {
  start(): NactRef;
  spawn<S, M>(
    parent: NactRef,
    receive: (state: S, message: M, ctx: NactContext) => S | Promise<S>,
    name?: string,
    options?: { readonly initialStateFunc?: () => S; readonly afterStop?: () => void },
  ): NactRef;
  dispatch(to: NactRef, message: unknown, sender?: NactRef): void;
  query(to: NactRef, message: unknown, timeoutMs: number): Promise<unknown>;
  stop(actor: NactRef): void;
}

const TIMEOUT_MS = 5_000;

/** nact's module. */
export function nactModule(setting: Setting): Nact {
  return rivalModule<Nact>("nact", setting);
}

/**
 * Spawns below `parent`; a name drawn twice is drawn again.
 *
 * nact draws unnamed actors' names from 32 bits, which among 100,000 siblings collide about once.
 */
export function spawnUnnamed<S, M>(
  nact: Nact,
  parent: NactRef,
  receive: (state: S, message: M, ctx: NactContext) => S,
  initial: () => S,
): NactRef {
  for (;;) {
    try {
      return nact.spawn(parent, receive, undefined, { initialStateFunc: initial });
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes("already exists")) throw error;
    }
  }
}

/** Starts nact. */
export function startNact(setting: Setting): {
  spawn(handlers: RivalHandlers): RivalActor;
  stop(): void;
} {
  const nact = nactModule(setting);
  const system = nact.start();
  return {
    spawn: (handlers) => {
      const ref = nact.spawn(system, (state: undefined, message: RivalMessage, ctx) => {
        const answer = handlers[message.type]?.(message);
        // A promise of the next state makes nact wait before it handles the next message.
        if (answer instanceof Promise) return answer.then(() => state);
        if (answer !== undefined) nact.dispatch(ctx.sender, answer);
        return state;
      });
      return {
        tell: (message) => nact.dispatch(ref, message),
        ask: (message) => nact.query(ref, message, TIMEOUT_MS),
      };
    },
    stop: () => nact.stop(system),
  };
}
