/**
 * moleculer 0.15: services with actions, called within one broker. No mailbox: calls of one service
 * run concurrently.
 *
 * A tell is a call whose answer nobody awaits. It runs the handler at once, inside the sender's: a
 * long chain would overflow the stack, so every 64th starts from a microtask. Calls have no time-out
 * unless `timeoutMs` is given.
 */
import type { Setting } from "../benchmark.ts";
import { type RivalActor, type RivalHandlers, type RivalMessage, rivalModule } from "./rival.ts";

/** A broker, as far as it is used here. */
export interface Broker {
  createService(schema: unknown): unknown;
  start(): Promise<void>;
  stop(): Promise<void>;
  waitForServices(names: readonly string[], timeoutMs: number, everyMs: number): Promise<unknown>;
  call(action: string, params: unknown, options?: unknown): Promise<unknown>;
}

/** The package. */
export interface Moleculer {
  readonly ServiceBroker: new (options: unknown) => Broker;
}

/** Calls within calls before the stack is left. */
const NESTED = 64;

const START_MS = 10_000;
const LOOK_MS = 1;

/** Starts moleculer. */
export async function startMoleculer(
  setting: Setting,
  { timeoutMs }: { readonly timeoutMs?: number } = {},
): Promise<{
  spawn(handlers: RivalHandlers): Promise<RivalActor>;
  stop(): Promise<void>;
}> {
  const { ServiceBroker } = rivalModule<Moleculer>("moleculer", setting);
  const broker = new ServiceBroker({ logger: false });
  await broker.start();
  const options = timeoutMs === undefined ? undefined : { timeout: timeoutMs };
  let services = 0;
  let tells = 0;
  return {
    spawn: async (handlers) => {
      const name = `service${services++}`;
      const actions: Record<string, unknown> = {};
      const calls: Record<string, string> = {};
      for (const [type, handle] of Object.entries(handlers)) {
        actions[type] = (ctx: { readonly params: RivalMessage }) => handle(ctx.params);
        calls[type] = `${name}.${type}`;
      }
      broker.createService({ name, actions });
      await broker.waitForServices([name], START_MS, LOOK_MS);
      return {
        tell: (message) => {
          const action = calls[message.type] ?? "";
          if (++tells % NESTED > 0) void broker.call(action, message);
          else queueMicrotask(() => void broker.call(action, message));
        },
        ask: (message) => broker.call(calls[message.type] ?? "", message, options),
      };
    },
    stop: () => broker.stop(),
  };
}
