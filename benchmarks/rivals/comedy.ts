/**
 * comedy 2: actors as objects, without a mailbox: handlers of one actor run concurrently.
 *
 * A send is a promise or two of bluebird's; an ask has no time-out of its own.
 */
import type { Setting } from "../benchmark.ts";
import { type RivalActor, type RivalHandlers, rivalModule } from "./rival.ts";

interface ComedyActor {
  createChild(definition: unknown, config?: unknown): Promise<ComedyActor>;
  send(topic: string, message: unknown): unknown;
  sendAndReceive(topic: string, message: unknown): Promise<unknown>;
}

interface ComedySystem {
  rootActor(): Promise<ComedyActor>;
  destroy(): Promise<void>;
}

interface Comedy {
  createSystem(options: unknown): ComedySystem;
}

const silent = {
  debug: (): void => {},
  info: (): void => {},
  warn: (): void => {},
  error: (): void => {},
};

/** Starts comedy. */
export async function startComedy(setting: Setting): Promise<{
  spawn(handlers: RivalHandlers): Promise<RivalActor>;
  stop(): Promise<void>;
}> {
  const { createSystem } = rivalModule<Comedy>("comedy", setting);
  const system = createSystem({ log: silent, test: true });
  const root = await system.rootActor();
  return {
    spawn: async (handlers) => {
      const actor = await root.createChild({ ...handlers }, { mode: "in-memory" });
      return {
        tell: (message) => {
          actor.send(message.type, message);
        },
        ask: (message) => actor.sendAndReceive(message.type, message),
      };
    },
    stop: () => system.destroy(),
  };
}
